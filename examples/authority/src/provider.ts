/** The OpenID provider: two public clients, a grant for each sign-in, rotating refresh tokens, tokens that name their session. */
import type { SessionMetadata } from '@3dimli/session-server'
import { errors, Provider, type Configuration } from 'oidc-provider'
import { accountBySub } from './accounts.ts'
import type { Keys } from './keys.ts'
import { devicePages } from './pages/device.ts'
import { errorPage } from './pages/pages.ts'
import type { ProviderStore } from './provider-store.ts'
import { pageHeaders } from './pages/headers.ts'

/** The clients: the shop in a browser, and the sellers' program on their desktops. */
export const clientId = 'storefront'
export const nativeClientId = 'uploader'
/** What each client's token for the API can allow. */
export const apiScopes = { [clientId]: 'library checkout profile uploads:write', [nativeClientId]: 'profile uploads:write' }
const scopesOf = (client: string): string => (apiScopes as Readonly<Record<string, string>>)[client] ?? ''

/** What the provider is made of. */
export interface ProviderSettings {
  readonly issuer: string
  readonly origins: readonly string[]
  readonly store: ProviderStore
  readonly keys: Keys
  readonly metadata: SessionMetadata | Record<never, never>
  readonly accessTokenSeconds: number
  readonly idleSeconds: number
  readonly idempotentRefresh: boolean
  readonly dpop: boolean
  readonly dpopNonce: boolean
}

/** Makes the provider. */
export function createProvider(settings: ProviderSettings): Provider {
  const { issuer, origins, store, keys, metadata, accessTokenSeconds, idleSeconds, idempotentRefresh, dpop, dpopNonce } = settings
  const audience = `${issuer}/api`
  const port = new URL(issuer).port

  const configuration: Configuration = {
    adapter: (name: string) => store.adapter(name),
    clients: [{
      client_id: clientId,
      client_name: '3DIMLI Storefront',
      token_endpoint_auth_method: 'none',
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      redirect_uris: origins.flatMap((origin) => [`${origin}/`, `${origin}/signed-in`]),
      id_token_signed_response_alg: 'ES256',
    }, {
      client_id: nativeClientId,
      client_name: '3DIMLI Uploader',
      application_type: 'native',
      token_endpoint_auth_method: 'none',
      grant_types: ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code'],
      response_types: ['code'],
      // On any port, RFC 8252 section 7.3.
      redirect_uris: ['http://127.0.0.1/'],
      id_token_signed_response_alg: 'ES256',
    }],
    clientDefaults: { id_token_signed_response_alg: 'ES256' },
    clientBasedCORS: (_ctx, origin) => origins.includes(origin),
    jwks: { keys: [keys.jwk] },
    cookies: {
      keys: [keys.cookieKey],
      // Cookies do not know ports: two authorities on one machine would overwrite each other's.
      names: { session: `session_${port}`, interaction: `interaction_${port}`, resume: `resume_${port}` },
    },
    claims: { openid: ['sub'], profile: ['name'], email: ['email'] },
    scopes: ['openid', 'offline_access', 'profile', 'email'],
    responseTypes: ['code'],
    clientAuthMethods: ['none'],
    pkce: { required: () => true },
    // `/session` is the session endpoint's.
    routes: { end_session: '/sign-out' },
    // Looked at here because the provider spends the refresh token before it refuses a resource: the successor would be lost.
    rotateRefreshToken: (ctx) => {
      if ([ctx.oidc.params?.['resource']].flat().some((resource) => (resource ?? audience) !== audience)) throw new errors.InvalidTarget()
      return true
    },
    issueRefreshToken: async (_ctx, client) => client.grantTypeAllowed('refresh_token'),
    // Tokens live and die with their own session, not with the browser's login; and the code is told here which session it will be.
    expiresWithSession: async (_ctx, source) => {
      if ('grantId' in source && source.grantId !== undefined) source.sid = source.grantId
      return false
    },
    extraTokenClaims: async (_ctx, token) => ('sid' in token ? { sid: token.sid } : undefined),
    findAccount: async (_ctx, sub) => {
      const account = accountBySub(sub)
      return account && { accountId: sub, claims: async () => ({ sub, name: account.name, email: account.email }) }
    },
    // The clients are the shop's own: whoever signs in consents. Each authorization has a grant of its own, and the grant names the session.
    loadExistingGrant: async (ctx) => {
      const { client, session, result, params, provider } = ctx.oidc
      if (!client || !session?.accountId || ctx.oidc.promptPending('login')) return undefined
      const consented = result?.consent?.grantId
      if (consented) return provider.Grant.find(consented)
      const grant = new provider.Grant({ accountId: session.accountId, clientId: client.clientId })
      grant.addOIDCScope(String(params?.['scope'] ?? 'openid'))
      grant.addResourceScope(audience, scopesOf(client.clientId))
      await grant.save()
      return grant
    },
    interactions: { url: (_ctx, interaction) => `/interaction/${interaction.uid}` },
    features: {
      devInteractions: { enabled: false },
      rpInitiatedLogout: { enabled: false },
      // Access tokens are for the API, and it answers `/api/me`.
      userinfo: { enabled: false },
      pushedAuthorizationRequests: { enabled: false },
      deviceFlow: { enabled: true, ...devicePages },
      dPoP: { enabled: dpop, ...(dpop && dpopNonce ? { nonceSecret: keys.nonceSecret, requireNonce: () => true } : {}) },
      revocation: {
        enabled: true,
        // A token that has been rotated is no one's any more: giving it back must not take the grant from who holds its successor.
        allowedPolicy: async (_ctx, client, token) => token.clientId === client.clientId && !('consumed' in token && token.consumed),
      },
      resourceIndicators: {
        enabled: true,
        defaultResource: async () => audience,
        useGrantedResource: async () => true,
        getResourceServerInfo: async (_ctx, resource, client) => {
          if (resource !== audience) throw new errors.InvalidTarget()
          return { scope: scopesOf(client.clientId), audience, accessTokenTTL: accessTokenSeconds, accessTokenFormat: 'jwt', jwt: { sign: { alg: 'ES256' } } }
        },
      },
    },
    ttl: {
      AccessToken: accessTokenSeconds,
      AuthorizationCode: 60,
      DeviceCode: 600,
      Grant: 400 * 86_400,
      IdToken: 3600,
      Interaction: 3600,
      RefreshToken: idleSeconds,
      Session: idleSeconds,
    },
    discovery: { ...metadata, ...(idempotentRefresh ? { idempotency_supported: true } : {}) },
    renderError: async (ctx, out) => {
      ctx.set(pageHeaders())
      ctx.type = 'html'
      ctx.body = String(errorPage(out.error_description ?? out.error))
    },
  }
  return new Provider(issuer, configuration)
}
