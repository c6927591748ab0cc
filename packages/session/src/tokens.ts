/** Tokens as this device keeps them; wire seconds become epoch milliseconds here and nowhere else. */

/** What one sign-in or refresh left in our hands. */
export interface TokenSet {
  readonly accessToken: string
  readonly tokenType: 'Bearer' | 'DPoP'
  /** When it arrived, epoch ms by this device's clock. */
  readonly receivedAt: number
  /** Epoch ms by this device's clock; absent when the server did not say. */
  readonly expiresAt?: number
  readonly refreshToken?: string
  /** When the refresh token is known to stop working, epoch ms. */
  readonly refreshExpiresAt?: number
  readonly scope?: string
}

/** What a token for one job is asked to be good for (RFC 6749 section 3.3, RFC 8707 section 2). */
export interface Narrowing {
  readonly scope?: string
  readonly resource?: readonly string[]
}

/** The members of a token endpoint's success that matter here (RFC 6749 section 5.1). */
export interface TokenResponse {
  readonly access_token: string
  readonly token_type: string
  readonly expires_in?: unknown
  readonly refresh_token?: unknown
  readonly refresh_token_expires_in?: unknown
  readonly scope?: unknown
}

/** Reads a token response against what was known before: an absent member keeps its old value. */
export function mergeTokens(previous: TokenSet | undefined, response: TokenResponse, now: number): TokenSet {
  const expiresInMs = toMs(response.expires_in)
  const refreshExpiresInMs = toMs(response.refresh_token_expires_in)
  const refreshToken = text(response.refresh_token) ?? previous?.refreshToken
  const scope = text(response.scope) ?? previous?.scope
  // What was said of an older refresh token says nothing about its successor.
  const sameToken = refreshToken === previous?.refreshToken
  const refreshExpiresAt = refreshExpiresInMs !== undefined ? now + refreshExpiresInMs : sameToken ? previous?.refreshExpiresAt : undefined
  return {
    accessToken: response.access_token,
    tokenType: response.token_type.toLowerCase() === 'dpop' ? 'DPoP' : 'Bearer',
    receivedAt: now,
    ...(expiresInMs !== undefined && { expiresAt: now + expiresInMs }),
    ...(refreshToken !== undefined && { refreshToken }),
    ...(refreshExpiresAt !== undefined && { refreshExpiresAt }),
    ...(scope !== undefined && { scope }),
  }
}

/** Puts the refresh token that came with a token for one job beside the access token that is kept. */
export function mergeMinted(kept: TokenSet, { refreshToken, refreshExpiresAt }: TokenSet): TokenSet {
  if (refreshToken === undefined) return kept
  const { refreshExpiresAt: _older, ...rest } = kept
  return { ...rest, refreshToken, ...(refreshExpiresAt !== undefined && { refreshExpiresAt }) }
}

/** Tells whether a header can carry an access token (RFC 6749 appendix A.12): an engine's error about one that it cannot would show it. */
export function isAccessToken(value: unknown): value is string {
  return typeof value === 'string' && /^[\x20-\x7e]+$/.test(value)
}

/** Reads seconds of the wire as milliseconds; what is no sensible length of time says nothing. */
export function toMs(seconds: unknown): number | undefined {
  return typeof seconds === 'number' && seconds >= 0 && seconds * 1000 <= Number.MAX_SAFE_INTEGER ? Math.round(seconds * 1000) : undefined
}

/** Counts the life of tokens from an earlier time than that of their arrival; a time still to come tells that the clock went back, and the age of nothing. */
export function madeAt(tokens: TokenSet, at: number): TokenSet {
  const { expiresAt, receivedAt } = tokens
  const lateMs = at > receivedAt ? (expiresAt ?? receivedAt) - receivedAt : receivedAt - at
  return { ...tokens, receivedAt: receivedAt - lateMs, ...(expiresAt !== undefined && { expiresAt: expiresAt - lateMs }) }
}

/** Tells how fresh an access token is: usable, due for a refresh while it still works, or spent. */
export function freshness(tokens: TokenSet, now: number): 'fresh' | 'due' | 'spent' {
  if (tokens.expiresAt === undefined) return 'fresh'
  const lifetime = tokens.expiresAt - tokens.receivedAt
  // A token the server gave a second ago is used once even when the clock or its lifetime says otherwise.
  if (lifetime <= 0) return 'fresh'
  if (now >= tokens.expiresAt) return 'spent'
  return now >= tokens.expiresAt - Math.min(lifetime / 10, 30_000) ? 'due' : 'fresh'
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}
