import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test, vi } from 'vitest'
import { createSessionServer } from '../server.ts'
import { memoryStore } from '../store.ts'
import { createSigner } from '../testing/signer.ts'
import { createSecurityEventPush } from './index.ts'

vi.setConfig({ testTimeout: 60_000 })
afterEach(() => void vi.useRealTimers())

test('an issuer that changes its keys is asked for them again, and until it can be, nothing is refused for a key that is not known', async () => {
  const [old, fresh, stranger] = [await createSigner('old'), await createSigner('fresh'), await createSigner('stranger')]
  let keys = old.keys
  let asked = 0
  const http = createServer((_request, response) => {
    asked += 1
    response.end(JSON.stringify(keys))
  }).listen(0, '127.0.0.1')
  await once(http, 'listening')
  try {
    // Only the date: how long the keys have been known is read from it.
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() })
    const server = createSessionServer({ issuer: 'https://shop.example', store: memoryStore(), authenticate: async () => undefined })
    for (const sid of ['s1', 's2']) await server.begin({ sid, subject: 'u1', client: 'Storefront' })
    const push = createSecurityEventPush({ server, issuer: 'https://signals.example', audience: 'shop', keys: `http://127.0.0.1:${(http.address() as AddressInfo).port}/jwks` })
    const send = async (signer: typeof old, jti: string, sid: string) => {
      const claims = { iss: 'https://signals.example', aud: 'shop', iat: Math.floor(Date.now() / 1000), jti, sub_id: { format: 'opaque', id: sid } }
      const token = await signer.sign({ ...claims, events: { 'https://schemas.openid.net/secevent/caep/event-type/session-revoked': {} } }, { typ: 'secevent+jwt' })
      return (await push(new Request('https://shop.example/events', { method: 'POST', body: token, headers: { 'content-type': 'application/secevent+jwt' } }))).status
    }
    expect(await send(old, 'j1', 's1')).toBe(202)
    keys = fresh.keys
    expect([await send(fresh, 'j2', 's2'), asked]).toEqual([503, 1])
    vi.setSystemTime(Date.now() + 31_000)
    expect([await send(fresh, 'j2', 's2'), asked]).toEqual([202, 2])
    vi.setSystemTime(Date.now() + 31_000)
    expect([await send(stranger, 'j3', 's2'), asked]).toEqual([400, 3])
    expect([await server.standing('s1'), await server.standing('s2')]).toEqual(['session-revoked', 'session-revoked'])
  } finally {
    http.close()
    http.closeAllConnections()
  }
})
