/** The shape of a session object: what an application holds and calls. */
import type { AdoptedTokens } from './adopt.ts'
import type { Detection } from './detection.ts'
import type { PurgeReport, SessionEnd, Target } from './end.ts'
import type { SessionError } from './errors.ts'
import type { feature, FeatureAccess } from './feature.ts'
import type { Narrow, NarrowOptions } from './narrow.ts'
import type { Remote } from './outbox.ts'
import type { SignInOptions } from './authority.ts'
import type { Confirmation } from './revocation.ts'
import type { SessionState } from './state.ts'
import type { TraceEntry } from './trace.ts'

/** What `start()` found. */
export interface Started {
  /** Where the application was when a sign-in began that came back with this page. */
  readonly returnTo?: string
  /** Why a sign-in that came back with this page did not complete. */
  readonly signInError?: SessionError
}

/** What a sign-out came to. */
export interface SignedOut {
  readonly purge?: PurgeReport
  /** Whether the server knows: told, to be told later, or it has no way to be told. */
  readonly remote: Remote
}

/** What this context can tell about itself; nothing secret. */
export interface Diagnostics {
  readonly store: string
  /** False when the session lives only as long as this page. */
  readonly persistent: boolean
  /** What is missing or broken here, in words. */
  readonly degraded: readonly string[]
  readonly feed: 'open' | 'elsewhere' | 'closed'
  /** Messages and answers that were not for us. */
  readonly ignored: { readonly malformed: number; readonly foreign: number }
  readonly waitingToRevoke: number
  readonly locked: number
  readonly openJournals: number
  /** What the last purge of this device did; also after a reload. */
  readonly lastPurge?: PurgeReport
  readonly trace: readonly TraceEntry[]
}

/** A session. */
export interface Session {
  readonly state: SessionState
  readonly detection: Detection
  /**
   * Reads the record, finishes what an earlier end left, completes a sign-in whose answer is in the address.
   * Waits, as `restoring`, for as long as the record cannot be read; calls that are made meanwhile wait 10 s each.
   */
  start(): Promise<Started>
  /** Closes everything; the session itself stays. */
  stop(): void
  subscribe(listener: (state: SessionState) => void): () => void
  /** Calls back once in this context for each end, after the purge. */
  onEnd(listener: (end: SessionEnd, report: PurgeReport) => void): () => void
  /**
   * Leaves the page for the sign-in. With `device`, and on a platform that has no page to leave, resolves when the session is active.
   * After an end, or when somebody is signed in, the person is asked for the password again.
   *
   * Rejects with the signal's reason, with a `TypeError` that names a wrong option, or with {@link SessionError}: `unreachable`, `misconfigured`,
   * `storage` (an earlier end, or the new session, cannot be written), and `sign-in-failed`, whose `error` is the server's word, such as
   * `access_denied` or `expired_token`, or `timeout` (nobody answered for 5 minutes), `no_browser` (the address could not be shown), `no_listener`
   * (the port of `redirectUri` is taken), `superseded` (by a later `signIn()`), `invalid_response`.
   */
  signIn(options?: SignInOptions): Promise<void>
  /**
   * Begins a session with tokens that the application got itself.
   *
   * Rejects with a `TypeError` that names a wrong member, or with {@link SessionError} `storage` (an earlier end, or the new session, cannot be written).
   */
  adopt(tokens: AdoptedTokens): Promise<void>
  /** Ends the session here first, then tells the server. Works in every state; rejects with `fenced` only while the storage does not answer. */
  signOut(): Promise<SignedOut>
  /**
   * Fetches with the session's token.
   *
   * Rejects with {@link SessionError}: `signed-out`, `session-ended`, `session-changed`, `fenced` (10 s behind a fence), `not-replayable`,
   * `origin-not-allowed`, `unreachable`, `misconfigured`. Aborts and network errors pass through untouched.
   */
  fetch(input: RequestInfo | URL, init?: RequestInit): Promise<Response>
  /** Makes the headers for one request of a client that sends by itself. Rejects as `fetch` does before it sends. */
  authorize(target: { readonly method: string; readonly url: string | URL; readonly signal?: AbortSignal }): Promise<Record<string, string>>
  /**
   * Makes requests with a token that can do one job only; it is had at the first use, by the refresh grant, and dies with the session.
   *
   * Throws a `TypeError` that names a wrong option. Its calls reject as the session's own do; `misconfigured` also when the server does not
   * grant the job (`invalid_scope`, `invalid_target`), grants more than was asked (`scope_not_narrowed`), or has given no refresh token to
   * ask with (`no_refresh_token`). The session itself goes on.
   *
   * @example
   * ```ts
   * import type { Session } from '@3dimli/session'
   * declare const session: Session
   * const uploads = session.narrow({ scope: 'uploads:write' })
   * await uploads.fetch('https://api.example.com/uploads', { method: 'POST' })
   * ```
   */
  narrow(options: NarrowOptions): Narrow
  /** Has something more erased when the session ends; resolves when that is durable. */
  register(target: Target): Promise<void>
  /** Runs a function in this context when a session ends; returns the remover. */
  register(forget: () => unknown, options?: { readonly name?: string }): () => void
  /** Asks the server now. */
  confirm(): Promise<Confirmation>
  /**
   * Resolves when the server said within the last `withinMs` (ms) that the session lives; asks it if need be, and anew.
   *
   * Rejects with {@link SessionError}: `not-fresh`, `signed-out`, `session-ended`, `session-changed`, `fenced` (10 s behind a fence).
   */
  assertFresh(options: { readonly withinMs: number }): Promise<void>
  /** Hides an element whenever this page may be shown again before the record was read. Returns the remover. */
  cover(element: Element): () => void
  diagnostics(): Diagnostics
  readonly [feature]: FeatureAccess
}
