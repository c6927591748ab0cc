/** Where sessions are kept: the port, and the store in memory for one process. */
import { systemClock, type Clock } from './clock.ts'
import { entryAt, entryOf, withEntry } from './entries.ts'
import { listeners } from './listeners.ts'
import { deadlineOf, type SessionRow } from './session.ts'

/**
 * Keeps rows and tells of their changes; for many nodes `redisStore` of `@3dimli/session-server/redis`, or one over the host's own database.
 * What cannot be done in time rejects, best with the code `store-unavailable` (see {@link isStoreUnavailable}): nothing waits without an end, and nothing is taken for done.
 */
export interface SessionStore {
  get(sid: string): Promise<SessionRow | undefined>
  /** The rows of one subject, or all of them. */
  list(subject?: string): Promise<readonly SessionRow[]>
  /**
   * Writes `row` if the stored version is still `expected` (`undefined`: no row yet), durably and in one step, then tells the listeners. A `lastSeenAt`
   * that a touch has moved on meanwhile stays. Where the row names an entry of a status list, that is written in the same step; a new row is not written
   * when another has its entry.
   *
   * @returns whether it was written
   */
  swap(row: SessionRow, expected: number | undefined): Promise<boolean>
  /** Moves `lastSeenAt` forward; tells no one. */
  touch(sid: string, at: number): Promise<void>
  /**
   * Calls `listener` after each swap of this session, on whichever node it happened. It may be called without one: when the store cannot be sure that
   * it heard of every swap, it calls all listeners, and they look for themselves. A feed reads its row only then, and when a deadline that it knows has
   * passed. A listener must not throw.
   */
  subscribe(sid: string, listener: () => void): () => void
  /**
   * Reads the entries of one status list, as every swap that was written before this call left them, also of rows that are forgotten; `undefined` where
   * nobody has one. Two bits for each, the first in the lowest of the first byte: 1 where the session is over, 2 suspended, 3 alive; 0 is nobody's.
   */
  entries(uri: string): Promise<Uint8Array | undefined>
}

/** So few need not be looked through. */
const leastRows = 100

/** Options of {@link memoryStore}. */
export interface MemoryStoreOptions {
  /** How many sessions that are over are remembered, so that their tokens still prove an end. @default 10000 */
  readonly keepEnded?: number
  readonly clock?: Clock
}

/**
 * Makes a store that lives as long as the process.
 *
 * @example
 * ```ts
 * import { memoryStore } from '@3dimli/session-server'
 *
 * const store = memoryStore()
 * ```
 */
export function memoryStore(options: MemoryStoreOptions = {}): SessionStore {
  const { keepEnded = 10_000, clock = systemClock } = options
  const rows = new Map<string, SessionRow>()
  const ended = new Set<string>()
  const lists = new Map<string, Uint8Array>()
  const { subscribe, tell } = listeners()
  let lookAgainAt = leastRows

  /** Nobody writes down that a session has run out. To look whenever there are twice as many as last time costs little for each. */
  const noteRunOut = (): void => {
    if (rows.size < lookAgainAt) return
    for (const [sid, row] of rows) if (deadlineOf(row) <= clock.now()) ended.add(sid)
    lookAgainAt = Math.max(leastRows, 2 * (rows.size - Math.max(0, ended.size - keepEnded)))
  }

  return {
    get: async (sid) => rows.get(sid),
    list: async (subject) => [...rows.values()].filter((row) => subject === undefined || row.subject === subject),
    async swap(row, expected) {
      const stored = rows.get(row.sid)
      if (stored?.version !== expected) return false
      if (row.statusList) {
        const { idx, uri } = row.statusList
        const entries = lists.get(uri) ?? new Uint8Array()
        if (!stored && entryAt(entries, idx) !== 0) return false
        lists.set(uri, withEntry(entries, idx, entryOf(row)))
      }
      // A touch may have come between the read and this write.
      rows.set(row.sid, stored && stored.lastSeenAt > row.lastSeenAt ? { ...row, lastSeenAt: stored.lastSeenAt } : row)
      if (row.end) ended.add(row.sid)
      noteRunOut()
      for (const sid of ended) {
        if (ended.size <= keepEnded) break
        ended.delete(sid)
        rows.delete(sid)
      }
      tell(row.sid)
      return true
    },
    async touch(sid, at) {
      const row = rows.get(sid)
      if (row && row.lastSeenAt < at) rows.set(sid, { ...row, lastSeenAt: at })
    },
    subscribe,
    entries: async (uri) => lists.get(uri)?.slice(),
  }
}
