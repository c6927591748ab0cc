/** The error of a store that cannot be asked: whether anything was written is not known. */

/** Rejects whatever a store could not do in time. After a change it says nothing of whether it was made: ask again. */
export interface StoreUnavailableError extends Error {
  readonly code: 'store-unavailable'
}

const code = 'store-unavailable'

/** Makes the error. `detail` must hold nothing of what was to be written. */
export function storeUnavailable(detail: string): StoreUnavailableError {
  return Object.assign(new Error(`The store cannot be asked: ${detail}`), { name: 'StoreUnavailableError', code } as const)
}

/**
 * Tells whether a change was refused because the store could not be asked in time.
 *
 * @example
 * ```ts
 * import { isStoreUnavailable } from '@3dimli/session-server'
 *
 * await server.end(sid, { initiatingEntity: 'admin' }).catch((error: unknown) => {
 *   if (isStoreUnavailable(error)) return new Response('Not ended. Try again.', { status: 503 })
 *   throw error
 * })
 * ```
 */
export function isStoreUnavailable(error: unknown): error is StoreUnavailableError {
  return error instanceof Error && (error as { code?: unknown }).code === code
}
