/** What a language has to say: an entry for each kind of end and for each audience, so that a missing one does not compile. */
import type { EndInitiator, EndReason } from '../end.ts'

/** Whom a notice speaks to. */
export type Audience = 'buyer' | 'seller'

/** One kind of end. A title has no full stop; everything else is whole sentences. */
export interface EndWords {
  readonly title: string
  readonly happened: string
  /** What to do, most useful first; at least one sentence. */
  readonly next: readonly string[]
}

/** What is said to one audience about this device and about what is theirs; each list has one sentence or more. */
export interface AudienceWords {
  /** The purge was seen through, and what was kept is gone. */
  readonly removed: readonly string[]
  /** The purge was seen through, and what was kept is locked. */
  readonly removedButLocked: readonly string[]
  /** What stays theirs, whatever the end. */
  readonly kept: readonly string[]
  /** What is locked on this device; `until` is a day. */
  readonly locked: (until: string) => readonly string[]
  /** What to do about work that was erased, for whoever can sign in. */
  readonly afterRemoval: readonly string[]
  /** What to do about work that is locked, for whoever can sign in. */
  readonly afterLock: readonly string[]
}

/** Everything a notice can say, in one language. */
export interface Catalogue {
  /** The server revoked the session and gave a reason. */
  readonly revoked: Readonly<Record<EndReason, EndWords>>
  /** The server revoked the session and gave none that is known, by who began it. */
  readonly revokedBy: Readonly<Record<EndInitiator, EndWords>>
  readonly expired: EndWords
  readonly replaced: EndWords
  /** The person signed out. */
  readonly signedOut: EndWords
  /** The session could not be kept on this device. */
  readonly lost: EndWords
  /** No report says yet what the purge did. */
  readonly removing: readonly string[]
  /** The report says that the purge could not do everything: nothing may be called removed here. */
  readonly notAllRemoved: readonly string[]
  readonly audiences: Readonly<Record<Audience, AudienceWords>>
}
