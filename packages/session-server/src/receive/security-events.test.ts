import type { JWTHeaderParameters, JWTPayload } from 'jose'
import { expect, test, vi } from 'vitest'
import { createSessionServer } from '../server.ts'
import { memoryStore, type SessionStore } from '../store.ts'
import { handClock } from '../testing/hand-clock.ts'
import { createSigner } from '../testing/signer.ts'
import { createSecurityEventPush, memorySeenTokens, type Received, type SecurityEventPushOptions } from './index.ts'

vi.setConfig({ testTimeout: 60_000 })

const issuer = 'https://signals.example'
const caep = 'https://schemas.openid.net/secevent/caep/event-type/'
const risc = 'https://schemas.openid.net/secevent/risc/event-type/'
const ssf = 'https://schemas.openid.net/secevent/ssf/event-type/'
const revoked = `${caep}session-revoked`
const signer = await createSigner()
const stranger = await createSigner()
const typed = { typ: 'secevent+jwt' }
const now = handClock().now() / 1000
const session = (id: string) => ({ format: 'opaque', id })
const user = (sub: string, iss = issuer) => ({ format: 'iss_sub', iss, sub })

async function make(options: Partial<SecurityEventPushOptions> = {}, over: Partial<SessionStore> = {}) {
  const clock = handClock()
  const onEnd = vi.fn()
  const server = createSessionServer({ issuer: 'https://shop.example', store: { ...memoryStore(), ...over }, authenticate: async () => undefined, onEnd, clock })
  const received: Received[] = []
  const refused: string[] = []
  const push = createSecurityEventPush({
    server, issuer, audience: 'shop', keys: signer.keys, clock, onReceived: (token) => received.push(token), onRefused: (why) => refused.push(why), ...options,
  })
  for (const [sid, subject] of [['s1', 'u1'], ['s2', 'u1'], ['s3', 'u2']] as const) await server.begin({ sid, subject, client: 'Storefront' })
  const post = (token: string, init: RequestInit = {}) =>
    push(new Request('https://shop.example/events', { method: 'POST', body: token, ...init, headers: { 'content-type': 'application/secevent+jwt', ...(init.headers as Record<string, string>) } }))
  const send = async (claims: JWTPayload = {}, header: Partial<JWTHeaderParameters> = typed) =>
    post(await signer.sign({ iss: issuer, aud: 'shop', iat: now, jti: 'j1', sub_id: session('s1'), events: { [revoked]: {} }, ...claims }, header))
  const live = async () => (await Promise.all(['s1', 's2', 's3'].map(server.standing))).flatMap((standing, index) => (standing === 'live' ? [`s${index + 1}`] : []))
  return { clock, server, onEnd, received, refused, post, send, live }
}

test.each([
  ['a session by its name', session('s1'), ['s2', 's3']],
  ['a user by an opaque name', session('u1'), ['s3']],
  ['a user of the issuer', user('u1'), ['s3']],
  ['a user of another issuer', user('u1', 'https://another.example'), ['s1', 's2', 's3']],
  ['a session and its user', { format: 'complex', session: session('s1'), user: user('u1') }, ['s2', 's3']],
  ['a session and another user', { format: 'complex', session: session('s3'), user: user('u1') }, ['s1', 's2', 's3']],
  ['a session and a user by an address', { format: 'complex', session: session('s1'), user: { format: 'email', email: 'mira@example.test' } }, ['s2', 's3']],
  ['a user and a tenant', { format: 'complex', user: user('u1'), tenant: session('t1') }, ['s3']],
  ['a tenant alone, which is never everybody', { format: 'complex', tenant: session('t1') }, ['s1', 's2', 's3']],
  ['somebody by an address that means nothing here', { format: 'email', email: 'mira@example.test' }, ['s1', 's2', 's3']],
  ['somebody in a format that is not known', { format: 'aliases', identifiers: [user('u1')] }, ['s1', 's2', 's3']],
  ['a session that is not known', session('s9'), ['s1', 's2', 's3']],
  ['a session in a format that is not known, and its user', { format: 'complex', session: { format: 'ticket', number: 1 }, user: user('u1') }, ['s1', 's2', 's3']],
])('a revocation of %s is answered 202', async (_, sub_id, left) => {
  const { send, live, refused } = await make()
  const response = await send({ sub_id })
  expect([response.status, await response.text(), refused]).toEqual([202, '', []])
  expect(await live()).toEqual(left)
})

test('a host says whom an address means', async () => {
  const { send, live } = await make({ sessions: async (about) => (about.format === 'email' && about.email === 'jonas@example.test' ? ['s3'] : undefined) })
  await send({ sub_id: { format: 'email', email: 'jonas@example.test' } })
  await send({ jti: 'j2', sub_id: { format: 'email', email: 'mira@example.test' } })
  expect(await live()).toEqual(['s1', 's2'])
})

test.each([
  [`${caep}session-revoked`, {}, { reason: 'policy', initiatingEntity: 'system', disposition: 'wipe' }],
  [`${caep}session-revoked`, { initiating_entity: 'user' }, { reason: 'signed-out-elsewhere', initiatingEntity: 'user' }],
  [`${caep}session-revoked`, { initiating_entity: 'somebody' }, { reason: 'policy', initiatingEntity: 'system' }],
  [`${caep}session-revoked`, { initiating_entity: 'policy', reason_user: { en: 'Too far away.', de: 7 }, reason_admin: { en: 'C076E82F' } }, { initiatingEntity: 'policy', reasonUser: { en: 'Too far away.' }, reasonAdmin: '{"en":"C076E82F"}' }],
  [`${caep}credential-change`, { credential_type: 'password', change_type: 'update', initiating_entity: 'user' }, { reason: 'password-changed', initiatingEntity: 'user' }],
  [`${caep}credential-change`, { credential_type: 'pin', change_type: 'revoke' }, { reason: 'password-changed' }],
  [`${caep}credential-change`, { credential_type: 'fido2-roaming', change_type: 'revoke' }, { reason: 'credential-compromised' }],
  [`${caep}credential-change`, { credential_type: 'fido2-roaming', change_type: 'create' }, undefined],
  [`${caep}credential-change`, { credential_type: 'password', change_type: 'create' }, undefined],
  [`${caep}assurance-level-change`, { current_level: 'nist-aal1' }, undefined],
  [`${risc}account-disabled`, { reason: 'hijacking' }, { reason: 'credential-compromised', disposition: 'wipe' }],
  [`${risc}account-disabled`, {}, { reason: 'account-suspended', disposition: 'lock' }],
  [`${risc}account-purged`, {}, { reason: 'account-closed', disposition: 'wipe' }],
  [`${risc}credential-compromise`, { credential_type: 'password' }, { reason: 'credential-compromised' }],
  [`${risc}sessions-revoked`, {}, { reason: 'policy' }],
  [`${risc}account-enabled`, {}, undefined],
  [`${ssf}verification`, { state: 'x' }, undefined],
  ['https://example.com/an-event-nobody-knows', {}, undefined],
])('the event %s %j becomes an end in the words of the contract, or none', async (type, event, end) => {
  const { send, server, received } = await make()
  expect((await send({ events: { [type]: event } })).status).toBe(202)
  const written = (await server.get('s1'))?.end
  if (end) expect(written).toMatchObject(end)
  else expect(written).toBeUndefined()
  expect(received).toMatchObject([{ jti: 'j1', types: [type], ended: end ? 1 : 0, repeated: false }])
})

test('words for the audit are never sent to a client', async () => {
  const { send, server } = await make()
  await send({ events: { [revoked]: { reason_admin: { en: 'C076E82F' }, reason_user: { en: 'Too far away.' } } } })
  const told = await (await server.problem('s1'))!.text()
  expect(told).toContain('Too far away.')
  expect(told).not.toContain('C076E82F')
})

const bad: [string, string, JWTPayload, Partial<JWTHeaderParameters>][] = [
  ['of another issuer', 'invalid_issuer', { iss: 'https://another.example' }, typed],
  ['for another audience', 'invalid_audience', { aud: ['another'] }, typed],
  ['signed with a key that is not known', 'invalid_key', {}, { ...typed, kid: 'k2' }],
  ['without its type', 'invalid_request', {}, {}],
  ['that is a logout token', 'invalid_request', {}, { typ: 'logout+jwt' }],
  ['with a critical header nobody knows', 'invalid_request', {}, { ...typed, crit: ['urn:test:crit'], 'urn:test:crit': 1 }],
  ['without a jti', 'invalid_request', { jti: undefined }, typed],
  ['without a time', 'invalid_request', { iat: undefined }, typed],
  ['of the future', 'invalid_request', { iat: now + 120 }, typed],
  ['older than is remembered', 'invalid_request', { iat: now - 8 * 86_400 }, typed],
  ['that has run out', 'invalid_request', { exp: now - 120 }, typed],
  ['with a sub, which may be an ID token', 'invalid_request', { sub: 'u1' }, typed],
  ['without a subject', 'invalid_request', { sub_id: undefined }, typed],
  ['with a subject that lacks what its format demands', 'invalid_request', { sub_id: { format: 'iss_sub', sub: 'u1' } }, typed],
  ['with a complex subject that says nothing', 'invalid_request', { sub_id: { format: 'complex' } }, typed],
  ['with a complex subject that is not simple inside', 'invalid_request', { sub_id: { format: 'complex', user: { format: 'complex', user: user('u1') } } }, typed],
  ['without events', 'invalid_request', { events: {} }, typed],
  ['with an event that is no object', 'invalid_request', { events: { [revoked]: 1 } }, typed],
]

test.each(bad)('a security event token %s is answered 400 with %s, and ends nothing', async (_, err, claims, header) => {
  const { send, live, received, refused } = await make()
  const response = await send(claims, header)
  expect([response.status, response.headers.get('content-type'), response.headers.get('content-language')]).toEqual([400, 'application/json', 'en'])
  const body = (await response.json()) as { description: string }
  expect(body).toEqual({ err, description: expect.any(String) })
  expect(refused).toEqual([body.description])
  expect([await live(), received]).toEqual([['s1', 's2', 's3'], []])
})

test('what a stranger sends is refused in the same words, whether its session lives or never was', async () => {
  const { post, live } = await make()
  const answers = await Promise.all(['s1', 's9'].map(async (sid) => {
    const response = await post(await stranger.sign({ iss: issuer, aud: 'shop', iat: now, jti: 'j1', sub_id: session(sid), events: { [revoked]: {} } }, typed))
    return [response.status, await response.text()]
  }))
  expect(answers[0]).toEqual(answers[1])
  expect(answers[0]).toEqual([400, expect.stringContaining('invalid_key')])
  expect(await live()).toEqual(['s1', 's2', 's3'])
})

test('a sender without the header it was told to send is refused, unread', async () => {
  const { send, post, live } = await make({ authorization: 'Bearer of a test' })
  for (const headers of [{}, { authorization: 'Bearer of a tes' }] as Record<string, string>[]) {
    const response = await post('x'.repeat(100_000), { headers })
    expect([response.status, await response.json()]).toEqual([400, { err: 'authentication_failed', description: 'The sender is not known here.' }])
  }
  expect((await send()).status).toBe(400)
  const token = await signer.sign({ iss: issuer, aud: 'shop', iat: now, jti: 'j1', sub_id: session('s1'), events: { [revoked]: {} } }, typed)
  expect((await post(token, { headers: { authorization: 'Bearer of a test' } })).status).toBe(202)
  expect(await live()).toEqual(['s2', 's3'])
})

test.each([['of another type', { headers: { 'content-type': 'application/json' } }, 400], ['too long', { body: 'x'.repeat(65_537) }, 400], ['got', { method: 'GET', body: null }, 405]])('a body %s is refused', async (_, init, status) => {
  const { post, live } = await make()
  expect((await post('a.b.c', init)).status).toBe(status)
  expect(await live()).toEqual(['s1', 's2', 's3'])
})

test('P6 a token that comes twice is answered 202 and acts once', async () => {
  const { send, received, onEnd, server } = await make()
  expect((await send({ sub_id: user('u1') })).status).toBe(202)
  await server.begin({ sid: 's4', subject: 'u1', client: 'Storefront' })
  expect((await send({ sub_id: user('u1') })).status).toBe(202)
  expect(received.map(({ ended, repeated }) => [ended, repeated])).toEqual([[2, false], [0, true]])
  expect([onEnd.mock.calls.length, await server.standing('s4')]).toEqual([2, 'live'])
})

test('P6 an event ends what had begun when it happened, and no later sign-in', async () => {
  const { send, server, clock, live } = await make()
  clock.advance(60_000)
  await server.begin({ sid: 's4', subject: 'u1', client: 'Storefront' })
  const at = now + 30
  expect((await send({ iat: now + 60, sub_id: user('u1'), events: { [revoked]: { event_timestamp: at } } })).status).toBe(202)
  expect([await live(), await server.standing('s4')]).toEqual([['s3'], 'live'])
  expect((await send({ jti: 'j2', iat: now + 60, sub_id: user('u2'), events: { [revoked]: { event_timestamp: now - 1 } } })).status).toBe(202)
  expect(await live()).toEqual(['s3'])
  // Senders of older drafts write milliseconds: no event is later than its token.
  expect((await send({ jti: 'j3', iat: now + 60, sub_id: user('u2'), events: { [revoked]: { event_timestamp: (now + 60) * 1000 } } })).status).toBe(202)
  expect(await live()).toEqual([])
  await send({ jti: 'j4', iat: now + 59, sub_id: user('u1'), events: { [revoked]: { event_timestamp: (now + 60) * 1000 } } })
  expect(await server.standing('s4')).toBe('live')
})

test('a session that is named itself is ended by a sender whose clock is behind, and by no event from before', async () => {
  const { send, live } = await make()
  const at = (jti: string, sid: string, event_timestamp: number) => send({ jti, sub_id: session(sid), events: { [revoked]: { event_timestamp } } })
  await at('j1', 's1', now - 60)
  await at('j2', 's2', now - 61)
  await send({ jti: 'j3', sub_id: { format: 'complex', session: session('s3'), user: user('u2') }, events: { [revoked]: { event_timestamp: now - 30 } } })
  expect(await live()).toEqual(['s2'])
})

test('an event with a critical member that nobody looks at is discarded', async () => {
  const { send, live, received } = await make({ criticalMembers: ['user', 'device'] })
  expect((await send({ sub_id: { format: 'complex', user: user('u1'), device: session('d1') } })).status).toBe(202)
  expect([await live(), received.map(({ ended }) => ended)]).toEqual([['s1', 's2', 's3'], [0]])
  await send({ jti: 'j2', sub_id: { format: 'complex', user: user('u1'), tenant: session('t1') } })
  expect(await live()).toEqual(['s3'])
})

test('an event that could not be acted upon is asked for again, and done then', async () => {
  const inner = memoryStore()
  let broken = true
  const onError = vi.fn()
  const { send, live } = await make({ onError }, { ...inner, swap: (row, expected) => (broken && row.sid === 's2' && expected !== undefined ? Promise.reject(new Error('disk')) : inner.swap(row, expected)) })
  const response = await send({ sub_id: user('u1') })
  expect([response.status, response.headers.get('retry-after'), await response.text()]).toEqual([503, '5', ''])
  expect([await live(), onError.mock.calls.length]).toEqual([['s2', 's3'], 1])
  broken = false
  expect((await send({ sub_id: user('u1') })).status).toBe(202)
  expect(await live()).toEqual(['s3'])
})

test('no more tokens are remembered than it says, the oldest go first, and none for longer than it could come again', async () => {
  let time = 0
  const seen = memorySeenTokens({ maxEntries: 2, now: () => time })
  for (const id of ['a', 'b', 'c']) await seen.add(id, 100)
  expect(await Promise.all(['a', 'b', 'c'].map(seen.has))).toEqual([false, true, true])
  time = 100
  expect(await Promise.all(['a', 'b', 'c'].map(seen.has))).toEqual([false, false, false])
  expect(() => memorySeenTokens({ maxEntries: 0 })).toThrow(/^"maxEntries"/)
})

test.each([
  ['authorization', { authorization: '' }], ['maxBytes', { maxBytes: 0 }], ['maxAgeMs', { maxAgeMs: -1 }], ['criticalMembers', { criticalMembers: 'user' as never }], ['endpoint', { endpoint: 'https://x.example' } as never],
])('a wrong %s is a TypeError that names it', async (name, options) => {
  await expect(make(options)).rejects.toThrow(new RegExp(`^"${name}"`))
})

test('a token that comes twice at once is not taken for done while the host has not heard of the end, and comes again', async () => {
  const { send, onEnd, server, live } = await make()
  const telling = Promise.withResolvers<void>()
  onEnd.mockReturnValueOnce(telling.promise)
  const first = send()
  await vi.waitFor(() => expect(onEnd).toHaveBeenCalledOnce())
  expect((await send()).status).toBe(503)
  telling.reject(new Error('no grants'))
  expect((await first).status).toBe(503)
  expect((await send()).status).toBe(202)
  expect(onEnd).toHaveBeenCalledTimes(2)
  expect(await server.get('s1')).not.toHaveProperty('untold')
  expect(await live()).toEqual(['s2', 's3'])
})
