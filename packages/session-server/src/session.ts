/** One session as the server remembers it: who, where, until when, and how it ended. All times are epoch milliseconds. */

/** Who began an end; as CAEP's `initiating_entity`. */
export type InitiatingEntity = 'admin' | 'user' | 'policy' | 'system'

/** Why a session ended or was suspended. Clients explain a reason they do not know as `policy`. */
export type Reason =
  | 'signed-out-elsewhere' | 'password-changed' | 'credential-compromised' | 'token-reuse' | 'suspicious-activity'
  | 'access-removed' | 'payment-dispute' | 'account-suspended' | 'account-closed' | 'session-limit' | 'policy'

/** What the client does with downloads and drafts: erase them, or lock or keep them until the same person returns. */
export type Disposition = 'wipe' | 'lock' | 'retain'

/** The last segment of a problem type: what a session that is not live is called on the wire. */
export type ProblemName = 'session-revoked' | 'session-expired' | 'account-suspended'

/** Where a session stands now. `unknown` says that the store has never heard of it, which proves nothing. */
export type Standing = 'live' | ProblemName | 'unknown'

/** What the host says when it ends a session. */
export interface EndRequest {
  /** @default 'session-revoked' */
  readonly type?: 'session-revoked' | 'session-expired'
  readonly initiatingEntity: InitiatingEntity
  readonly reason?: Reason
  /** Words for the person, by language tag. */
  readonly reasonUser?: Readonly<Record<string, string>>
  /** Words for the audit; kept in the row and never sent to a client. */
  readonly reasonAdmin?: string
  /** @default 'wipe' for a revocation; an expiry says nothing */
  readonly disposition?: Disposition
}

/** What the host says when it suspends a session. */
export interface SuspendRequest {
  /** @default 'admin' */
  readonly initiatingEntity?: InitiatingEntity
  /** @default 'account-suspended' */
  readonly reason?: Reason
  readonly reasonUser?: Readonly<Record<string, string>>
  readonly reasonAdmin?: string
}

/** Why a session is not live, and since when. */
export interface Stop extends EndRequest {
  readonly at: number
}

/** One entry of a Token Status List. */
export interface StatusReference {
  readonly idx: number
  readonly uri: string
}

/** One session. `version` grows with every change but a touch. */
export interface SessionRow {
  readonly sid: string
  readonly subject: string
  /** Which application signed in, in words the person knows. */
  readonly client: string
  readonly device?: string
  readonly location?: string
  readonly establishedAt: number
  readonly authenticatedAt: number
  readonly acr?: string
  readonly lastSeenAt: number
  readonly expiresAt?: number
  /** How long it may go unused. */
  readonly idleMs?: number
  readonly suspension?: Stop
  readonly end?: Stop
  /** The host is not known to have been told of the end: its `onEnd` has not resolved yet. */
  readonly untold?: true
  /** Where a status list speaks of it. */
  readonly statusList?: StatusReference
  readonly version: number
}

/** Reads when a row runs out by itself, whichever limit comes first. */
export function deadlineOf(row: SessionRow): number {
  return Math.min(row.expiresAt ?? Infinity, row.idleMs === undefined ? Infinity : row.lastSeenAt + row.idleMs)
}

/** Reads how a row ended, by decision or by the clock. A deadline that passed needs no write to count. */
export function endOf(row: SessionRow, now: number): Stop | undefined {
  if (row.end) return row.end
  const deadline = deadlineOf(row)
  return now >= deadline ? { type: 'session-expired', initiatingEntity: 'policy', at: deadline } : undefined
}

/** Reads where a row stands. */
export function standingOf(row: SessionRow | undefined, now: number): Standing {
  if (!row) return 'unknown'
  const end = endOf(row, now)
  if (end) return end.type ?? 'session-revoked'
  return row.suspension ? 'account-suspended' : 'live'
}
