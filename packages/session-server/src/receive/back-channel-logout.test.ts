import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createSessionServer, type SessionServer } from '../server.ts'
import { memoryStore } from '../store.ts'
import { createBackChannelLogout } from './index.ts'
import { startProvider, type TestProvider } from '../testing/provider.ts'

let provider: TestProvider
let http: Server
let server: SessionServer
let refused: string[]
// The provider says of each thing that a test may have and the world may not.
beforeEach(() => void vi.spyOn(console, 'warn').mockImplementation(() => {}))
afterEach(async () => {
  vi.restoreAllMocks()
  await provider.close()
  http.close()
  http.closeAllConnections()
})

/** A shop of its own sessions, whose people sign in at a provider. */
async function open(sessionRequired: boolean): Promise<void> {
  let answer: (request: Request) => Response | Promise<Response> = () => new Response(null, { status: 503 })
  http = createServer(getRequestListener((request) => answer(request), { overrideGlobalObjects: false })).listen(0, '127.0.0.1')
  await once(http, 'listening')
  provider = await startProvider(`http://127.0.0.1:${(http.address() as AddressInfo).port}/logout`, sessionRequired)
  server = createSessionServer({ issuer: 'https://shop.example', store: memoryStore(), authenticate: async () => undefined })
  refused = []
  answer = createBackChannelLogout({ server, issuer: provider.issuer, audience: provider.clientId, keys: provider.jwksUri, onRefused: (why) => refused.push(why) })
}

const begin = async (login: string, device = '') => {
  const person = provider.person(login)
  const { sid, sub } = await person.signIn()
  await server.begin({ sid: sid ?? `${login} ${device}`, subject: sub, client: 'Storefront' })
  return { ...person, sid: sid ?? `${login} ${device}` }
}

test('a person who signs out at the provider is signed out here, on that device only', async () => {
  await open(true)
  const [mira, miraElsewhere, jonas] = [await begin('mira'), await begin('mira'), await begin('jonas')]
  await mira.signOut()
  expect([provider.told, refused]).toEqual([['success'], []])
  expect((await server.get(mira.sid))?.end).toMatchObject({ type: 'session-revoked', initiatingEntity: 'user', reason: 'signed-out-elsewhere' })
  expect(await Promise.all([miraElsewhere.sid, jonas.sid].map(server.standing))).toEqual(['live', 'live'])
}, 60_000)

test('a provider that names no session ends all of its subject, and nobody else', async () => {
  await open(false)
  const [mira, miraElsewhere, jonas] = [await begin('mira', 'laptop'), await begin('mira', 'phone'), await begin('jonas')]
  await mira.signOut()
  expect([provider.told, refused]).toEqual([['success'], []])
  expect(await Promise.all([mira.sid, miraElsewhere.sid, jonas.sid].map(server.standing))).toEqual(['session-revoked', 'session-revoked', 'live'])
}, 60_000)

test('a provider whose token is for another client is told that the logout failed, and ends nothing', async () => {
  await open(true)
  const mira = await begin('mira')
  http.removeAllListeners('request')
  http.on('request', getRequestListener(createBackChannelLogout({ server, issuer: provider.issuer, audience: 'another', keys: provider.jwksUri, onRefused: (why) => refused.push(why) }), { overrideGlobalObjects: false }))
  await mira.signOut()
  expect([provider.told, refused]).toEqual([['error'], ['The token is for another audience.']])
  expect(await server.standing(mira.sid)).toBe('live')
}, 60_000)
