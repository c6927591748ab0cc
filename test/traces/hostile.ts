// A server that says back whatever it was told, in every wrong way there is, to a session on a device in memory.
import { randomUUID } from 'node:crypto'
import { createSession, type Session } from '@3dimli/session'
import { oauth } from '@3dimli/session/authorities/oauth'
import { createDevice, type Device, type DeviceContext } from '@3dimli/session/testing'
import { canary } from './canaries.ts'

export const issuer = 'https://id.test'
export const api = 'https://api.test'
export type Endpoint = 'discovery' | 'token' | 'session' | 'events' | 'revocation' | 'api'
/** Answers one request, of which it is given everything as one text. */
export type Bend = (echo: string) => Response | Promise<Response>

const html = (echo: string, status: number) => new Response(`<html><body>${echo}</body></html>`, { status, headers: { 'content-type': 'text/html' } })
const json = (body: unknown, status: number, headers: Record<string, string> = {}) => Response.json(body, { status, headers })
const header = (echo: string) => echo.replaceAll(/[^ -~]|"|\\/g, ' ')

type Ports = ReturnType<DeviceContext['platform']['open']>

/** What the server does instead of answering well. */
export const bends: Readonly<Record<string, Bend>> = {
  '401 with a challenge': (echo) => json({ detail: echo }, 401, { 'www-authenticate': `Bearer error="invalid_token", error_description="${header(echo)}", scope="${header(echo)}"` }),
  '401 with a problem': (echo) => json({ type: `${issuer}/problems/token-expired`, title: echo, detail: echo, instance: echo }, 401),
  '401 with a proof of another session': (echo) => json({ active: false, type: `${issuer}/problems/session-revoked`, sid: echo, detail: echo }, 401),
  '403': (echo) => json({ error: 'insufficient_scope', error_description: echo }, 403, { 'www-authenticate': `Bearer error="insufficient_scope", scope="${header(echo)}"` }),
  '404': (echo) => html(echo, 404),
  '429': (echo) => json({ error_description: echo }, 429, { 'retry-after': header(echo) }),
  '500 with a page': (echo) => html(echo, 500),
  '503 with JSON': (echo) => json({ error: echo, error_description: echo }, 503),
  'invalid_grant': (echo) => json({ error: 'invalid_grant', error_description: echo, error_uri: `${issuer}/${encodeURIComponent(echo)}` }, 400),
  'an error code made of it': (echo) => json({ error: echo }, 400),
  'invalid_client': (echo) => json({ error: 'invalid_client', error_description: echo }, 401),
  'a page where JSON is due': (echo) => html(echo, 200),
  'JSON that breaks off': (echo) => new Response(`{"access_token":"${echo}`, { headers: { 'content-type': 'application/json' } }),
  'JSON of the wrong form': (echo) => json({ access_token: { echo }, token_type: [echo], refresh_token: 7, active: echo, issuer: echo }, 200),
  'a redirect': (echo) => new Response(null, { status: 302, headers: { location: `https://elsewhere.test/?${encodeURIComponent(echo)}` } }),
  'a body that fails': (echo) => new Response(new ReadableStream({ start: (controller) => controller.error(new Error(echo)) }), { headers: { 'content-type': 'application/json' } }),
  'a connection that fails': (echo) => Promise.reject(new TypeError(`fetch failed: ${echo}`, { cause: new Error(echo) })),
  'no answer': () => new Promise(() => {}),
}

export interface Hostile {
  readonly session: Session
  readonly device: Device
  readonly context: DeviceContext
  readonly bent: Partial<Record<Endpoint, Bend>>
  /** Everything that must be in nothing that is shown. */
  readonly secrets: Record<string, string[]>
  signIn(): Promise<unknown>
}

const segment = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')

/** Makes the server, a device and one session that is not started. */
export function createHostile(ports: (given: Ports, device: Device) => Ports = (given) => given): Hostile {
  const device = createDevice()
  const context = device.context()
  const bent: Hostile['bent'] = {}
  const secrets: Hostile['secrets'] = { code: [canary()], verifier: [], 'access token': [], 'refresh token': [], 'id token': [] }
  let nonce = ''

  const tokens = (signIn: boolean): Record<string, unknown> => {
    const [access, refresh, signature] = [canary(), canary(), canary()]
    secrets['access token']!.push(access)
    secrets['refresh token']!.push(refresh)
    const now = Math.floor(device.clock.now() / 1000)
    const claims = { iss: issuer, sub: 'acc', aud: 'x', iat: now, exp: now + 600, sid: 's-1', nonce }
    if (signIn) secrets['id token']!.push(signature)
    return { access_token: access, refresh_token: refresh, token_type: 'Bearer', expires_in: 300, ...(signIn && { id_token: `${segment({ alg: 'RS256' })}.${segment(claims)}.${signature}` }) }
  }
  const good: Record<Endpoint, (form: URLSearchParams) => Response> = {
    discovery: () => json({
      issuer, authorization_endpoint: `${issuer}/auth`, token_endpoint: `${issuer}/token`, revocation_endpoint: `${issuer}/revocation`,
      session_endpoint: `${issuer}/session`, session_events_endpoint: `${issuer}/events`, idempotency_supported: true,
    }, 200),
    token: (form) => json(tokens(form.has('code')), 200),
    session: () => json({ active: true, sid: 's-1' }, 200),
    events: () => new Response(new ReadableStream(), { headers: { 'content-type': 'text/event-stream' } }),
    revocation: () => new Response(null, { status: 200 }),
    api: () => json({ fine: true }, 200),
  }

  const answerAll = async (request: Request, given?: AbortSignal): Promise<Response> => {
    const { origin, pathname } = new URL(request.url)
    const body = await request.clone().text()
    const endpoint: Endpoint = origin === api ? 'api' : pathname.includes('.well-known') ? 'discovery' : (pathname.slice(1) as Endpoint)
    const form = new URLSearchParams(body)
    if (form.has('code_verifier')) secrets['verifier']!.push(form.get('code_verifier') ?? '')
    const echo = [request.url, ...[...request.headers].map((pair) => pair.join(': ')), body].join(' ')
    const answer = bent[endpoint]
    // What a request of the application's own meets on the way is told to it as it is, so no network says there what it was told.
    if (endpoint === 'api' && answer === bends['a connection that fails']) throw new TypeError('fetch failed')
    if (!answer) return good[endpoint](form)
    // Node forgets the signal of a Request that nobody holds any more.
    const signal = given ?? request.signal
    const aborted = new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)))
    return Promise.race([answer(echo), aborted])
  }

  const session = createSession({
    authority: oauth({ issuer, clientId: 'x', redirectUri: 'https://shop.test/', scope: 'openid offline_access' }), origins: [api],
    platform: { name: 'hostile', open: () => ({ ...ports(context.platform.open(), device), fetch: answerAll }) },
  })
  return {
    session, device, context, bent, secrets,
    async signIn() {
      await session.start()
      await session.signIn()
      const left = new URL(context.visited.at(-1) ?? issuer)
      nonce = left.searchParams.get('nonce') ?? ''
      session.stop()
      context.url = `https://shop.test/?${new URLSearchParams({ code: secrets['code']![0]!, state: left.searchParams.get('state') ?? '', iss: issuer }).toString()}`
      return session.start()
    },
  }
}

/** A request with a secret in each of its parts. */
export function secretRequest(secrets: Hostile['secrets']): [url: string, init: RequestInit] {
  const made = { query: canary(), 'request body': canary(), 'request header': canary() }
  for (const [label, value] of Object.entries(made)) (secrets[label] ??= []).push(value)
  return [`${api}/orders?q=${made.query}`, { method: 'POST', body: made['request body'], headers: { 'x-own': made['request header'], 'idempotency-key': randomUUID() } }]
}
