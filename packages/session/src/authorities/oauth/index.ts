/**
 * Any OAuth 2 / OpenID server as the authority of a session.
 *
 * @module `@3dimli/session/authorities/oauth`
 */
import type { Authority } from '../../authority.ts'
import { connect } from './connection.ts'
import { readOAuthOptions, type OAuthOptions } from './options.ts'

export type { OAuthOptions } from './options.ts'

/**
 * Makes the authority for an OAuth 2 / OpenID server; nothing is fetched before it is needed.
 *
 * Sign-in is authorization code with PKCE (RFC 7636) by redirect; tokens are bound to a key that cannot be exported where the server
 * supports DPoP (RFC 9449); given-up refresh tokens are revoked (RFC 7009). A session endpoint and an event feed are used where the
 * server's metadata, or an option, names them.
 *
 * Throws a `TypeError` that names a wrong option.
 *
 * @example
 * ```ts
 * import { oauth } from '@3dimli/session/authorities/oauth'
 * const authority = oauth({
 *   issuer: 'https://id.example.com',
 *   clientId: 'storefront',
 *   redirectUri: 'https://shop.example.com/',
 *   scope: 'openid offline_access library',
 * })
 * ```
 */
export function oauth(options: OAuthOptions): Authority {
  const checked = readOAuthOptions(options)
  return { issuer: checked.issuer, connect: (io) => connect(checked, io) }
}
