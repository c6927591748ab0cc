/** What a token response brings at a sign-in, read the same way however the person got there. */
import { clockSkew, getValidatedIdTokenClaims, type Client, type TokenEndpointResponse } from 'oauth4webapi'
import { SessionError } from '../../errors.ts'
import type { AuthorityPorts, Grant } from '../../authority.ts'
import { mergeTokens } from '../../tokens.ts'
import type { OAuthOptions } from './options.ts'
import type { Proofs } from './proof.ts'
import { readable } from './token-endpoint.ts'

/** What every sign-in of one connection is made with. */
export interface Means {
  readonly options: OAuthOptions
  readonly io: AuthorityPorts
  readonly proofs: Proofs
  readonly client: Client
}

/**
 * Reads a response with tokens. `check` is the protocol library's; `keys` are those the request was signed with; `name` is the subject where
 * nobody says who this is.
 */
export async function readGrant(
  { options, io, client }: Means,
  response: Response,
  input: { readonly keys: CryptoKeyPair | undefined; readonly name: string; readonly check: (judge: Client, response: Response) => Promise<TokenEndpointResponse> },
): Promise<Grant> {
  try {
    const now = io.clock.now()
    const judge: Client = { ...client, [clockSkew]: await skewOf(response, now) }
    const lenient = response.ok ? Response.json(readable(await response.json())) : response
    const result = await input.check(judge, lenient)
    const claims = getValidatedIdTokenClaims(result)
    const tokens = mergeTokens(undefined, result as never, now)
    const sid = claims?.sid
    return {
      tokens,
      ...(input.keys && tokens.tokenType === 'DPoP' && { keys: input.keys }),
      issuer: options.issuer,
      // Without an ID token nobody says who this is; a name of its own keeps it apart from everybody else.
      subject: claims?.sub ?? `unknown:${input.name}`,
      ...(typeof sid === 'string' && { sid }),
      ...(claims && { establishedAt: claims.iat * 1000 }),
    }
  } catch {
    // The library's errors carry the response, tokens included; none of it may travel on.
    throw failed('invalid_response')
  }
}

/** A sign-in that did not complete, by the server's own word where that is a word. */
export function failed(error: string, cause?: unknown): SessionError {
  return new SessionError('sign-in-failed', { error: /^[\w-]{1,64}$/.test(error) ? error : 'unknown' }, cause === undefined ? {} : { cause })
}

/** Seconds this device's clock is behind the server's, by the ID token that was made a moment ago: a wrong clock is no reason to refuse it. */
async function skewOf(response: Response, now: number): Promise<number> {
  try {
    const { id_token: idToken } = (await response.clone().json()) as { id_token?: unknown }
    const payload = String(idToken).split('.')[1] ?? ''
    const { iat } = JSON.parse(atob(payload.replaceAll('-', '+').replaceAll('_', '/'))) as { iat?: unknown }
    return typeof iat === 'number' && Number.isFinite(iat) ? Math.round(iat - now / 1000) : 0
  } catch {
    return 0
  }
}
