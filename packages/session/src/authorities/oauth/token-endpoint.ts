/** The token and revocation endpoints: what is sent, and new tokens or an answer to judge. */
import {
  None, allowInsecureRequests, customFetch, processRefreshTokenResponse, refreshTokenGrantRequest, revocationRequest, type Client,
} from 'oauth4webapi'
import { readAnswer } from '../../answer.ts'
import type { Answer, AuthorityPorts, TokenAnswer } from '../../authority.ts'
import { isAccessToken, mergeTokens, type Narrowing, type TokenSet } from '../../tokens.ts'
import type { Proofs } from './proof.ts'
import type { Server } from './server.ts'

type From = 'token' | 'revocation'

/** Sends one form and once more with the nonce its server asks for; a redirect is not followed, since it would carry the token. */
export async function sendForm(
  io: AuthorityPorts,
  proofs: Proofs,
  input: {
    readonly keys?: CryptoKeyPair
    readonly keepalive?: boolean
    readonly headers?: Readonly<Record<string, string>>
    readonly signal: AbortSignal
    readonly request: (send: (url: string, init: { method: string; headers: Record<string, string>; body?: unknown }) => Promise<Response>) => Promise<Response>
  },
): Promise<Response> {
  const attempt = (): Promise<Response> =>
    input.request(async (address, init) => {
      const url = new URL(address)
      const headers = new Headers({ ...init.headers, ...input.headers })
      if (input.keys) headers.set('dpop', await proofs.proof(input.keys, init.method, url))
      const response = await io.send(
        new Request(url, {
          method: init.method, headers, body: String(init.body), redirect: 'manual', credentials: 'omit',
          ...(input.keepalive && { keepalive: true }),
        }),
        input.signal,
      )
      renewed = proofs.note(url, response)
      return response
    })
  let renewed = false
  const first = await attempt()
  if (!renewed || !input.keys || (first.status !== 400 && first.status !== 401)) return first
  const answer = await readAnswer('token', first.clone())
  const wanted = 'body' in answer && (answer.body as { error?: unknown } | undefined)?.error === 'use_dpop_nonce'
  return wanted ? attempt() : first
}

/** Refreshes (RFC 6749 section 6), or spends the refresh token for one job (RFC 8707 section 2.2). */
export async function refreshTokens(
  io: AuthorityPorts,
  proofs: Proofs,
  server: Server,
  client: Client,
  input: { readonly tokens: TokenSet; readonly keys?: CryptoKeyPair; readonly attemptId: string; readonly narrow?: Narrowing; readonly signal: AbortSignal },
): Promise<TokenAnswer> {
  const { scope, resource = [] } = input.narrow ?? {}
  const scopes = scope === undefined ? {} : { scope }
  try {
    const response = await sendForm(io, proofs, {
      ...(input.keys && { keys: input.keys }),
      signal: input.signal,
      // A structured-field string (RFC 8941), as the Idempotency-Key draft asks for.
      ...(server.features.idempotent && { headers: { 'idempotency-key': `"${input.attemptId}"` } }),
      request: (send) =>
        refreshTokenGrantRequest(server.metadata, client, None(), input.tokens.refreshToken ?? '', {
          [customFetch]: send, [allowInsecureRequests]: isLoopback(server),
          additionalParameters: [...Object.entries(scopes), ...resource.map((each) => ['resource', each])],
        }),
    })
    if (!response.ok) return { answer: await readOrFail('token', response) }
    // Who the session belongs to was settled at the sign-in. An ID token here would only be held against this device's clock.
    const { id_token: _idToken, ...body } = readable(await response.json())
    const result = await processRefreshTokenResponse(server.metadata, client, Response.json(body)).catch(() => undefined)
    if (!result) return { answer: { from: 'token', status: 200 } }
    // A scope that is not named is the one that was asked for (RFC 6749 section 5.1).
    return { tokens: mergeTokens({ ...input.tokens, ...scopes }, result as never, io.clock.now()) }
  } catch {
    return { answer: { from: 'token', failed: input.signal.aborted ? 'timeout' : 'network' } }
  }
}

/** Leaves out what a token response says in no way that can be read: tokens are not thrown away for what it need not have, and an access token that no header can carry is none. */
export function readable(body: unknown): Record<string, unknown> {
  const { access_token: accessToken, expires_in: seconds, refresh_token: refreshToken, scope, ...rest } = (typeof body === 'object' && body !== null ? body : {}) as Record<string, unknown>
  return {
    ...rest,
    ...(isAccessToken(accessToken) && { access_token: accessToken }),
    ...((typeof seconds === 'number' || typeof seconds === 'string') && Number(seconds) >= 0 && { expires_in: Number(seconds) }),
    ...(typeof refreshToken === 'string' && refreshToken !== '' && { refresh_token: refreshToken }),
    ...(typeof scope === 'string' && { scope }),
  }
}

/** Revokes a refresh token (RFC 7009); goes on when the page is left. */
export async function revokeToken(
  io: AuthorityPorts,
  proofs: Proofs,
  server: Server,
  client: Client,
  input: { readonly token: string; readonly keys?: CryptoKeyPair; readonly signal: AbortSignal },
): Promise<Answer> {
  if (!server.features.revocation) return { from: 'revocation', failed: 'unsupported' }
  try {
    const response = await sendForm(io, proofs, {
      ...(input.keys && { keys: input.keys }),
      keepalive: true,
      signal: input.signal,
      request: (send) =>
        revocationRequest(server.metadata, client, None(), input.token, {
          [customFetch]: send, [allowInsecureRequests]: isLoopback(server), additionalParameters: { token_type_hint: 'refresh_token' },
        }),
    })
    return await readOrFail('revocation', response)
  } catch {
    return { from: 'revocation', failed: input.signal.aborted ? 'timeout' : 'network' }
  }
}

/** An answer that was sent elsewhere is nobody's word. */
export async function readOrFail(from: From | 'session', response: Response): Promise<Answer> {
  if (response.type === 'opaqueredirect' || (response.status >= 300 && response.status < 400)) return { from, failed: 'redirected' }
  return readAnswer(from, response)
}

/** The options allow plain http for loopback only, and so may the protocol library. */
export function isLoopback(server: Server): boolean {
  return server.metadata.issuer.startsWith('http:')
}
