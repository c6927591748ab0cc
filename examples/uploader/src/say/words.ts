/** What went wrong, in words for a person. */
import { isSessionError, type SessionErrorCode } from '@3dimli/session'
import { plain } from './frame.ts'

const signInFailures: Readonly<Record<string, string>> = {
  access_denied: 'The sign-in was refused.',
  expired_token: 'The code was not used in time.',
  timeout: 'Nobody signed in within five minutes.',
  no_browser: 'No browser could be opened here.',
  no_listener: 'This machine does not let the browser come back with the answer.',
  superseded: 'Another sign-in was begun meanwhile.',
}

const sentences: Partial<Record<SessionErrorCode, string>> = {
  'signed-out': 'Nobody is signed in.',
  'session-ended': 'The session has ended.',
  'session-changed': 'Another account signed in meanwhile, so nothing was done.',
  fenced: 'The session could not be confirmed in time. Nothing was sent.',
  misconfigured: 'The server does not know this program as one that may sign people in.',
  unreachable: 'The server cannot be reached.',
  storage: 'This machine’s storage does not answer.',
}

/** Says what went wrong. */
export function explain(error: unknown): string {
  if (isSessionError(error, 'sign-in-failed')) return signInFailures[error.details.error] ?? 'The sign-in was not finished.'
  if (isSessionError(error)) return sentences[error.code] ?? 'That did not work.'
  return error instanceof Error ? plain(error.message) : 'That did not work.'
}

/** Whether a code on another device helps where a sign-in in a browser did not. */
export function wantsCode(error: unknown): boolean {
  return isSessionError(error, 'sign-in-failed') && ['no_browser', 'no_listener', 'timeout'].includes(error.details.error)
}
