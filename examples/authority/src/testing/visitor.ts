/** A person with a browser, by plain HTTP: cookies, redirects, the login form, and the tokens at the end. */
import { hash, randomBytes } from 'node:crypto'

/** An answer of the token endpoint. */
export interface Tokens {
  readonly access_token: string
  readonly refresh_token: string
  readonly id_token: string
  readonly expires_in: number
  readonly token_type: string
  readonly scope: string
}

/** Where an authorization came to: the form, or back to the storefront. */
export type Arrival = { readonly at: 'form'; readonly address: string; readonly html: string } | { readonly at: 'storefront'; readonly address: URL; readonly verifier: string }

/** Choices of a sign-in. */
export interface SignInOptions {
  readonly email?: string
  readonly password?: string
  readonly scope?: string
  readonly prompt?: string
  readonly headers?: Readonly<Record<string, string>>
}

/** One browser. */
export interface Visitor {
  /** Starts an authorization and follows it until someone has to do something. */
  authorize(options?: SignInOptions): Promise<Arrival>
  /** Fills the form in. */
  submit(form: Arrival, options?: SignInOptions): Promise<Arrival>
  /** Exchanges what the storefront was given. */
  redeem(arrival: Arrival, headers?: Readonly<Record<string, string>>): Promise<Tokens>
  /** All of it. */
  signIn(options?: SignInOptions): Promise<Tokens>
  refresh(token: string, key?: string, headers?: Readonly<Record<string, string>>): Promise<Response>
  revoke(token: string): Promise<Response>
}

/** What a page that submits itself sends. */
function submitted(html: string, base: URL): [URL, URLSearchParams] {
  const fields = [...html.matchAll(/name="([^"]*)" value="([^"]*)"/g)].map(([, name, value]): [string, string] => [name!, value!])
  return [new URL(/action="([^"]*)"/.exec(html)![1]!, base), new URLSearchParams(fields)]
}

/** Opens a browser that has never been here. */
export function createVisitor(issuer: string, storefront: string): Visitor {
  const cookies = new Map<string, { value: string; path: string }>()
  const redirectUri = `${storefront}/signed-in`
  let verifier = ''

  async function visit(address: string, body?: URLSearchParams): Promise<Arrival> {
    for (let [at, form] = [new URL(address), body]; ; ) {
      if (at.origin === storefront) return { at: 'storefront', address: at, verifier }
      const cookie = [...cookies].filter(([, { path }]) => at.pathname === path || at.pathname.startsWith(path === '/' ? '/' : `${path}/`)).map(([name, { value }]) => `${name}=${value}`).join('; ')
      const response = await fetch(at, { redirect: 'manual', headers: { cookie, accept: 'text/html' }, ...(form ? { method: 'POST', body: form } : {}) })
      for (const line of response.headers.getSetCookie()) keep(line)
      const next = response.headers.get('location')
      const html = await response.text()
      if (next !== null) [at, form] = [new URL(next, at), undefined]
      else if (html.includes('document.forms[0].submit()')) [at, form] = submitted(html, at)
      else return { at: 'form', address: at.href, html }
    }
  }

  function keep(line: string): void {
    const [pair, ...attributes] = line.split(/; */)
    const [name, value] = [pair!.slice(0, pair!.indexOf('=')), pair!.slice(pair!.indexOf('=') + 1)]
    const path = attributes.find((attribute) => /^path=/i.test(attribute))?.slice(5) ?? '/'
    if (value === '') cookies.delete(name)
    else cookies.set(name, { value, path })
  }

  function post(path: string, body: Readonly<Record<string, string>>, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
    return fetch(`${issuer}${path}`, { method: 'POST', body: new URLSearchParams({ client_id: 'storefront', ...body }), headers })
  }

  const visitor: Visitor = {
    authorize({ scope = 'openid offline_access profile library checkout', prompt } = {}) {
      verifier = randomBytes(32).toString('base64url')
      const query = new URLSearchParams({
        client_id: 'storefront', response_type: 'code', redirect_uri: redirectUri, scope, state: 's',
        code_challenge: hash('sha256', verifier, 'base64url'), code_challenge_method: 'S256', ...(prompt === undefined ? {} : { prompt }),
      })
      return visit(`${issuer}/auth?${query}`)
    },
    submit(form, { email = 'mira@example.test', password = 'demo' } = {}) {
      return visit(String(form.address), new URLSearchParams({ email, password }))
    },
    async redeem(arrival, headers) {
      const code = arrival.at === 'storefront' ? arrival.address.searchParams.get('code') : null
      if (arrival.at !== 'storefront' || code === null) throw new Error(`No code: ${String(arrival.address)}`)
      const response = await post('/token', { grant_type: 'authorization_code', code, redirect_uri: redirectUri, code_verifier: arrival.verifier }, headers)
      if (!response.ok) throw new Error(`No tokens: ${await response.text()}`)
      return (await response.json()) as Tokens
    },
    async signIn(options = {}) {
      const arrival = await visitor.authorize(options)
      return visitor.redeem(arrival.at === 'form' ? await visitor.submit(arrival, options) : arrival, options.headers)
    },
    refresh: (token, key, headers) => post('/token', { grant_type: 'refresh_token', refresh_token: token }, { ...headers, ...(key === undefined ? {} : { 'idempotency-key': key }) }),
    revoke: (token) => post('/token/revocation', { token, token_type_hint: 'refresh_token' }),
  }
  return visitor
}
