/** What can happen to a session: it begins, is used, is suspended and resumed, and ends once. */
import type { Clock } from './clock.ts'
import { type EndRequest, type SessionRow, standingOf, type SuspendRequest } from './session.ts'
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
  /** Epoch ms; of the first end, where the session had been ended before. */
  readonly committedAt: number
  /** False when it had been ended before, be it by an earlier call whose answer was lost. A session that had only run out is ended now. */
  readonly changed: boolean
}

/** The changes of a session. */
export interface Life {
  begin(session: BeginRequest): Promise<SessionRow>
  /** With `patient` also where another call is telling the host already: resolves when that one has, and rejects with it. */
  end(sid: string, how: EndRequest, patient?: boolean): Promise<Commit>
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

  /** Whose end this process is telling the host of. What the host does then may end the session again, and would wait for itself. */
  const telling = new Map<string, Promise<void>>()

  /** Told before it is noted: a host may be told twice, never not at all. */
  async function tell({ untold, ...told }: SessionRow): Promise<void> {
    await onEnd!(told)
    // The end is done, whether or not this can be written.
    await change(told.sid, ({ untold, ...row }) => (untold ? row : undefined)).catch(() => undefined)
  }

  /** Resolves when the host knows of the end, or, to who is not patient, when somebody is telling it. */
  async function makeKnown(row: SessionRow, patient: boolean): Promise<void> {
    if (!onEnd || !row.untold) return
    const others = telling.get(row.sid)
    if (others) return patient ? others : undefined
    const own = tell(row).finally(() => telling.delete(row.sid))
    telling.set(row.sid, own)
    return own
  }

  return {
    async begin({ authenticatedAt, ...session }) {
      const now = clock.now()
      const row = { ...session, establishedAt: now, authenticatedAt: authenticatedAt ?? now, lastSeenAt: now, version: 1 }
      if (!(await store.swap(row, undefined))) throw new RangeError('This "sid" names another session')
      return row
    },
    async end(sid, how, patient = false) {
      const at = clock.now()
      const type = how.type ?? 'session-revoked'
      const disposition = how.disposition ?? (type === 'session-revoked' ? 'wipe' : undefined)
      const end = { ...how, type, at, ...(disposition === undefined ? {} : { disposition }) }
      // Also where it seems to have run out: that is one clock's opinion, and another's may let it live on.
      const { row, changed } = await change(sid, (row) => (row.end ? undefined : { ...row, end, ...(onEnd && { untold: true }) }))
      await makeKnown(row, patient)
      return { committedAt: (row.end ?? end).at, changed }
    },
    async suspend(sid, why = {}) {
      const stop = { initiatingEntity: 'admin', reason: 'account-suspended', ...why, at: clock.now() } as const
      await change(sid, (row) => (row.end || row.suspension ? undefined : { ...row, suspension: stop }))
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
