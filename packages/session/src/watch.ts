/** Watches for the server's word: one context holds the feed, or asks where the feed is blocked, and tells the others how. */
import type { Message, Note } from './sync.ts'
import type { Connection } from './authority.ts'
import { createPolling } from './poll.ts'
import type { Ports } from './ports.ts'
import type { SessionRecord } from './record.ts'
import type { Refresh } from './refresh.ts'
import type { Revocation } from './revocation.ts'
import type { Row } from './row.ts'
import { createStream, silentMs } from './stream.ts'
import { pause, unlessAborted, type Time } from './time.ts'
import type { Known } from './verdict.ts'

/** The watcher says so this often; visible contexts that miss it for `unwatchedMs` watch by themselves. */
const beatMs = 5_000
const unwatchedMs = 12_500
const firstPauseMs = 500
const longestPauseMs = 30_000
/** A stream that is open is still checked now and then: a proxy may keep one alive whose server is gone. */
const checkMs = 300_000
/** Looking at a page asks the server no more often than this. */
const lookMs = 10_000

/** The watch of one context. */
export interface Watch {
  start(): void
  stop(): void
  heard(message: Message): void
  /** To be called when another session began, or ours ended. */
  changed(): void
  look(): void
  feed(): 'open' | 'elsewhere' | 'closed'
  /** True where the server has a session endpoint to be asked. */
  asks(): boolean
  /** How soon an end is known by the status list, while the device has nothing better, ms. */
  listMs(): number | undefined
}

/** Makes the watch of one context. */
export function createWatch(input: {
  readonly name: string
  readonly pollMs: number
  readonly ports: Pick<Ports, 'lock' | 'clock' | 'wake' | 'random' | 'fetch'>
  readonly time: Time
  readonly record: SessionRecord
  readonly connection: Connection
  readonly refresh: Refresh
  readonly revocation: Revocation
  readonly known: (row: Row) => Known
  readonly epoch: () => string | undefined
  readonly post: (note: Note) => void
  readonly trace: (what: 'feed-open' | 'feed-closed') => void
}): Watch {
  const { ports, record, connection, revocation } = input
  const { clock } = ports
  let running: AbortController | undefined
  let leading = false
  let standIn: AbortController | undefined
  let asks = false
  let turn = new AbortController()
  let heardAt = Number.NEGATIVE_INFINITY
  /** When the server was last asked although the stream is open. */
  let checkedAt = Number.NEGATIVE_INFINITY
  /** When another context last said that it holds the stream. */
  let beatAt = Number.NEGATIVE_INFINITY
  /** What another context that watches last said of the status list. */
  let heardListMs: number | undefined
  let lookedAt = Number.NEGATIVE_INFINITY

  const say = (epochId: string, more: { readonly doubt?: true } = {}): void => {
    const listMs = polling.listMs()
    input.post({ type: 'watching', epochId, feed: stream.open(), ...(listMs !== undefined && { listMs }), ...more })
  }

  const doubted = (epochId: string): void => say(epochId, { doubt: true })

  const stream = createStream({ ...input, opened: () => polling.rest(), doubted })

  const polling = createPolling({
    ...input,
    doubted,
    due() {
      const unproven = clock.monotonic() - Math.max(stream.eventAt(), checkedAt) > checkMs
      if (stream.open() && !unproven) return false
      checkedAt = clock.monotonic()
      return true
    },
  })
  const { ask } = polling

  const beat = async (signal: AbortSignal): Promise<void> => {
    while (!signal.aborted) {
      const epochId = input.epoch()
      if (epochId !== undefined) say(epochId)
      await pause(clock, beatMs, signal)
    }
  }

  /** Holds the stream, again and again, until told to stop. */
  const follow = async (stopped: AbortSignal): Promise<void> => {
    let failures = 0
    while (!stopped.aborted) {
      if (turn.signal.aborted) turn = new AbortController()
      const signal = AbortSignal.any([stopped, turn.signal])
      const epochId = input.epoch()
      const row = epochId === undefined ? undefined : await record.fresh().catch(() => undefined)
      const features = row?.live && (await connection.features().catch(() => undefined))
      asks = features?.session ?? asks
      const supported = features?.feed === true
      if (epochId !== undefined && row?.live && supported && row.epoch.id === epochId && !signal.aborted) {
        const before = clock.monotonic()
        await stream.read(row, epochId, signal).catch(() => undefined)
        failures = stream.openedAt() >= before && clock.monotonic() - stream.openedAt() > silentMs ? 0 : failures + 1
        // Ten thousand devices are told goodbye at once; the poll asks for each in its own time.
        if (!stream.dismissed() && !signal.aborted && input.epoch() === epochId) await ask(epochId).catch(() => undefined)
      }
      const jitter = 0.5 + (ports.random(1)[0] ?? 0) / 256
      const pauseMs = epochId === undefined || !supported ? beatMs : Math.min(firstPauseMs * 2 ** Math.min(failures, 8), longestPauseMs) * jitter
      await pause(clock, Math.max(pauseMs, stream.quietUntil() - clock.monotonic()), signal)
    }
  }

  const work = (signal: AbortSignal): Promise<unknown> => Promise.all([follow(signal), polling.run(signal), beat(signal)])

  /** Takes over without the lock while nobody says that the device is being watched: its holder may be frozen. */
  const guard = async (signal: AbortSignal): Promise<void> => {
    while (!signal.aborted) {
      await pause(clock, beatMs, signal)
      const silent = clock.monotonic() - heardAt > unwatchedMs
      if (silent && !leading && !standIn && ports.wake.visible() && input.epoch() !== undefined) {
        const own = new AbortController()
        standIn = own
        work(AbortSignal.any([signal, own.signal])).catch(() => undefined)
      } else if (standIn && (leading || !silent || !ports.wake.visible())) {
        standIn.abort()
        standIn = undefined
      }
    }
  }

  /** Not only who watches must know how soon an end is known. */
  const learn = (): void => {
    if (input.epoch() === undefined) return
    connection.features().then(
      (features) => {
        asks = features.session
      },
      () => undefined,
    )
  }

  return {
    start() {
      if (running) return
      const own = new AbortController()
      running = own
      heardAt = clock.monotonic()
      ports.lock
        .hold(`${input.name}:watch`, own.signal, async () => {
          leading = true
          // The lock is let go the moment this context is told to; what it was doing comes to its end by itself.
          await unlessAborted(work(own.signal), own.signal)
        })
        .catch(() => undefined)
        .finally(() => {
          leading = false
        })
      guard(own.signal).catch(() => undefined)
      learn()
    },
    stop() {
      running?.abort()
      standIn?.abort()
      running = standIn = undefined
    },
    heard(message) {
      if (message.type !== 'watching') return
      heardAt = clock.monotonic()
      if (message.feed) beatAt = heardAt
      heardListMs = message.listMs
      if (message.doubt) revocation.act(message.epochId, { kind: 'suspect' }).catch(() => undefined)
    },
    changed() {
      turn.abort()
      polling.rest()
      if (running) learn()
    },
    look() {
      const epochId = input.epoch()
      if (epochId === undefined || clock.monotonic() - lookedAt < lookMs) return
      lookedAt = clock.monotonic()
      ask(epochId).catch(() => undefined)
    },
    asks: () => asks,
    listMs: () => polling.listMs() ?? (clock.monotonic() - heardAt <= unwatchedMs ? heardListMs : undefined),
    feed: () => (stream.open() ? 'open' : clock.monotonic() - beatAt <= unwatchedMs ? 'elsewhere' : 'closed'),
  }
}
