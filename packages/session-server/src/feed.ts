/** The event feed: a stream that says where the session stands on connecting, and again at each change. */
import type { Clock } from './clock.ts'
import type { WireObject } from './wire.ts'

/** What a feed sends: the object, the cursor that names this state of it, and whether there is nothing more to say; and until when it holds if nobody changes it. */
export interface Snapshot {
  readonly cursor: string
  readonly object: WireObject
  readonly last: boolean
  /** Epoch ms, or Infinity. */
  readonly until: number
}

/** What one feed is made of. */
export interface FeedSource {
  readonly snapshot: () => Promise<Snapshot>
  readonly subscribe: (listener: () => void) => () => void
  /** Aborts when the client has gone. */
  readonly signal: AbortSignal
  /** Called once, when the feed is over. */
  readonly onClose: () => void
}

/** Options of {@link createFeeds}. */
export interface FeedsOptions {
  readonly clock: Clock
  readonly heartbeatMs: number
  readonly retryMs: number
  readonly drainSpreadMs: number
  /** Below 1 and not below 0. */
  readonly random: () => number
  readonly onCount?: ((open: number) => void) | undefined
}

/** The feeds that are open in this process. */
export interface Feeds {
  open(source: FeedSource): Response
  readonly count: number
  /** Says goodbye on every feed, and to each when it should be back, and closes it. */
  drain(): void
}

/** A client that has not read this much is not reading: its feed is closed rather than kept in memory. */
const unreadBytes = 65_536

const headers = {
  'content-type': 'text/event-stream',
  'cache-control': 'no-store, no-transform',
  'x-accel-buffering': 'no',
}

/** Makes the feeds of one server. */
export function createFeeds({ clock, heartbeatMs, retryMs, drainSpreadMs, random, onCount }: FeedsOptions): Feeds {
  const closers = new Set<(farewell?: string) => void>()
  /** When to come back. Never the same for all: they would come at once when a node stops, or dies without a word. */
  const retry = (spreadMs: number) => `retry: ${retryMs + Math.floor(random() * spreadMs)}`

  function open({ snapshot, subscribe, signal, onClose }: FeedSource): Response {
    const text = new TextEncoder()
    let close: (farewell?: string) => void = () => {}
    const start = (controller: ReadableStreamDefaultController<Uint8Array>) => {
      let closed = false
      let cursor: string | undefined
      let until = Infinity
      let sending = Promise.resolve()
      const write = (lines: string) => controller.enqueue(text.encode(`${lines}\n\n`))

      close = (farewell) => {
        if (closed) return
        closed = true
        unsubscribe()
        stopBeating()
        signal.removeEventListener('abort', abort)
        closers.delete(close)
        onClose()
        onCount?.(closers.size)
        try {
          if (farewell !== undefined) write(farewell)
          controller.close()
        } catch {
          // The client cancelled first: there is no one to say goodbye to.
        }
      }
      const send = async () => {
        const now = await snapshot()
        until = now.until
        if (closed || now.cursor === cursor) return
        cursor = now.cursor
        write(`event: session\nid: ${now.cursor}\ndata: ${JSON.stringify(now.object)}`)
        if (now.last) close()
      }
      // One at a time, so that two changes in a row cannot overtake each other; a store that fails closes the feed, and the client asks elsewhere.
      const push = () => {
        sending = sending.then(send).catch(() => close())
      }
      const beat = () => {
        if ((controller.desiredSize ?? 0) <= 0) return close()
        write(':')
        // Changes are told; only the clock says nothing. It was right to wait: a use of the session moves its deadline on, never back.
        if (clock.now() >= until) push()
      }
      const abort = () => close()

      // Subscribed before the first look, so that no change falls between.
      const unsubscribe = subscribe(push)
      const stopBeating = clock.every(heartbeatMs, beat)
      closers.add(close)
      onCount?.(closers.size)
      if (signal.aborted) return close()
      signal.addEventListener('abort', abort)
      write(retry(retryMs))
      push()
    }
    const body = new ReadableStream<Uint8Array>({ start, cancel: () => close() }, new ByteLengthQueuingStrategy({ highWaterMark: unreadBytes }))
    return new Response(body, { headers })
  }

  return {
    open,
    get count() {
      return closers.size
    },
    drain() {
      for (const close of [...closers]) close(`${retry(drainSpreadMs)}\nevent: bye\ndata: {}`)
    },
  }
}
