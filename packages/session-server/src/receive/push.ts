/** RFC 8935: security event tokens that are pushed here. */
import { isOfType, readText } from '../body.ts'
import { fingerprint } from '../seal.ts'
import { positiveOr, receiverSettings } from './options.ts'
import { createTakeSet, type SecurityEventOptions, securityEventOptions } from './security-event-token.ts'
import { malformed, type Refusal } from './token.ts'

/** Options of {@link createSecurityEventPush}. */
export interface SecurityEventPushOptions extends SecurityEventOptions {
  /** The `Authorization` header that the sender was told to send, exactly. @default none is asked for: the signature says who it is from */
  readonly authorization?: string
  /** How long a token may be, bytes. @default 65536 */
  readonly maxBytes?: number
}

/**
 * Makes the endpoint that security event tokens are pushed to: 202 for one that is done, 400 with `err` and `description` for one that is refused,
 * 503 where it must come again. A token that comes twice is answered 202 and acts once.
 *
 * @throws TypeError naming the option that is wrong
 * @example
 * ```ts
 * import { createSecurityEventPush } from '@3dimli/session-server/receive'
 *
 * const push = createSecurityEventPush({
 *   server,
 *   issuer: 'https://signals.example',
 *   audience: 'https://shop.example',
 *   keys: 'https://signals.example/jwks',
 * })
 * const handle = (request: Request) => push(request)   // at the stream's delivery endpoint
 * ```
 * @see RFC 8935 section 2, RFC 8417, OpenID Shared Signals Framework 1.0, OpenID CAEP 1.0
 */
export function createSecurityEventPush(options: SecurityEventPushOptions): (request: Request) => Promise<Response> {
  const settings = receiverSettings(options, [...securityEventOptions, 'authorization', 'maxBytes'])
  const { authorization } = options
  if (authorization !== undefined && (typeof authorization !== 'string' || authorization === '')) throw new TypeError('"authorization" must be the value of a header')
  const maxBytes = positiveOr('maxBytes', options.maxBytes, 65_536)
  const take = createTakeSet(options, settings)

  /** Compared as hashes, so that the time it takes tells nothing of the header. */
  const isSender = async (request: Request) =>
    authorization === undefined || (await fingerprint(request.headers.get('authorization') ?? '')) === (await fingerprint(authorization))

  async function receive(request: Request): Promise<Refusal | undefined> {
    if (!(await isSender(request))) return { err: 'authentication_failed', description: 'The sender is not known here.' }
    if (!isOfType(request, 'application/secevent+jwt')) return malformed('The content type must be application/secevent+jwt.')
    const token = await readText(request, maxBytes)
    return token === undefined ? malformed('The token is too long.') : take(token.trim())
  }

  return async (request) => {
    if (request.method !== 'POST') return answer(405, undefined, { allow: 'POST' })
    try {
      const refusal = await receive(request)
      if (!refusal) return answer(202)
      settings.onRefused?.(refusal.description)
      return answer(400, { ...refusal }, { 'content-type': 'application/json', 'content-language': 'en' })
    } catch (error) {
      settings.onError?.(error)
      return answer(503, undefined, { 'retry-after': '5' })
    }
  }
}

function answer(status: number, body?: object, headers: Readonly<Record<string, string>> = {}): Response {
  return new Response(body ? JSON.stringify(body) : null, { status, headers: { 'cache-control': 'no-store', ...headers } })
}
