/** What an error means for the exit code. */
import { isSessionError } from '@3dimli/session'
import { exitCode, type ExitCode } from './exit-code.ts'

/** The server did not answer, or only to say that it cannot. */
export interface Unreachable extends Error {
  readonly unreachable: true
}

/** Makes what is thrown then. */
export function unreachable(cause?: unknown): Unreachable {
  return Object.assign(new Error('The server cannot be reached.', { cause }), { unreachable: true as const })
}

/** Whether trying again later may help. */
export function isUnreachable(error: unknown): boolean {
  return isSessionError(error, 'unreachable') || (error as Partial<Unreachable> | undefined)?.unreachable === true
}

/** The code to end with after an error. */
export function exitCodeOf(error: unknown): ExitCode {
  if (isUnreachable(error)) return exitCode.unreachable
  return isSessionError(error, 'signed-out') || isSessionError(error, 'session-ended') || isSessionError(error, 'session-changed') ? exitCode.signedOut : exitCode.failed
}
