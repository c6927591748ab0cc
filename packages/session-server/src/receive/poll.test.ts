import { setImmediate as turn } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { JWTPayload } from 'jose'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createSessionServer, type SessionServer } from '../server.ts'
import { memoryStore } from '../store.ts'
import { createSigner } from '../testing/signer.ts'
import { startTransmitter, type Transmitter } from '../testing/transmitter.ts'
import { pollSecurityEvents, type Received, type SecurityEventPollOptions } from './index.ts'

const issuer = 'https://signals.example'
const revoked = 'https://schemas.openid.net/secevent/caep/event-type/session-revoked'
const signer = await createSigner()
const soon = { timeout: 60_000, interval: 5 }

let transmitter: Transmitter
let server: SessionServer
let received: Received[]
let refused: string[]
let errors: string[]
let stop: AbortController
let stopped: Promise<void> | undefined
beforeEach(async () => {
  transmitter = await startTransmitter()
  stop = new AbortController()
  ;[received, refused, errors, stopped] = [[], [], [], undefined]
})
afterEach(async () => {
  stop.abort()
  await stopped
  transmitter.close()
})

async function poll(options: Partial<SecurityEventPollOptions> = {}, store = memoryStore()): Promise<void> {
  server = createSessionServer({ issuer: 'https://shop.example', store, authenticate: async () => undefined })
  for (const sid of ['s1', 's2', 's3']) await server.begin({ sid, subject: 'u1', client: 'Storefront' })
  stopped = pollSecurityEvents({
    server, issuer, audience: 'shop', keys: signer.keys, endpoint: transmitter.endpoint, signal: stop.signal, pauseMs: 1,
    onReceived: (token) => received.push(token), onRefused: (why) => refused.push(why), onError: (error) => errors.push(String(error)), ...options,
  })
}
const set = (jti: string, sid: string, more: JWTPayload = {}) =>
  signer.sign({ iss: issuer, aud: 'shop', iat: Math.floor(Date.now() / 1000), jti, sub_id: { format: 'opaque', id: sid }, events: { [revoked]: {} }, ...more }, { typ: 'secevent+jwt' })
const acknowledged = () => vi.waitFor(() => expect(transmitter.waiting.size).toBe(0), soon)
const standings = async () => (await Promise.all(['s1', 's2', 's3'].map(server.standing))).map((standing) => standing === 'live')

test('events are fetched as they happen, acted upon, and acknowledged with the next question', async () => {
  await poll({ authorization: () => 'Bearer of a test' })
  transmitter.publish({ j1: await set('j1', 's1') })
  await acknowledged()
  transmitter.publish({ j2: await set('j2', 's2') })
  await acknowledged()
  expect(await standings()).toEqual([false, false, true])
  expect(transmitter.questions.slice(0, 3)).toEqual([
    { maxEvents: 100, returnImmediately: false, ack: [], setErrs: {} },
    { maxEvents: 100, returnImmediately: false, ack: ['j1'], setErrs: {} },
    { maxEvents: 100, returnImmediately: false, ack: ['j2'], setErrs: {} },
  ])
  expect(new Set(transmitter.authorizations)).toEqual(new Set(['Bearer of a test']))
  expect(errors).toEqual([])
}, 60_000)

test('many events come a few at a time, each once', async () => {
  transmitter.publish(Object.fromEntries(await Promise.all(Array.from({ length: 7 }, async (_, index) => [`j${index}`, await set(`j${index}`, 's1')] as const))))
  await poll({ maxEvents: 3 })
  await acknowledged()
  expect(received.map(({ jti }) => jti)).toEqual(['j0', 'j1', 'j2', 'j3', 'j4', 'j5', 'j6'])
  expect(received.map(({ ended }) => ended)).toEqual([1, 0, 0, 0, 0, 0, 0])
}, 60_000)

test('a token that is refused is told to its sender as the RFC says, beside what is acknowledged', async () => {
  transmitter.publish({ j1: await set('j1', 's1'), j2: await set('j2', 's2', { aud: 'another' }), j3: 7 as never })
  await poll()
  await acknowledged()
  expect(transmitter.questions[1]).toMatchObject({
    ack: ['j1'],
    setErrs: { j2: { err: 'invalid_audience', description: 'The token is for another audience.' }, j3: { err: 'invalid_request', description: 'This is not a signed token.' } },
  })
  expect([await standings(), refused.length]).toEqual([[false, true, true], 2])
}, 60_000)

test('an event that could not be acted upon is not acknowledged, comes again, and is done then', async () => {
  const inner = memoryStore()
  let failures = 2
  transmitter.publish({ j1: await set('j1', 's1') })
  await poll({}, { ...inner, swap: (row, expected) => (expected !== undefined && failures-- > 0 ? Promise.reject(new Error('disk')) : inner.swap(row, expected)) })
  await acknowledged()
  expect([await standings(), errors]).toEqual([[false, true, true], ['Error: disk', 'Error: disk']])
}, 60_000)

test('a sender that fails, lies or breaks off is asked again, with a fresh token, and nothing is lost or told of it', async () => {
  transmitter.publish({ j1: await set('j1', 's1') })
  transmitter.misbehave(
    (response) => response.writeHead(503, { 'retry-after': '0' }).end('secret'),
    (response) => response.writeHead(401).end('secret'),
    (response) => response.destroy(),
    (response) => response.end('<html>secret'),
    (response) => response.end('{"sets":["secret"]}'),
    (response) => response.end(`{"sets":{"x":"${'secret'.repeat(1000)}"}}`),
  )
  let tokens = 0
  await poll({ authorization: () => `Bearer ${(tokens += 1)}`, maxBytes: 4096 })
  await acknowledged()
  expect(await standings()).toEqual([false, true, true])
  expect(errors.length).toBe(6)
  expect(errors.slice(0, 2)).toEqual(['Error: The sender of security events answered 503', 'Error: The sender of security events answered 401'])
  expect(errors.join()).not.toMatch(/secret|Bearer|127\.0\.0\.1/)
  expect(new Set(transmitter.authorizations).size).toBe(transmitter.authorizations.length)
}, 60_000)

test('a sender that goes silent in the middle of an answer is given up and asked again', async () => {
  transmitter.publish({ j1: await set('j1', 's1') })
  transmitter.misbehave((response) => response.write('{"sets":{'), () => {})
  await poll({ timeoutMs: 300 })
  await vi.waitFor(() => expect(received.length).toBeGreaterThan(0), soon)
  expect([await standings(), errors.length >= 2]).toEqual([[false, true, true], true])
}, 60_000)

test('stopping acknowledges what was done and leaves nothing open', async () => {
  // Once the event is acted upon, and before the next question can tell of it.
  await poll({ onReceived: () => stop.abort() })
  transmitter.publish({ j1: await set('j1', 's1') })
  await stopped
  expect(transmitter.waiting.size).toBe(0)
  expect(transmitter.questions.at(-1)).toEqual({ maxEvents: 0, returnImmediately: true, ack: ['j1'], setErrs: {} })
}, 60_000)

test('stopping gives a question up that has been held for hours', async () => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  await poll()
  await vi.waitFor(() => expect(transmitter.questions.length).toBe(1), soon)
  // Memory is tidied up, and Node forgets the signal of a request that nobody holds.
  for (let round = 0; round < 10; round += 1) {
    collect()
    await turn()
  }
  stop.abort()
  await stopped
  await vi.waitFor(() => expect(transmitter.givenUp).toBe(1), soon)
}, 60_000)

test('stopping does not wait for an answer that is held back, nor for a sender that is gone', async () => {
  await poll()
  await vi.waitFor(() => expect(transmitter.questions.length).toBe(1), soon)
  stop.abort()
  await stopped
  transmitter.close()
  stop = new AbortController()
  await poll()
  await vi.waitFor(() => expect(errors.length).toBeGreaterThan(0), soon)
  stop.abort()
  await stopped
}, 60_000)

test.each([
  ['endpoint', { endpoint: 'http://signals.example/stream' }], ['authorization', { authorization: 'Bearer' as never }], ['signal', { signal: undefined as never }],
  ['maxEvents', { maxEvents: 0 }], ['pauseMs', { pauseMs: -1 }], ['timeoutMs', { timeoutMs: Number.NaN }], ['maxBytes', { maxBytes: 0 }],
])('a wrong %s is a TypeError that names it', async (name, options) => {
  await expect(poll(options)).rejects.toThrow(new RegExp(`^"${name}"`))
})
