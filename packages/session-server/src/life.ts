/** What can happen to a session: it begins, is used, is suspended and resumed, and ends once. */
import type { Clock } from './clock.ts'
import { endOf, type EndRequest, type SessionRow, standingOf, type SuspendRequest } from './session.ts'
import type { SessionStore } from './store.ts'

/** One sign-in to be remembered. */
export interface BeginRequest {
  /** Names the session, in tokens too; never used before. */
  readonly sid: string
  readonly subject: string
  /** Which application signed in, in words the person knows. */
  readonly client: string
  readonly device?: string
  readonly location?: string
  /** When the person last proved who they are, epoch ms. @default now */
  readonly authenticatedAt?: number
  readonly acr?: string
  /** When it ends in any case, epoch ms. @default never */
  readonly expiresAt?: number
  /** How long it may go unused, ms; uses are noted to a twentieth of it. @default forever */
  readonly idleMs?: number
}

/** When an end was written. */
export interface Commit {
  /** Epoch ms; of the first end, where the session had ended before. */
  readonly committedAt: number
  /** False when it had ended before, be it by an earlier call whose answer was lost. */
  readonly changed: boolean
}

/** The changes of a session. */
export interface Life {
  begin(session: BeginRequest): Promise<SessionRow>
  end(sid: string, how: EndRequest): Promise<Commit>
  suspend(sid: string, why?: SuspendRequest): Promise<void>
  resume(sid: string): Promise<void>
  touch(sid: string): Promise<void>
}

/** Seen again within a twentieth of its idle limit, a session is not written again, and may run out so much early. Without one the time is only shown to people. */
const restOf = ({ idleMs = 1_200_000 }: SessionRow): number => idleMs / 20

/** Makes the changes of the sessions in `store`. */
export function createLife(store: SessionStore, clock: Clock, onEnd?: (row: SessionRow) => void | Promise<void>): Life {
  /** Reads, changes and writes one row until no one else wrote in between; `undefined` from `next` leaves it. */
  async function change(sid: string, next: (row: SessionRow) => SessionRow | undefined): Promise<{ row: SessionRow; changed: boolean }> {
    for (;;) {
      const row = await store.get(sid)
      if (!row) throw new RangeError('There is no such session')
      const changed = next(row)
      if (!changed) return { row, changed: false }
      if (await store.swap({ ...changed, version: row.version + 1 }, row.version)) return { row: changed, changed: true }
    }
  }

  /** Whose end this process is telling the host of; what the host does then may end the session again. */
  const telling = new Set<string>()

  /** Told before it is noted: a host may be told twice, never not at all. */
  async function tell(ended: SessionRow): Promise<void> {
    const { sid } = ended
    if (!onEnd || !ended.untold || telling.has(sid)) return
    telling.add(sid)
    try {
      const { untold, ...told } = ended
      await onEnd(told)
      // The end is done, whether or not this can be written.
      await change(sid, ({ untold, ...row }) => (untold ? row : undefined)).catch(() => undefined)
    } finally {
      telling.delete(sid)
    }
  }

  return {
    async begin({ authenticatedAt, ...session }) {
      const now = clock.now()
      const row = { ...session, establishedAt: now, authenticatedAt: authenticatedAt ?? now, lastSeenAt: now, version: 1 }
      if (!(await store.swap(row, undefined))) throw new RangeError('This "sid" names another session')
      return row
    },
    async end(sid, how) {
      const at = clock.now()
      const type = how.type ?? 'session-revoked'
      const disposition = how.disposition ?? (type === 'session-revoked' ? 'wipe' : undefined)
      const end = { ...how, type, at, ...(disposition === undefined ? {} : { disposition }) }
      const { row, changed } = await change(sid, (row) => (endOf(row, at) ? undefined : { ...row, end, ...(onEnd && { untold: true }) }))
      await tell(row)
      return { committedAt: (endOf(row, at) ?? end).at, changed }
    },
    async suspend(sid, why = {}) {
      const stop = { initiatingEntity: 'admin', reason: 'account-suspended', ...why, at: clock.now() } as const
      await change(sid, (row) => (endOf(row, stop.at) || row.suspension ? undefined : { ...row, suspension: stop }))
    },
    async resume(sid) {
      await change(sid, ({ suspension, ...row }) => (suspension ? row : undefined))
    },
    async touch(sid) {
      const [row, now] = [await store.get(sid), clock.now()]
      if (row && standingOf(row, now) === 'live' && now - row.lastSeenAt >= restOf(row)) await store.touch(sid, now)
    },
  }
}
