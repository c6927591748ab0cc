/** The event feed: a stream that says where the session stands on connecting, and again at each change. */
import { createAudiences, type AudienceSource } from './audience.ts'
import type { Clock } from './clock.ts'

/** What one feed is made of. */
export interface FeedSource {
  readonly sid: string
  /** Aborts when the client has gone. */
  readonly signal: AbortSignal
  /** Called once, when the feed is over. */
  readonly onClose: () => void
}

/** Options of {@link createFeeds}. */
export interface FeedsOptions extends AudienceSource {
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
export function createFeeds({ clock, heartbeatMs, retryMs, drainSpreadMs, random, onCount, ...source }: FeedsOptions): Feeds {
  const join = createAudiences(source)
  const closers = new Set<(farewell?: string) => void>()
  /** When to come back. Never the same for all: they would come at once when a node stops, or dies without a word. */
  const retry = (spreadMs: number) => `retry: ${retryMs + Math.floor(random() * spreadMs)}`

  function open({ sid, signal, onClose }: FeedSource): Response {
    const text = new TextEncoder()
    let close: (farewell?: string) => void = () => {}
    const start = (controller: ReadableStreamDefaultController<Uint8Array>) => {
      let closed = false
      let cursor: string | undefined
      let until = Infinity
      const write = (lines: string) => controller.enqueue(text.encode(`${lines}\n\n`))

      close = (farewell) => {
        if (closed) return
        closed = true
        seat.leave()
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
      const abort = () => close()
      // Joined before the first look, so that no change falls between.
      const seat = join(sid, {
        tell(now) {
          until = now.until
          if (closed || now.cursor === cursor) return
          cursor = now.cursor
          // A copy: whoever reads a stream may take the bytes away.
          controller.enqueue(now.text.slice())
          if (now.last) close()
        },
        close: abort,
      })
      const stopBeating = clock.every(heartbeatMs, () => {
        if ((controller.desiredSize ?? 0) <= 0) return close()
        write(':')
        // Changes are told; only the clock says nothing. It was right to wait: a use of the session moves its deadline on, never back.
        if (clock.now() >= until) seat.look()
      })
      closers.add(close)
      onCount?.(closers.size)
      if (signal.aborted) return close()
      signal.addEventListener('abort', abort)
      write(retry(retryMs))
      seat.look()
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
