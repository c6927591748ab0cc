/** What went wrong, in words for a person. */
import { isSessionError, type SessionErrorCode } from '@3dimli/session'
import { HTTPError, NetworkError, TimeoutError } from 'ky'

/** The marketplace answered, but not with what was asked for. */
export class HttpError extends Error {
  readonly status: number

  constructor(status: number) {
    super(`The marketplace answered ${status}.`)
    this.status = status
  }
}

const sentences: { readonly [Code in SessionErrorCode]: string } = {
  'signed-out': 'You are signed out. Sign in to go on.',
  'session-ended': 'Your session has ended. Sign in to go on.',
  'session-changed': 'Another account signed in meanwhile, so nothing was done. Try again.',
  fenced: 'We could not confirm your session in time. Nothing was sent and nothing is lost. Try again in a moment.',
  'not-replayable': 'This has to be sent once more from the start. Try again.',
  'origin-not-allowed': 'This page may not send anything there.',
  misconfigured: 'The sign-in service does not accept this shop at the moment. We are on it.',
  unreachable: '3DIMLI cannot be reached right now. Try again in a moment.',
  'not-fresh': 'We could not confirm your session just now, so your order was not sent. Try again in a moment.',
  'sign-in-failed': 'The sign-in was not finished. Try again.',
  'order-pending': 'We do not know yet what became of your last order. Ask about it first; nothing is bought twice.',
  storage: 'This browser’s storage does not answer. Nothing was lost. Try again in a moment.',
  quota: 'There is no room left on this device. Remove a kept model and try again.',
  integrity: 'The file did not arrive as it left us, so we did not keep it. Try again.',
  'too-large': 'This file is too large for that.',
  'download-failed': 'The file could not be fetched. Try again in a moment.',
}

/** Says what went wrong and what can be done. */
export function explain(error: unknown): string {
  if (isSessionError(error)) {
    if (error.code === 'sign-in-failed' && (error.details as { error?: string }).error === 'access_denied') return 'You left the sign-in before it was finished.'
    return sentences[error.code]
  }
  if (isUnreachable(error)) return sentences.unreachable
  const status = statusOf(error)
  if (status === 403) return 'Your account is not allowed to do this.'
  if (status === 404) return 'This is not there any more.'
  if (status === 422) return 'Your cart has changed since. Look it over and try again.'
  return 'That did not work. Try again in a moment.'
}

/** Tells whether nobody answered, or only to say that nobody can. */
export function isUnreachable(error: unknown): boolean {
  if (isSessionError(error)) return error.code === 'unreachable'
  const status = statusOf(error)
  if (status !== undefined) return status >= 500 || status === 429
  return error instanceof TypeError || error instanceof NetworkError || error instanceof TimeoutError
}

function statusOf(error: unknown): number | undefined {
  if (error instanceof HttpError) return error.status
  return error instanceof HTTPError ? error.response.status : undefined
}
