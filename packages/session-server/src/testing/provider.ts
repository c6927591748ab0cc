/** A real OpenID provider that tells its client of a logout, and a person who signs in and out there by plain HTTP. */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, generateKeyPair } from 'jose'
import { Provider } from 'oidc-provider'

/** What a sign-in brought. */
export interface SignedIn {
  readonly sid: string
  readonly sub: string
}

/** A person with a browser of their own. */
export interface Person {
  signIn(): Promise<SignedIn>
  signOut(): Promise<void>
}

/** A running provider. */
export interface TestProvider {
  readonly issuer: string
  readonly jwksUri: string
  readonly clientId: string
  /** A person in a fresh browser. */
  person(login: string): Person
  /** The outcome of each logout it has told the client of. */
  readonly told: readonly ('success' | 'error')[]
  close(): Promise<void>
}

const clientId = 'shop'
const redirectUri = 'http://127.0.0.1:9/signed-in'

/** Starts one; `sessionRequired` makes it name the session in its logout tokens. */
export async function startProvider(logoutUri: string, sessionRequired: boolean): Promise<TestProvider> {
  let answer: (request: IncomingMessage, response: ServerResponse) => void = () => {}
  const http = createServer((request, response) => answer(request, response)).listen(0, '127.0.0.1')
  await once(http, 'listening')
  const issuer = `http://127.0.0.1:${(http.address() as AddressInfo).port}`
  const { privateKey } = await generateKeyPair('ES256', { extractable: true })
  const told: ('success' | 'error')[] = []
  const provider = new Provider(issuer, {
    clients: [{
      client_id: clientId, token_endpoint_auth_method: 'none', redirect_uris: [redirectUri], response_types: ['code'], grant_types: ['authorization_code'],
      id_token_signed_response_alg: 'ES256', backchannel_logout_uri: logoutUri, backchannel_logout_session_required: sessionRequired,
    }],
    clientDefaults: { id_token_signed_response_alg: 'ES256' },
    clientAuthMethods: ['none'],
    jwks: { keys: [{ ...(await exportJWK(privateKey)), alg: 'ES256', use: 'sig' }] },
    cookies: { keys: ['a key of a test'] },
    pkce: { required: () => false },
    // Its own guard lets no logout go to this machine.
    fetch: (address, init) => fetch(address, { ...init, dispatcher: undefined } as RequestInit),
    findAccount: (_ctx, sub) => ({ accountId: sub, claims: () => ({ sub }) }),
    ttl: { AuthorizationCode: 60, AccessToken: 600, Grant: 600, IdToken: 600, Interaction: 600, Session: 600 },
    features: {
      devInteractions: { enabled: true },
      backchannelLogout: { enabled: true },
      rpInitiatedLogout: {
        enabled: true,
        logoutSource: (ctx, form) => void (ctx.body = form),
        postLogoutSuccessSource: (ctx) => void (ctx.body = 'done'),
      },
    },
  })
  provider.on('backchannel.success', () => void told.push('success'))
  provider.on('backchannel.error', () => void told.push('error'))
  const theirs = provider.callback()
  answer = (request, response) => void theirs(request, response)

  return {
    issuer,
    jwksUri: `${issuer}/jwks`,
    clientId,
    told,
    person: (login) => createPerson(issuer, login),
    async close() {
      http.close()
      http.closeAllConnections()
    },
  }
}

function createPerson(issuer: string, login: string): Person {
  const cookies = new Map<string, string>()

  /** Goes where it is sent until there is a form, or the client is reached. */
  async function visit(address: string, form?: Record<string, string>): Promise<{ html: string; at: URL }> {
    for (let [at, body] = [new URL(address), form]; ; ) {
      if (at.href.startsWith(redirectUri)) return { html: '', at }
      const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
      const response = await fetch(at, { redirect: 'manual', headers: { cookie }, ...(body ? { method: 'POST', body: new URLSearchParams(body) } : {}) })
      for (const line of response.headers.getSetCookie()) {
        const [name, value = ''] = line.split(';', 1)[0]!.split(/=(.*)/)
        if (value === '') cookies.delete(name!)
        else cookies.set(name!, value)
      }
      const [next, html] = [response.headers.get('location'), await response.text()]
      if (next === null) return { html, at }
      ;[at, body] = [new URL(next, at), undefined]
    }
  }
  const submit = ({ html, at }: { html: string; at: URL }, more: Record<string, string> = {}) => {
    const fields = [...html.matchAll(/type="hidden" name="(\w+)" value="([^"]*)"/g)].map(([, name, value]) => [name!, value!])
    return visit(new URL(/action="([^"]*)"/.exec(html)![1]!, at).href, { ...Object.fromEntries(fields), ...more })
  }

  return {
    async signIn() {
      const query = new URLSearchParams({ client_id: clientId, response_type: 'code', redirect_uri: redirectUri, scope: 'openid' })
      let page = await visit(`${issuer}/auth?${query}`)
      while (page.html !== '') page = await submit(page, page.html.includes('name="login"') ? { login, password: 'any' } : {})
      const form = { client_id: clientId, grant_type: 'authorization_code', redirect_uri: redirectUri, code: page.at.searchParams.get('code')! }
      const answer = (await (await fetch(`${issuer}/token`, { method: 'POST', body: new URLSearchParams(form) })).json()) as { id_token: string }
      return JSON.parse(Buffer.from(answer.id_token.split('.')[1]!, 'base64url').toString()) as SignedIn
    },
    async signOut() {
      await submit(await visit(`${issuer}/session/end`), { logout: 'yes' })
    },
  }
}
