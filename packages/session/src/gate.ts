/** The fence that every protected act passes: right session, record just read, nothing holding it back. */
import { SessionError, type FenceReason } from './errors.ts'
import type { SessionEnd } from './end.ts'
import type { Captured, LeaseKind } from './feature.ts'
import type { Leases } from './lease.ts'
import type { Clock } from './ports.ts'
import type { SessionRecord } from './record.ts'
import type { Live, Row } from './row.ts'
import type { Machine } from './state.ts'
import { deadline, unlessAborted } from './time.ts'

/** How long a call waits behind a fence. */
const patienceMs = 10_000

/** A row that is known to be of the captured session. */
export type LiveRow = Row & { readonly live: Live }

/** The fence of one context. */
export interface Gate {
  /** Takes hold of the session of a call, when the call is made; waits while the record has not been read yet. */
  capture(signal?: AbortSignal, kind?: LeaseKind): Promise<Captured>
  /** Resolves when the call may go on; rejects when its session is over, or after 10 s behind a fence. Where its lease is over, the server is asked once. */
  pass(captured: Captured, signal?: AbortSignal): Promise<LiveRow>
  /**
   * Says synchronously whether the call may be sent this instant; throws when its session is over.
   * A read asked for after `since` (monotonic) is believed however long it took: storage slower than 100 ms delays, it does not stop.
   */
  open(captured: Captured, since?: number): boolean
  /** Waits until the call may be sent this instant. */
  opened(captured: Captured, signal?: AbortSignal): Promise<void>
  /** Fails the calls of an epoch; `end` absent when another session took its place. */
  abort(epochId: string, end?: SessionEnd): void
  /** To be called whenever the machine changed. */
  moved(): void
  /** Fails every call that waits, and every later one. */
  close(): void
}

/** Makes the gate of one context. `ask` has the server asked whether a session lives. */
export function createGate(clock: Clock, record: SessionRecord, machine: () => Machine, leases: Leases, ask: (epochId: string) => void): Gate {
  const waiting = new Set<() => void>()
  let moves = 0
  let closed: SessionError | undefined
  let current: { epochId: string; controller: AbortController } | undefined

  const signalOf = (epochId: string): AbortSignal => {
    if (current?.epochId !== epochId) current = { epochId, controller: new AbortController() }
    return current.controller.signal
  }

  const over = (epochId: string): SessionError | undefined => {
    if (closed) return closed
    const { phase, session, end } = machine()
    if (phase === 'active' && session?.epochId === epochId) return undefined
    if (end?.epochId === epochId) return new SessionError('session-ended', { end })
    return new SessionError('session-changed', {})
  }

  /** What holds everything back. A lease that is over is no such fence: each kind has its own. */
  const fenced = (): FenceReason | undefined => machine().fences.find((reason) => reason !== 'lease')

  const lapsed = ({ kind = 'default' }: Captured, row: Row | undefined): boolean => row?.live !== undefined && leases.leftMs(kind, row) === 0

  const nextMove = (signal: AbortSignal): Promise<void> =>
    new Promise((resolve, reject) => {
      const leave = () => {
        waiting.delete(moved)
        signal.removeEventListener('abort', aborted)
      }
      const moved = () => {
        leave()
        resolve()
      }
      const aborted = () => {
        leave()
        reject(signal.reason)
      }
      if (signal.aborted) return reject(signal.reason)
      waiting.add(moved)
      signal.addEventListener('abort', aborted)
    })

  /** Waits until `ready` returns a value, no longer than the caller's signal and our patience allow. */
  const patiently = async <T>(ready: () => Promise<T | undefined>, why: () => FenceReason | 'restoring', signal: AbortSignal | undefined, ...more: AbortSignal[]): Promise<T> => {
    const bound = deadline(clock, patienceMs, signal, ...more)
    try {
      for (;;) {
        const before = moves
        const value = await ready()
        if (value !== undefined) return value
        // What moved while we looked is looked at again before anything is waited for.
        if (moves === before) await nextMove(bound.signal)
      }
    } catch (error) {
      if (!(error instanceof DOMException && error.name === 'TimeoutError') || signal?.aborted) throw error
      throw new SessionError('fenced', { reason: why() })
    } finally {
      bound.done()
    }
  }

  const open: Gate['open'] = (captured, since = Number.POSITIVE_INFINITY) => {
    const failure = over(captured.epochId)
    if (failure) throw failure
    return !fenced() && !lapsed(captured, record.view()) && (record.isFresh() || record.readAt() >= since)
  }

  const passBehind: Gate['pass'] = (captured, signal) => {
    let asked = false
    return patiently(
      async () => {
        if (machine().phase === 'active' && !fenced()) {
          await unlessAborted(record.fresh().catch(() => undefined), signal, captured.signal)
        }
        signal?.throwIfAborted()
        const failure = over(captured.epochId)
        if (failure) throw failure
        const row = record.view()
        if (fenced() || !row?.live || row.epoch.id !== captured.epochId) return undefined
        if (!lapsed(captured, row)) {
          leases.used(row)
          return row as LiveRow
        }
        if (!asked) ask(captured.epochId)
        asked = true
        return undefined
      },
      () => fenced() ?? (lapsed(captured, record.view()) ? 'lease' : 'suspect'),
      signal,
      captured.signal,
    )
  }

  const pass: Gate['pass'] = async (captured, signal) => {
    signal?.throwIfAborted()
    const row = record.view()
    // Most need not wait: for them no deadline is made.
    if (!open(captured) || !row?.live || row.epoch.id !== captured.epochId) return passBehind(captured, signal)
    leases.used(row)
    return row as LiveRow
  }

  return {
    pass,
    open,

    async opened(captured, signal) {
      for (let since = Number.POSITIVE_INFINITY; !open(captured, since); ) {
        since = clock.monotonic()
        await pass(captured, signal)
      }
    },

    async capture(signal, kind) {
      signal?.throwIfAborted()
      const take = (): Captured | undefined => {
        if (closed) throw closed
        const { phase, session, end } = machine()
        if (phase === 'restoring') return undefined
        if (phase === 'active' && session) return { epochId: session.epochId, signal: signalOf(session.epochId), ...(kind && { kind }) }
        if (phase !== 'signed-out' && end) throw new SessionError('session-ended', { end })
        throw new SessionError('signed-out', { ...(end && { end }) })
      }
      return take() ?? patiently(async () => take(), () => machine().fences[0] ?? 'restoring', signal)
    },

    abort(epochId, end) {
      if (current?.epochId === epochId) {
        current.controller.abort(end ? new SessionError('session-ended', { end }) : new SessionError('session-changed', {}))
        current = undefined
      }
    },

    close() {
      closed = new SessionError('fenced', { reason: 'restoring' })
      current?.controller.abort(closed)
    },

    moved() {
      moves += 1
      for (const wake of [...waiting]) wake()
    },
  }
}
