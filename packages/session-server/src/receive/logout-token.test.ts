import type { JWTHeaderParameters, JWTPayload } from 'jose'
import { expect, test, vi } from 'vitest'
import { createSessionServer } from '../server.ts'
import { memoryStore, type SessionStore } from '../store.ts'
import { handClock } from '../testing/hand-clock.ts'
import { createSigner } from '../testing/signer.ts'
import { createBackChannelLogout, type Received, type ReceiverOptions } from './index.ts'

vi.setConfig({ testTimeout: 60_000 })

const issuer = 'https://id.example'
const event = 'http://schemas.openid.net/event/backchannel-logout'
const signer = await createSigner()
const stranger = await createSigner()

async function make(options: Partial<ReceiverOptions> = {}, over: Partial<SessionStore> = {}) {
  const clock = handClock()
  const onEnd = vi.fn()
  const server = createSessionServer({ issuer: 'https://shop.example', store: { ...memoryStore(), ...over }, authenticate: async () => undefined, onEnd, clock })
  const received: Received[] = []
  const refused: string[] = []
  const logout = createBackChannelLogout({
    server, issuer, audience: 'shop', keys: signer.keys, clock, onReceived: (token) => received.push(token), onRefused: (why) => refused.push(why), ...options,
  })
  for (const [sid, subject] of [['s1', 'u1'], ['s2', 'u1'], ['s3', 'u2']] as const) await server.begin({ sid, subject, client: 'Storefront' })
  const now = clock.now() / 1000
  const claims = (more: JWTPayload = {}): JWTPayload => ({ iss: issuer, aud: 'shop', iat: now, exp: now + 120, jti: 'j1', events: { [event]: {} }, sid: 's1', sub: 'u1', ...more })
  const send = (token: string, init: RequestInit = {}) => logout(new Request('https://shop.example/logout', { method: 'POST', body: new URLSearchParams({ logout_token: token }), ...init }))
  const standings = async () => (await Promise.all(['s1', 's2', 's3'].map(server.standing))).map((standing) => standing === 'live')
  return { clock, server, onEnd, received, refused, claims, send, standings }
}

const typed = { typ: 'logout+jwt' }
const fine: [string, JWTPayload, Partial<JWTHeaderParameters>, boolean[]][] = [
  ['with sid and sub', {}, typed, [false, true, true]],
  ['with sid alone', { sub: undefined }, typed, [false, true, true]],
  ['with sub alone', { sid: undefined }, typed, [false, false, true]],
  ['without a type, from an older provider', {}, {}, [false, true, true]],
  ['of the default type', {}, { typ: 'JWT' }, [false, true, true]],
  ['for several audiences', { aud: ['another', 'shop'] }, typed, [false, true, true]],
  ['with claims nobody knows', { colour: 'green' }, typed, [false, true, true]],
  ['about a session that is not known', { sid: 's9' }, typed, [true, true, true]],
  ['about a session of somebody else', { sid: 's3' }, typed, [true, true, true]],
]

test.each(fine)('a logout token %s is answered 200', async (_, claims, header, live) => {
  const { claims: whole, send, standings, received, refused } = await make()
  const response = await send(await signer.sign(whole(claims), header))
  expect([response.status, response.headers.get('cache-control'), await response.text()]).toEqual([200, 'no-store', ''])
  expect(await standings()).toEqual(live)
  expect([received.map(({ ended }) => ended), refused]).toEqual([[live.filter((alive) => !alive).length], []])
})

const now = handClock().now() / 1000
const bad: [string, JWTPayload, Partial<JWTHeaderParameters>][] = [
  ['of another issuer', { iss: 'https://id.example.evil.example' }, typed],
  ['for another client', { aud: 'another' }, typed],
  ['that has run out', { iat: now - 300, exp: now - 180 }, typed],
  ['of the future', { iat: now + 120, exp: now + 240 }, typed],
  ['of last week that never runs out', { iat: now - 7 * 86_400, exp: now + 86_400 }, typed],
  ['without an end', { exp: undefined }, typed],
  ['without a time', { iat: undefined }, typed],
  ['without a jti', { jti: undefined }, typed],
  ['without events', { events: undefined }, typed],
  ['with an event that is no object', { events: { [event]: true } }, typed],
  ['with the events of something else', { events: { 'https://schemas.openid.net/secevent/caep/event-type/session-revoked': {} } }, typed],
  ['with a nonce, which is an ID token', { nonce: 'n' }, typed],
  ['that names nobody', { sid: undefined, sub: undefined }, typed],
  ['that names an empty session', { sid: '' }, typed],
  ['that is an access token', {}, { typ: 'at+jwt' }],
  ['that is a security event token', {}, { typ: 'secevent+jwt' }],
  ['with a critical header nobody knows', {}, { ...typed, crit: ['urn:test:crit'], 'urn:test:crit': 1 }],
  ['signed with a key that is not known', {}, { ...typed, kid: 'k2' }],
]

test.each(bad)('a logout token %s is answered 400, and ends nothing', async (_, claims, header) => {
  const { claims: whole, send, standings, refused, received, onEnd } = await make()
  const response = await send(await signer.sign(whole(claims), header))
  expect([response.status, response.headers.get('cache-control'), await response.json()]).toEqual([
    400, 'no-store', { error: 'invalid_request', error_description: 'This is no valid logout token of the issuer for this client.' },
  ])
  expect([await standings(), refused.length, received, onEnd.mock.calls]).toEqual([[true, true, true], 1, [], []])
})

test.each(['', 'none', 'a.b.c', `${btoa('{"alg":"none"}')}.${btoa('{"iss":"https://id.example"}')}.`])('what is no signed token (%j) is answered 400, and nothing of it is repeated', async (token) => {
  const { send, refused } = await make()
  const response = await send(token)
  expect(response.status).toBe(400)
  if (token !== '') expect(JSON.stringify([await response.json(), refused])).not.toContain(`"${token}"`)
})

test('a token of a stranger who calls his key by the same name is refused', async () => {
  const { claims, send, standings, refused } = await make()
  expect((await send(await stranger.sign(claims(), typed))).status).toBe(400)
  expect([await standings(), refused]).toEqual([[true, true, true], ['The signature is not of a key of the issuer.']])
})

test('a body of another type, of another method or too long is refused unread', async () => {
  const { claims, send, standings } = await make()
  const token = await signer.sign(claims(), typed)
  expect((await send(token, { method: 'PUT' })).status).toBe(405)
  expect((await send(token, { body: JSON.stringify({ logout_token: token }), headers: { 'content-type': 'application/json' } })).status).toBe(400)
  let pulled = 0
  const long = new ReadableStream<Uint8Array>({
    pull(controller) {
      pulled += 1
      if (pulled < 100) controller.enqueue(new TextEncoder().encode('x'.repeat(4096)))
      else controller.close()
    },
  })
  expect((await send(token, { body: long, duplex: 'half', headers: { 'content-type': 'application/x-www-form-urlencoded' } } as RequestInit)).status).toBe(400)
  expect(pulled).toBeLessThan(10)
  expect(await standings()).toEqual([true, true, true])
})

test('P6 a token that comes twice is answered 200 and acts once', async () => {
  const { claims, send, received, onEnd, server, clock } = await make()
  const token = await signer.sign(claims({ sid: undefined }), typed)
  expect((await send(token)).status).toBe(200)
  await server.begin({ sid: 's4', subject: 'u1', client: 'Storefront' })
  clock.advance(100_000)
  expect((await send(token)).status).toBe(200)
  expect(received.map(({ ended, repeated }) => [ended, repeated])).toEqual([[2, false], [0, true]])
  expect([onEnd.mock.calls.length, await server.standing('s4')]).toEqual([2, 'live'])
})

test('a token is remembered for as long as it could come again, and no longer', async () => {
  const kept: [string, number][] = []
  const { claims, send } = await make({ seen: { has: async () => false, add: async (...entry) => void kept.push(entry) } })
  await send(await signer.sign(claims(), typed))
  await send(await signer.sign(claims({ jti: 'j2', exp: now + 10 * 86_400 }), typed))
  expect(kept).toEqual([[JSON.stringify([issuer, 'j1']), (now + 180) * 1000], [JSON.stringify([issuer, 'j2']), (now + 86_460) * 1000]])
})

test('P6 a sign-in that is later than the logout is not ended by it', async () => {
  const { claims, send, server, clock, standings } = await make()
  clock.advance(1000)
  await server.begin({ sid: 's4', subject: 'u1', client: 'Storefront' })
  expect((await send(await signer.sign(claims({ sid: undefined }), typed))).status).toBe(200)
  expect([await standings(), await server.standing('s4')]).toEqual([[false, false, true], 'live'])
})

test('a logout that could not be carried out is answered 400, told to the host, and done when it comes again', async () => {
  const inner = memoryStore()
  let broken = true
  const onError = vi.fn()
  const { claims, send, server } = await make({ onError }, { ...inner, swap: (row, expected) => (broken && expected !== undefined ? Promise.reject(new Error('disk')) : inner.swap(row, expected)) })
  const token = await signer.sign(claims(), typed)
  const response = await send(token)
  expect([response.status, await response.json()]).toEqual([400, { error: 'temporarily_unavailable', error_description: 'The logout could not be carried out now.' }])
  expect(onError).toHaveBeenCalledOnce()
  broken = false
  expect((await send(token)).status).toBe(200)
  expect(await server.standing('s1')).toBe('session-revoked')
})

test('keys that cannot be read are no fault of the token, and no claim is told with it', async () => {
  const onError = vi.fn<(error: unknown) => void>()
  const { claims, send, refused } = await make({ onError, keys: 'http://127.0.0.1:9/jwks' })
  const response = await send(await signer.sign(claims({ sub: 'secret-subject' }), typed))
  expect([response.status, await response.json(), refused]).toEqual([400, expect.objectContaining({ error: 'temporarily_unavailable' }), []])
  expect(JSON.stringify(onError.mock.calls.map(([error]) => [String(error), Object.keys(error as object)]))).not.toContain('secret-subject')
})

test('a host with identifiers of its own says which sessions are meant', async () => {
  const { claims, send, standings } = await make({ sessions: async (about) => (about.format === 'complex' && about.session?.format === 'opaque' && about.session.id === 'theirs' ? ['s3'] : undefined) })
  await send(await signer.sign(claims({ sid: 'theirs' }), typed))
  expect(await standings()).toEqual([true, true, false])
  await send(await signer.sign(claims({ jti: 'j2' }), typed))
  expect(await standings()).toEqual([false, true, false])
})

test.each([
  ['server', { server: {} as never }], ['issuer', { issuer: 'id.example' }], ['audience', { audience: '' }], ['keys', { keys: 'http://id.example/jwks' }], ['keys', { keys: {} as never }],
  ['seen', { seen: {} as never }], ['sessions', { sessions: 1 as never }], ['key', { key: 1 } as never],
])('a wrong %s is a TypeError that names it', async (name, options) => {
  await expect(make(options)).rejects.toThrow(new RegExp(`^"${name}"`))
  await expect(make(options)).rejects.toThrow(TypeError)
})
