import { expect, test, vi } from 'vitest'
import type { Identity } from './list.ts'
import type { SessionServerOptions } from './options.ts'
import { createSessionServer, type SessionServer } from './server.ts'
import { memoryStore } from './store.ts'
import { handClock, type HandClock } from './testing/hand-clock.ts'

const issuer = 'https://id.example/tenant'
const problems = `${issuer}/problems`

/** The token names the session and its subject; an exclamation mark stands for one that has expired. */
function identityOf(request: Request): Identity | undefined {
  const [, sid, subject] = /^Bearer (\w+)\.(\w+)!?$/.exec(request.headers.get('authorization') ?? '') ?? []
  return sid && subject ? { sid, subject } : undefined
}

function make(options: Partial<SessionServerOptions> = {}): { server: SessionServer; clock: HandClock } {
  const clock = handClock()
  const server = createSessionServer({
    issuer,
    store: memoryStore(),
    authenticate: async (request) => identityOf(request),
    authorize: async (request) => {
      const who = request.headers.get('authorization')?.endsWith('!') ? undefined : identityOf(request)
      return who ?? new Response('expired', { status: 401 })
    },
    clock,
    ...options,
  })
  return { server, clock }
}

async function ask(server: SessionServer, path: string, token?: string, init: RequestInit = {}): Promise<Response> {
  const headers = { ...(token === undefined ? {} : { authorization: `Bearer ${token}` }), ...(init.headers as Record<string, string>) }
  return (await server.handle(new Request(issuer + path, { ...init, headers })))!
}

const begin = (server: SessionServer, sid: string, more = {}) => server.begin({ sid, subject: 'u1', client: 'Storefront', ...more })

test('a live session is told with its times in seconds', async () => {
  const { server, clock } = make()
  await begin(server, 's1', { expiresAt: clock.now() + 60_000, idleMs: 30_000, acr: 'high', authenticatedAt: clock.now() - 5000 })
  clock.advance(2000)
  const response = await ask(server, '/session', 's1.u1')
  expect(response.headers.get('cache-control')).toBe('no-store')
  expect(await response.json()).toEqual({
    active: true, sid: 's1', sub_id: { format: 'opaque', id: 'u1' }, established_at: 1_700_000_000, auth_time: 1_699_999_995, acr: 'high',
    expires_at: 1_700_000_060, idle_expires_at: 1_700_000_030, server_time: 1_700_000_002,
  })
})

test.each([undefined, 'nobody.u1', 's1.u2', 'garbage'])('the token %s gets active:false and nothing else', async (token) => {
  const { server } = make()
  await begin(server, 's1')
  const response = await ask(server, '/session', token)
  expect([response.status, await response.json()]).toEqual([200, { active: false }])
})

test('an end is told with its reasons, but not those for the audit', async () => {
  const { server, clock } = make()
  await begin(server, 's1')
  clock.advance(10_500)
  const commit = await server.end('s1', { initiatingEntity: 'admin', reason: 'payment-dispute', reasonUser: { en: 'Please call us.' }, reasonAdmin: 'case 7', disposition: 'lock' })
  expect(commit).toEqual({ committedAt: 1_700_000_010_500, changed: true })
  const expected = {
    type: `${problems}/session-revoked`, sid: 's1', initiating_entity: 'admin', event_timestamp: 1_700_000_010, reason: 'payment-dispute',
    reason_user: { en: 'Please call us.' }, disposition: 'lock',
  }
  expect(await (await ask(server, '/session', 's1.u1!')).json()).toEqual({ active: false, ...expected })
  const problem = (await server.problem('s1'))!
  expect(problem.status).toBe(401)
  expect(problem.headers.get('content-type')).toBe('application/problem+json')
  expect(problem.headers.get('www-authenticate')).toBe(`Bearer error="invalid_token", error_description="This session was ended.", error_uri="${problems}/session-revoked"`)
  expect(await problem.json()).toEqual({ ...expected, title: 'This session was ended.', status: 401 })
})

test('a refresh is refused with the proof, and with what is to become of the work', async () => {
  const { server, clock } = make()
  await begin(server, 's1', { expiresAt: clock.now() + 1000 })
  await begin(server, 's2')
  expect(await server.grantError('s1')).toBeUndefined()
  clock.advance(1000)
  await server.end('s2', { initiatingEntity: 'system', reason: 'token-reuse', disposition: 'lock' })
  const [expired, revoked, unknown] = await Promise.all(['s1', 's2', 's3'].map(server.grantError))
  expect(expired).toMatchObject({ error: 'invalid_grant', error_uri: `${problems}/session-expired`, sid: 's1' })
  expect(revoked).toMatchObject({ error: 'invalid_grant', error_uri: `${problems}/session-revoked`, sid: 's2', reason: 'token-reuse', disposition: 'lock' })
  expect(unknown).toEqual({ error: 'invalid_grant', error_description: 'The session is not known.' })
})

test('the first end counts, and only that one is told to the host', async () => {
  const onEnd = vi.fn()
  const { server, clock } = make({ onEnd })
  await begin(server, 's1')
  const [first, second] = await Promise.all([server.end('s1', { initiatingEntity: 'admin' }), server.end('s1', { initiatingEntity: 'user' })])
  expect([first.changed, second.changed]).toEqual([true, false])
  clock.advance(1000)
  expect(await server.end('s1', { initiatingEntity: 'user' })).toEqual({ committedAt: first.committedAt, changed: false })
  expect(onEnd).toHaveBeenCalledOnce()
  expect(await server.standing('s1')).toBe('session-revoked')
  await expect(server.end('s2', { initiatingEntity: 'admin' })).rejects.toThrow(RangeError)
})

test('a session expires by its limits, and use moves only the idle one', async () => {
  const { server, clock } = make()
  await begin(server, 's1', { expiresAt: clock.now() + 100_000, idleMs: 30_000 })
  clock.advance(20_000)
  await server.touch('s1')
  clock.advance(20_000)
  expect(await server.standing('s1')).toBe('live')
  clock.advance(10_000)
  expect(await server.standing('s1')).toBe('session-expired')
  await server.touch('s1')
  expect(await (await ask(server, '/session', 's1.u1!')).json()).toEqual({
    active: false, type: `${problems}/session-expired`, sid: 's1', initiating_entity: 'policy', event_timestamp: 1_700_000_050,
  })
})

test('a suspension stops a session until it is resumed', async () => {
  const { server } = make()
  await begin(server, 's1')
  await server.suspend('s1')
  expect(await (await ask(server, '/session', 's1.u1')).json()).toMatchObject({ active: false, type: `${problems}/account-suspended`, sid: 's1' })
  expect((await server.problem('s1', 'DPoP'))!.headers.get('www-authenticate')).toMatch(/^DPoP /)
  await server.resume('s1')
  expect(await server.problem('s1')).toBeUndefined()
  await server.end('s1', { initiatingEntity: 'user' })
  await server.suspend('s1')
  expect(await server.standing('s1')).toBe('session-revoked')
})

test('a session that the store has never heard of proves nothing', async () => {
  const { server } = make()
  const problem = (await server.problem('s9'))!
  expect(problem.headers.get('www-authenticate')).not.toContain('error_uri')
  expect(await problem.json()).not.toHaveProperty('sid')
})

test('a sid is never used twice', async () => {
  const { server } = make()
  await begin(server, 's1')
  await expect(begin(server, 's1')).rejects.toThrow(RangeError)
})

test('the list shows the own sessions, the current first, and ends others', async () => {
  const { server, clock } = make()
  for (const sid of ['s1', 's2', 's3']) {
    await begin(server, sid, { device: 'Chrome on Linux' })
    clock.advance(1000)
  }
  await server.begin({ sid: 's4', subject: 'u2', client: 'Storefront' })
  const list = (await (await ask(server, '/sessions', 's2.u1')).json()) as { sid: string }[]
  expect(list.map(({ sid }) => sid)).toEqual(['s2', 's3', 's1'])
  expect(list[0]).toEqual({ sid: 's2', current: true, client: 'Storefront', device: 'Chrome on Linux', location: null, auth_time: 1_700_000_001, last_seen: 1_700_000_001 })

  expect((await ask(server, '/sessions/s4', 's2.u1', { method: 'DELETE' })).status).toBe(404)
  expect((await ask(server, '/sessions/s1', 's2.u1', { method: 'DELETE' })).status).toBe(204)
  expect((await server.get('s1'))?.end).toMatchObject({ reason: 'signed-out-elsewhere', initiatingEntity: 'user' })
  expect((await ask(server, '/sessions', 's2.u1', { method: 'DELETE' })).status).toBe(400)
  expect((await ask(server, '/sessions?except=current', 's2.u1', { method: 'DELETE' })).status).toBe(204)
  expect([await server.standing('s3'), await server.standing('s2'), await server.standing('s4')]).toEqual(['session-revoked', 'live', 'live'])
})

test('the list needs a valid token of a live session', async () => {
  const { server } = make()
  await begin(server, 's1')
  expect((await ask(server, '/sessions', 's1.u1!')).status).toBe(401)
  await server.end('s1', { initiatingEntity: 'admin' })
  expect(await (await ask(server, '/sessions', 's1.u1')).json()).toMatchObject({ type: `${problems}/session-revoked` })
})

test('origins on the list may read, and their preflights are answered', async () => {
  const { server } = make({ origins: ['https://shop.example'] })
  const own = await ask(server, '/session', undefined, { headers: { origin: 'https://shop.example' } })
  expect(own.headers.get('access-control-allow-origin')).toBe('https://shop.example')
  expect(own.headers.get('access-control-expose-headers')).toBe('WWW-Authenticate, DPoP-Nonce, Retry-After, Date')
  const other = await ask(server, '/session', undefined, { headers: { origin: 'https://shop.example.evil.example' } })
  expect([other.headers.get('access-control-allow-origin'), other.headers.get('vary')]).toEqual([null, 'Origin'])
  const preflight = await ask(server, '/sessions/s1', undefined, { method: 'OPTIONS', headers: { origin: 'https://shop.example' } })
  expect([preflight.status, preflight.headers.get('access-control-allow-methods')]).toEqual([204, 'DELETE'])
  expect(preflight.headers.get('access-control-allow-headers')).toBe('authorization, dpop, idempotency-key, last-event-id, content-type')
})

test('a token check that fails is no answer about the session', async () => {
  const onError = vi.fn()
  const { server } = make({ onError, authenticate: () => Promise.reject(new Error('no keys')) })
  const response = await ask(server, '/session', 's1.u1')
  expect([response.status, response.headers.get('retry-after')]).toEqual([503, '2'])
  expect(await response.json()).toMatchObject({ type: `${problems}/session-proof-unavailable` })
  expect(onError).toHaveBeenCalledOnce()
})

test('other addresses are left to the host, other methods refused', async () => {
  const { server } = make()
  expect(await server.handle(new Request('https://id.example/session'))).toBeUndefined()
  expect(await server.handle(new Request(`${issuer}/sessions/`.slice(0, -1) + 'x'))).toBeUndefined()
  expect((await ask(server, '/session', undefined, { method: 'POST' })).headers.get('allow')).toBe('GET')
  // Every object has something of this name.
  for (const method of ['constructor', 'toString', '__proto__']) expect((await ask(server, '/session', undefined, { method })).status).toBe(405)
  const { server: bare } = make({ authorize: undefined as never })
  expect(await bare.handle(new Request(`${issuer}/sessions`))).toBeUndefined()
  expect(bare.metadata).toEqual({ session_endpoint: `${issuer}/session`, session_events_endpoint: `${issuer}/session/events` })
})

test.each([
  ['issuer', { issuer: 'https://id.example/' }], ['store', { store: {} as never }], ['authenticate', { authenticate: undefined as never }], ['origins', { origins: ['https://shop.example/'] }],
  ['heartbeatMs', { heartbeatMs: 0 }], ['retryMs', { retryMs: 2 ** 31 }], ['hartbeatMs', { hartbeatMs: 1 } as never],
])('a wrong %s is a TypeError that names it', (name, options) => {
  expect(() => make(options)).toThrow(new RegExp(`^"${name}"`))
  expect(() => make(options)).toThrow(TypeError)
})

test('the store forgets sessions that ran out by the clock as those that were ended, though nobody ends them', async () => {
  const clock = handClock()
  const store = memoryStore({ keepEnded: 10, clock })
  const { server } = make({ store, clock })
  for (let n = 0; n < 100; n += 1) await server.begin({ sid: `short-${n}`, subject: 'u1', client: 'Storefront', expiresAt: clock.now() + 1_000 })
  await server.begin({ sid: 'long', subject: 'u1', client: 'Storefront' })
  clock.advance(1_000)
  for (let n = 0; n < 100; n += 1) await server.begin({ sid: `next-${n}`, subject: 'u1', client: 'Storefront', expiresAt: clock.now() + 1_000 })
  expect(await server.standing('long')).toBe('live')
  const left = await store.list()
  expect(left.filter(({ sid }) => sid.startsWith('short'))).toHaveLength(10)
  expect(left).toHaveLength(111)
})

test('the store forgets the oldest ended sessions first, and never a live one', async () => {
  const { server } = make({ store: memoryStore({ keepEnded: 1 }) })
  for (const sid of ['s1', 's2', 's3']) await begin(server, sid)
  await server.end('s1', { initiatingEntity: 'admin' })
  await server.end('s2', { initiatingEntity: 'admin' })
  expect(await Promise.all(['s1', 's2', 's3'].map(server.standing))).toEqual(['unknown', 'session-revoked', 'live'])
})
