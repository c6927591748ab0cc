/**
 * A ky instance whose requests go through the session.
 *
 * @module `@3dimli/session/http`
 */
import ky, { type KyInstance, type Options } from 'ky'
import { isSessionError } from '../errors.ts'
import { feature } from '../feature.ts'
import type { Session } from '../shape.ts'

/**
 * Makes a ky instance over `session.fetch`: every option of ky but `fetch` works as its users know it. Each call, its retries included, stays with
 * the session it was made in. What the SDK refuses is thrown as `SessionError` and not tried again.
 *
 * @example
 * ```ts
 * import type { Session } from '@3dimli/session'
 * import { createHttp } from '@3dimli/session/http'
 * declare const session: Session
 *
 * const api = createHttp(session, { prefix: 'https://api.example.com' })
 * const library = await api.get('library').json()
 * ```
 */
export function createHttp(session: Session, options: Options = {}): KyInstance {
  if (options.fetch !== undefined) throw new TypeError('"fetch" cannot be given: requests go through the session')
  const access = session[feature]
  const { hooks = {}, retry } = options
  const given = typeof retry === 'object' ? retry : { ...(retry !== undefined && { limit: retry }) }
  return ky.create({
    ...options,
    // Runs when the call is made, before ky waits for anything: this is the session the call belongs to.
    hooks: {
      ...hooks,
      init: [
        ...(hooks.init ?? []),
        (call) => {
          const captured = access.capture(call.signal ?? undefined)
          // Whoever waits for the answer learns of it there.
          captured.catch(() => undefined)
          call.fetch = async (input, init) => access.fetch(input as RequestInfo, init, await captured)
        },
      ],
    },
    retry: {
      ...given,
      async shouldRetry(state) {
        if (isSessionError(state.error)) return false
        return given.shouldRetry?.(state)
      },
    },
  })
}
