/** Why a file could not be sent, and what may pass by itself. */
import { isSessionError } from '@3dimli/session'
import type { UploadFailure } from './shape.ts'

/** What a part of a run throws when the file has failed. */
export interface FailedUpload extends Error {
  readonly failure: UploadFailure
}

/** Makes what is thrown. */
export function failed(failure: UploadFailure, cause?: unknown): FailedUpload {
  return Object.assign(new Error(`The upload failed: ${failure.code}.`, { cause }), { failure })
}

/** What a status of the server means for a file. */
export function failureOfStatus(status: number): UploadFailure {
  // 460 is the checksum extension's.
  if (status === 460) return { code: 'integrity', status }
  return { code: status < 500 ? 'refused' : 'unreachable', status }
}

/** Whether the same request may succeed a little later, or with another token. */
export function mayPass(error: unknown): boolean {
  const { failure } = causeOf(error) as Partial<FailedUpload>
  if (failure) return failure.code === 'unreachable' || (failure.code === 'refused' && [401, 408, 409, 423, 425, 429].includes(failure.status ?? 0))
  return !isSessionError(causeOf(error))
}

/** What tus-js-client wrapped, or the error itself. */
export function causeOf(error: unknown): object {
  const { causingError, originalResponse } = error as { causingError?: unknown; originalResponse?: { getStatus(): number } | null }
  if (typeof causingError === 'object' && causingError !== null) return causingError
  return originalResponse ? failed(failureOfStatus(originalResponse.getStatus()), error) : (error as object)
}

/** What becomes of a file after an error: it has failed, or it waits until the session lets it go on. */
export function outcomeOf(error: unknown): UploadFailure | 'wait' {
  const cause = causeOf(error)
  const { failure } = cause as Partial<FailedUpload>
  if (failure) return failure
  if (isSessionError(cause, 'origin-not-allowed')) return { code: 'origin-not-allowed' }
  if (isSessionError(cause, 'misconfigured')) return { code: 'refused' }
  return isSessionError(cause) ? 'wait' : { code: 'unreachable' }
}
