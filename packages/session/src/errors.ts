/** The one error class of the SDK: a documented code, details typed by that code, and never a token, body or query string. */
import type { SessionEnd } from './end.ts'

/** Why protected work is being held back; see {@link SessionState}. */
export type FenceReason = 'waking' | 'suspect' | 'suspended' | 'lease' | 'storage'

/** What each error code carries. */
export interface SessionErrorDetails {
  /** Nobody is signed in on this device. */
  'signed-out': { readonly end?: SessionEnd | undefined }
  /** The session of this call has ended. */
  'session-ended': { readonly end: SessionEnd }
  /** Somebody signed in since this call was made; it was not sent under the new session. */
  'session-changed': Record<never, never>
  /** The session could not be confirmed in time; nothing was sent and nothing is lost. */
  fenced: { readonly reason: FenceReason | 'restoring' }
  /** The request must be repeated with a new token, but its body can be read only once, such as a stream. */
  'not-replayable': Record<never, never>
  /** The address is not one of `origins`, so it gets no token. */
  'origin-not-allowed': { readonly origin: string }
  /** The server refuses this client, or a narrow token; `error` is the server's code, e.g. `invalid_client`, or `scope_not_narrowed`, `no_refresh_token`. */
  misconfigured: { readonly error: string }
  /** The server could not be asked, or its answer says nothing; try again later. */
  unreachable: { readonly retryAfterMs?: number | undefined }
  /** The session was not confirmed within the time asked for. */
  'not-fresh': Record<never, never>
  /** The sign-in did not complete; `error` is the server's code, e.g. `access_denied`. */
  'sign-in-failed': { readonly error: string }
  /** An order was sent before and its answer not seen, or this one was settled by another tab before it was sent: ask `recover()` what became of it first. */
  'order-pending': { readonly submittedAt: number }
  /** This device's storage does not answer or refuses to write. */
  storage: { readonly operation: string }
  /** This device has no room left; what was being saved was removed again. */
  quota: Record<never, never>
  /** What arrived, or what is stored, is not what was promised; nothing of it was kept. */
  integrity: Record<never, never>
  /** The file is larger than the limit of what was asked for. */
  'too-large': { readonly limitBytes: number }
  /** The server answered a download with this status instead of a file. */
  'download-failed': { readonly status: number }
}

/** Every code a {@link SessionError} can have. */
export type SessionErrorCode = keyof SessionErrorDetails

const brand: unique symbol = Symbol.for('3dimli.session-error') as never

const messages: { readonly [Code in SessionErrorCode]: string } = {
  'signed-out': 'Nobody is signed in.',
  'session-ended': 'The session of this call has ended.',
  'session-changed': 'Another session began after this call was made.',
  fenced: 'The session could not be confirmed in time.',
  'not-replayable': 'The request needs a new token, but its body cannot be read twice.',
  'origin-not-allowed': 'This origin is not one of "origins", so no token is sent to it.',
  misconfigured: 'The server refuses this client.',
  unreachable: 'The authorization server could not be asked.',
  'not-fresh': 'The session could not be confirmed recently enough.',
  'sign-in-failed': 'The sign-in did not complete.',
  'order-pending': 'An earlier order is not settled yet.',
  storage: 'The storage of this device does not answer.',
  quota: 'There is no room left on this device.',
  integrity: 'The content is not what was promised.',
  'too-large': 'The file is larger than the limit.',
  'download-failed': 'The server did not answer with the file.',
}

/**
 * Says why a call of the SDK could not be done.
 *
 * @example
 * ```ts
 * import { isSessionError } from '@3dimli/session'
 * declare const error: unknown
 * if (isSessionError(error, 'fenced')) console.log(error.details.reason)
 * ```
 */
export class SessionError<Code extends SessionErrorCode = SessionErrorCode> extends Error {
  override readonly name = 'SessionError'
  readonly code: Code
  readonly details: SessionErrorDetails[Code]

  constructor(code: Code, details: SessionErrorDetails[Code], options?: { cause?: unknown }) {
    super(messages[code], options)
    this.code = code
    this.details = details
    Object.defineProperty(this, brand, { value: true })
  }
}

/** Tells whether a value is a {@link SessionError}, also one of another copy of this package; with `code`, one of that code. */
export function isSessionError<Code extends SessionErrorCode = SessionErrorCode>(
  value: unknown,
  code?: Code,
): value is SessionError<Code> {
  if (typeof value !== 'object' || value === null || !(brand in value)) return false
  return code === undefined || (value as { code?: unknown }).code === code
}
