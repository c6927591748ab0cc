/** OpenID Connect Back-Channel Logout 1.0: the provider says that somebody has signed out there, and the sessions here end. */
import { isOfType, readText } from '../body.ts'
import { json } from '../problem.ts'
import { act } from './act.ts'
import { type ReceiverOptions, receiverSettings } from './options.ts'
import type { Subject } from './subject.ts'
import { createTokenCheck, isRefusal, malformed, objectClaim, type Refusal, toleranceSeconds } from './token.ts'

const event = 'http://schemas.openid.net/event/backchannel-logout'
const bodyBytes = 16_384
/** Providers let a logout token live for minutes. */
const daySeconds = 86_400
/** A provider that names no type sends `JWT` or nothing; any other type is another kind of token. */
const types = [undefined, 'jwt', 'logout+jwt', 'application/logout+jwt']

/**
 * Makes the handler of the `backchannel_logout_uri`: a POST of the provider in, 200 out when the sessions are over, 400 otherwise.
 *
 * A logout token with `sid` ends that session, one without ends all of its subject. Sessions that are not known end nothing and are no error.
 *
 * @throws TypeError naming the option that is wrong
 * @example
 * ```ts
 * import { createBackChannelLogout } from '@3dimli/session-server/receive'
 *
 * const logout = createBackChannelLogout({
 *   server,
 *   issuer: 'https://id.example',
 *   audience: 'storefront',
 *   keys: 'https://id.example/jwks',
 * })
 * const handle = (request: Request) => logout(request)   // at the address that the provider knows
 * ```
 * @see OpenID Connect Back-Channel Logout 1.0, sections 2.5 to 2.8
 */
export function createBackChannelLogout(options: ReceiverOptions): (request: Request) => Promise<Response> {
  const settings = receiverSettings(options)
  const check = createTokenCheck(settings)

  async function take(token: string): Promise<Refusal | undefined> {
    const verified = await check(token, { requiredClaims: ['iat', 'exp', 'jti', 'events'], maxTokenAge: daySeconds })
    if (isRefusal(verified)) return verified
    const { payload, protectedHeader } = verified
    if (!types.includes(protectedHeader.typ?.toLowerCase())) return malformed('This is another type of token.')
    const { iss, sub, sid, jti, iat, exp } = payload
    if (typeof jti !== 'string' || jti === '') return malformed('The "jti" is not as it should be.')
    if ('nonce' in payload) return malformed('A logout token must not have a "nonce".')
    if (!isObject(objectClaim(payload, 'events')?.[event])) return malformed('The "events" name no logout.')
    if (!isNameOrAbsent(sub) || !isNameOrAbsent(sid) || (sub ?? sid) === undefined) return malformed('The token names neither a "sid" nor a "sub".')
    const user = sub === undefined ? {} : { user: { format: 'iss_sub', iss: iss!, sub } as const }
    const session = sid === undefined ? {} : { session: { format: 'opaque', id: sid } as const }
    const about: Subject = { format: 'complex', ...session, ...user }
    const ends = [{ at: iat!, how: { initiatingEntity: 'user', reason: 'signed-out-elsewhere' } as const }]
    await act(settings, { jti, types: [event], about, ends, until: (Math.min(exp!, iat! + daySeconds) + toleranceSeconds) * 1000 })
    return undefined
  }

  return async (request) => {
    if (request.method !== 'POST') return new Response(null, { status: 405, headers: { allow: 'POST', 'cache-control': 'no-store' } })
    try {
      const body = isOfType(request, 'application/x-www-form-urlencoded') ? await readText(request, bodyBytes) : undefined
      const token = new URLSearchParams(body).get('logout_token')
      const refusal = token === null ? malformed('There is no logout token of a reasonable size.') : await take(token)
      if (!refusal) return new Response(null, { status: 200, headers: { 'cache-control': 'no-store' } })
      settings.onRefused?.(refusal.description)
      return json({ error: 'invalid_request', error_description: 'This is no valid logout token of the issuer for this client.' }, 400)
    } catch (error) {
      settings.onError?.(error)
      // The specification has 400 for a logout that failed, too.
      return json({ error: 'temporarily_unavailable', error_description: 'The logout could not be carried out now.' }, 400)
    }
  }
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isNameOrAbsent(value: unknown): value is string | undefined {
  return value === undefined || (typeof value === 'string' && value !== '')
}
