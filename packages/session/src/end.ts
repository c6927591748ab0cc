/** How a session ended and what was erased after it, as plain data that can be stored, posted and shown. */

/** What kind of end it was. */
export type EndCause = 'revoked' | 'signed-out' | 'expired' | 'replaced'

/** Who began the end; as CAEP's `initiating_entity`. */
export type EndInitiator = 'admin' | 'user' | 'policy' | 'system'

/** Why the server ended the session. A reason not in this list is kept as `policy`. */
export type EndReason =
  | 'signed-out-elsewhere' | 'password-changed' | 'credential-compromised' | 'token-reuse' | 'suspicious-activity'
  | 'access-removed' | 'payment-dispute' | 'account-suspended' | 'account-closed' | 'session-limit' | 'policy'

/** What becomes of the downloads and drafts: erased, or locked until the same person signs in again. */
export type Disposition = 'wipe' | 'lock' | 'retain'

/** One end of one session. */
export interface SessionEnd {
  readonly cause: EndCause
  readonly by: EndInitiator
  /** Only where a server gave one. */
  readonly reason?: EndReason
  /** The server's own words for the person, by language tag. */
  readonly reasonUser?: Readonly<Record<string, string>>
  readonly disposition: Disposition
  /** When the server says it happened, epoch ms; absent where it did not say. */
  readonly serverAt?: number
  /** When this device wrote it down, epoch ms. */
  readonly at: number
  readonly issuer: string
  readonly subject: string
  readonly sid?: string
  /** The epoch that ended. */
  readonly epochId: string
  /** When locked content is due to be deleted, epoch ms; absent when nothing was locked. */
  readonly lockedUntil?: number
}

/** Something to be erased when the session ends. `{content}` in a name stands for the id under which this session's content is kept. */
export type Target =
  | { readonly kind: 'cache-storage'; readonly cache: string }
  | { readonly kind: 'indexeddb'; readonly database: string; readonly store?: string; readonly prefix?: string }
  | { readonly kind: 'web-storage'; readonly area: 'local' | 'session'; readonly key?: string; readonly prefix?: string }
  | { readonly kind: 'opfs'; readonly path: string }
  /** Files of a desktop application; `path` is relative to the platform's content folder, with `/` between its parts. In a browser there are none. */
  | { readonly kind: 'directory'; readonly path: string }

/** What became of one target: `left` says how many entries a fresh look still found. */
export interface TargetReport {
  readonly target: Target
  readonly outcome: 'erased' | 'failed'
  readonly entries: number
  readonly left: number
}

/** What a purge did, and what it could not do. */
export interface PurgeReport {
  readonly epochId: string
  /** When the content key was gone, epoch ms. */
  readonly unreadableAt: number
  /** When everything was erased and looked at again, epoch ms. */
  readonly erasedAt: number
  readonly targets: readonly TargetReport[]
  /** Functions of this context that failed, by name. */
  readonly failedFunctions: readonly string[]
  /** True when the end and everything to be erased is durable and verified. */
  readonly complete: boolean
}
