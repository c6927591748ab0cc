/** The server's feed, read by one context until it is over. */
import type { Connection, FeedListener } from './authority.ts'
import type { Ports } from './ports.ts'
import type { SessionRecord } from './record.ts'
import type { Refresh } from './refresh.ts'
import type { Revocation } from './revocation.ts'
import type { Row } from './row.ts'
import type { Time } from './time.ts'
import { judge, type Known } from './verdict.ts'

/** The server says something at least every 15 s; a stream silent for longer is taken for dead. */
export const silentMs = 20_000
/** Whatever a server says with its goodbye. */
const longestAwayMs = 60_000

/** The stream of one context; times are on the monotonic clock. */
export interface Stream {
  /** Reads it until it is over, and does what it says. */
  read(row: Row, epochId: string, signal: AbortSignal): Promise<void>
  open(): boolean
  /** When one last brought its first event: one that a proxy swallows never does. */
  openedAt(): number
  /** When one last brought an event. */
  eventAt(): number
  /** Until when the server wants no new one. */
  quietUntil(): number
  /** True while a server that said goodbye wants nobody back. */
  dismissed(): boolean
}

/** Makes the stream of one context. */
export function createStream(input: {
  readonly ports: Pick<Ports, 'clock'>
  readonly time: Time
  readonly record: SessionRecord
  readonly connection: Connection
  readonly refresh: Refresh
  readonly revocation: Revocation
  readonly known: (row: Row) => Known
  readonly opened: () => void
  /** What the server said against the session could not be written down: whoever else is there must ask. */
  readonly doubted: (epochId: string) => void
  readonly trace: (what: 'feed-open' | 'feed-closed') => void
}): Stream {
  const { time, record, connection, refresh, revocation } = input
  const { clock } = input.ports
  let open = false
  let openedAt = Number.NEGATIVE_INFINITY
  let eventAt = Number.NEGATIVE_INFINITY
  let quietUntil = Number.NEGATIVE_INFINITY
  let awayUntil = Number.NEGATIVE_INFINITY
  let refused: number | undefined
  let lastEvent: { readonly epochId: string; readonly id: string } | undefined

  return {
    async read(row, epochId, signal) {
      if (!row.live) return
      const stream = new AbortController()
      let silence = clock.timer(silentMs, () => stream.abort())
      let heardAt = time.now()
      const listener: FeedListener = {
        opened() {
          open = true
          openedAt = clock.monotonic()
          input.opened()
          input.trace('feed-open')
        },
        heard() {
          silence()
          // Timers may sleep with the device, and what was on its way is read when it wakes.
          if (time.now() - heardAt > silentMs) stream.abort()
          heardAt = time.now()
          silence = clock.timer(silentMs, () => stream.abort())
        },
        event(answer, id) {
          eventAt = clock.monotonic()
          if (id !== undefined) lastEvent = { epochId, id }
          const now = record.view()
          if (!now?.live || now.epoch.id !== epochId) return
          const verdict = judge(answer, input.known(now))
          // What slept says how things stood before; only an end is for good.
          if (verdict.kind === 'alive' && stream.signal.aborted) return
          revocation.act(epochId, verdict).catch(() => {
            if (verdict.kind !== 'alive') input.doubted(epochId)
          })
        },
        goodbye(retryMs) {
          awayUntil = clock.monotonic() + Math.min(retryMs, longestAwayMs)
        },
      }
      const { tokens, keys } = row.live
      try {
        const answer = await connection.feed({
          tokens, ...(keys && { keys }), signal: AbortSignal.any([signal, stream.signal]), ...(lastEvent?.epochId === epochId && { lastEventId: lastEvent.id }), listener,
        })
        if (signal.aborted) return
        const verdict = judge(answer, input.known(row))
        if (verdict.kind === 'access-expired') {
          // A feed that refuses a token which was just made refuses something else.
          if (refused === row.generation) return void (await revocation.confirm(epochId))
          refused = row.generation + 1
          const refreshed = await refresh.after(epochId, row.generation)
          if (refreshed.kind === 'verdict') await revocation.act(epochId, refreshed.verdict)
        } else {
          if (verdict.kind === 'transient' && verdict.retryAfterMs) quietUntil = clock.monotonic() + verdict.retryAfterMs
          await revocation.act(epochId, verdict)
        }
      } finally {
        silence()
        stream.abort()
        if (open) input.trace('feed-closed')
        open = false
      }
    },
    open: () => open,
    openedAt: () => openedAt,
    eventAt: () => eventAt,
    quietUntil: () => Math.max(quietUntil, awayUntil),
    dismissed: () => awayUntil > clock.monotonic(),
  }
}
