/** An error on its way to a renderer: the SDK's own with code and details, any other as one sentence that tells nothing of its cause. */
import { SessionError, isSessionError } from '@3dimli/session'
import type { Failure } from './messages.ts'

/** Takes what may be told from an error. */
export function failureOf(error: unknown): Failure {
  if (isSessionError(error)) return { code: error.code, details: error.details }
  return { message: 'The request failed.' }
}

/** Makes the error again; one that is none of the SDK's is a `TypeError`, as of `fetch`. */
export function errorOf(failure: Failure): Error {
  return 'code' in failure ? new SessionError(failure.code, failure.details as never) : new TypeError(failure.message)
}
