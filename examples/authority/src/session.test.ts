import { createHash, randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { generateKeyPair, generateProof } from 'dpop'
import { decodeJwt } from 'jose'
import { afterEach, expect, test, vi } from 'vitest'
import { type Authority, startAuthority } from './index.ts'
import { createVisitor, type Tokens, type Visitor } from './testing/visitor.ts'

const storefront = 'http://localhost:4999'
let authority: Authority
let visitor: Visitor
afterEach(() => authority.close())

async function start(options: Parameters<typeof startAuthority>[0] = {}): Promise<Tokens> {
  authority = await startAuthority({ port: 0, storefront, ...options })
  visitor = createVisitor(authority.issuer, storefront)
  return visitor.signIn()
}
const sidOf = (tokens: Tokens) => decodeJwt(tokens.id_token)['sid'] as string
const get = (path: string, token: string, init: RequestInit = {}) =>
  fetch(authority.issuer + path, { ...init, headers: { authorization: `Bearer ${token}`, ...(init.headers as Record<string, string>) } })

test('the session endpoint knows a session by a token that has expired, and the API does not', async () => {
  const { access_token: token, id_token } = await start({ accessTokenSeconds: 1 })
  await vi.waitUntil(async () => (await get('/api/ping', token)).status === 401, { timeout: 60_000, interval: 100 })
  const refused = await get('/api/ping', token)
  expect(refused.headers.get('www-authenticate')).toContain('error="invalid_token"')
  expect(await refused.json()).not.toHaveProperty('sid')
  expect(await (await get('/session', token)).json()).toMatchObject({ active: true, sid: decodeJwt(id_token)['sid'] })
  expect((await get('/sessions', token)).status).toBe(401)
})

test('an end refuses the API at once, with the proof', async () => {
  const tokens = await start()
  const before = Date.now()
  const { committedAt } = await authority.end(sidOf(tokens), { reason: 'credential-compromised', reasonUser: { en: 'We saw your password elsewhere.' }, reasonAdmin: 'case 7' })
  expect([committedAt >= before, committedAt <= Date.now()]).toEqual([true, true])
  const response = await get('/api/library', tokens.access_token)
  expect(response.status).toBe(401)
  expect(response.headers.get('www-authenticate')).toContain(`error_uri="${authority.issuer}/problems/session-revoked"`)
  const problem = await response.json()
  expect(problem).toMatchObject({ sid: sidOf(tokens), initiating_entity: 'admin', reason: 'credential-compromised', disposition: 'wipe' })
  expect(JSON.stringify(problem)).not.toContain('case 7')
})

test('the feed tells of the end', async () => {
  const open: number[] = []
  const tokens = await start({ observe: (event) => event.type === 'feed' && open.push(event.open) })
  const response = await get('/session/events', tokens.access_token)
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader()
  let text = ''
  const until = async (words: string) => {
    while (!text.includes(words)) {
      const { value, done } = await reader.read()
      if (done) throw new Error(`The feed closed before it said ${words}`)
      text += value
    }
  }
  await until('"active":true')
  expect(open).toEqual([1])
  await authority.end(sidOf(tokens))
  await until('"active":false')
  expect(text).toContain('/problems/session-revoked')
  await vi.waitFor(() => expect(open).toEqual([1, 0]), { timeout: 60_000 })
})

test('a feed is released when its client goes away', async () => {
  const open: number[] = []
  const tokens = await start({ observe: (event) => event.type === 'feed' && open.push(event.open) })
  const gone = new AbortController()
  await get('/session/events', tokens.access_token, { signal: gone.signal })
  expect(open).toEqual([1])
  gone.abort()
  await vi.waitFor(() => expect(open).toEqual([1, 0]), { timeout: 60_000 })
})

test('a restart on the same data is no revocation', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'authority-'))
  try {
    const tokens = await start({ dataDir })
    const rotated = (await (await visitor.refresh(tokens.refresh_token, '"k"')).json()) as Tokens
    const { port } = authority
    await authority.close()
    authority = await startAuthority({ port, storefront, dataDir })
    // The connections of the first process may be tried once more.
    await vi.waitFor(async () => expect((await get('/api/ping', rotated.access_token)).status).toBe(200), { timeout: 60_000 })
    expect(await (await visitor.refresh(tokens.refresh_token, '"k"')).json()).toMatchObject({ refresh_token: rotated.refresh_token })
    expect((await visitor.refresh(rotated.refresh_token)).status).toBe(200)
    expect((await visitor.authorize()).at).toBe('storefront')
  } finally {
    rmSync(dataDir, { recursive: true })
  }
})

test('the list shows the sessions of the account, and ends the others', async () => {
  const tokens = await start()
  const other = await createVisitor(authority.issuer, storefront).signIn()
  const stranger = await createVisitor(authority.issuer, storefront).signIn({ email: 'jonas@example.test' })
  const list = (await (await get('/sessions', tokens.access_token)).json()) as { sid: string; current: boolean }[]
  expect(list.map(({ sid, current }) => [sid, current])).toEqual([[sidOf(tokens), true], [sidOf(other), false]])
  expect((await get(`/sessions/${sidOf(stranger)}`, tokens.access_token, { method: 'DELETE' })).status).toBe(404)
  expect((await get('/sessions?except=current', tokens.access_token, { method: 'DELETE' })).status).toBe(204)
  expect((await get('/api/ping', other.access_token)).status).toBe(401)
  expect((await get('/api/ping', stranger.access_token)).status).toBe(200)
  expect((await get('/api/ping', tokens.access_token)).status).toBe(200)
})

test('a token bound to a key needs the proof of that key', async () => {
  authority = await startAuthority({ port: 0, storefront, dpopNonce: true })
  visitor = createVisitor(authority.issuer, storefront)
  const keys = await generateKeyPair('ES256')
  const proof = (path: string, method: string, nonce?: string, token?: string) => generateProof(keys, authority.issuer + path, method, nonce, token)
  const arrival = await visitor.submit(await visitor.authorize())
  await expect(visitor.redeem(arrival, { dpop: await proof('/token', 'POST') })).rejects.toThrow('use_dpop_nonce')
  const nonce = (await visitor.refresh('none', undefined, { dpop: await proof('/token', 'POST') })).headers.get('dpop-nonce')!
  const tokens = await visitor.redeem(arrival, { dpop: await proof('/token', 'POST', nonce) })
  expect(tokens.token_type).toBe('DPoP')

  const ask = async (path: string, dpop: string) => fetch(authority.issuer + path, { headers: { authorization: `DPoP ${tokens.access_token}`, dpop } })
  expect((await ask('/api/ping', await proof('/api/ping', 'GET', undefined, tokens.access_token))).status).toBe(200)
  expect((await ask('/api/ping', await proof('/api/me', 'GET', undefined, tokens.access_token))).headers.get('www-authenticate')).toContain('invalid_dpop_proof')
  expect((await get('/api/ping', tokens.access_token)).status).toBe(401)
  expect(await (await ask('/session', await proof('/session', 'GET', undefined, tokens.access_token))).json()).toMatchObject({ active: true })

  const key = { dpop: await proof('/token', 'POST'), 'idempotency-key': '"k"' }
  expect(await (await visitor.refresh(tokens.refresh_token, undefined, key)).json()).toMatchObject({ error: 'use_dpop_nonce' })
  const second = await visitor.refresh(tokens.refresh_token, '"k"', { dpop: await proof('/token', 'POST', nonce) })
  expect(second.status).toBe(200)
})

test('a library file is the bytes that were promised', async () => {
  const { access_token: token } = await start()
  const library = (await (await get('/api/library', token)).json()) as { id: string; size: number; sha256: string; file: string }[]
  for (const { size, sha256, file } of library.slice(0, 2)) {
    const response = await get(file, token)
    const bytes = Buffer.from(await response.arrayBuffer())
    expect(response.headers.get('content-length')).toBe(String(size))
    expect(response.headers.get('content-disposition')).toContain('attachment')
    expect([bytes.length, createHash('sha256').update(bytes).digest('hex')]).toEqual([size, sha256])
  }
  expect((await get('/api/library/gear-vase/file', token)).status).toBe(404)
})

test('an order is placed once for each key', async () => {
  const { access_token: token } = await start()
  const send = (path: string, method: string, body: unknown, headers = {}) => get(path, token, { method, body: JSON.stringify(body), headers: { 'content-type': 'application/json', ...headers } })
  expect(await (await send('/api/cart', 'PUT', { items: ['gear-vase'] })).json()).toMatchObject({ total: 900 })
  const key = randomUUID()
  const order = await (await send('/api/orders', 'POST', { items: ['gear-vase'] }, { 'idempotency-key': key })).json()
  expect(await (await send('/api/orders', 'POST', { items: ['gear-vase'] }, { 'idempotency-key': key })).json()).toEqual(order)
  expect((await send('/api/orders', 'POST', { items: ['knot-lamp'] }, { 'idempotency-key': key })).status).toBe(422)
  expect(await (await get(`/api/orders?idempotency_key=${key}`, token)).json()).toEqual([order])
  expect(await (await get('/api/cart', token)).json()).toMatchObject({ items: [] })
  expect((await get('/api/library/gear-vase/file', token, { method: 'HEAD' })).status).toBe(200)
})

test('a token of a smaller scope is told which scope is missing', async () => {
  authority = await startAuthority({ port: 0, storefront })
  const tokens = await createVisitor(authority.issuer, storefront).signIn({ scope: 'openid library' })
  const response = await get('/api/cart', tokens.access_token)
  expect(response.status).toBe(403)
  expect(response.headers.get('www-authenticate')).toContain('error="insufficient_scope"')
})

test('an admin ends a session by script, and by the page with its token', async () => {
  const tokens = await start()
  const other = await createVisitor(authority.issuer, storefront).signIn()
  const basic = { authorization: `Basic ${btoa('admin@example.test:demo')}` }
  const end = (sid: string, headers: Record<string, string>) => fetch(`${authority.issuer}/admin/api/sessions/${sid}/end`, { method: 'POST', headers, body: JSON.stringify({ reason: 'policy', disposition: 'lock' }) })
  expect((await end(sidOf(tokens), {})).status).toBe(401)
  expect(await (await end(sidOf(tokens), basic)).json()).toMatchObject({ committed_at_ms: expect.any(Number), changed: true })
  expect((await end('nobody', basic)).status).toBe(404)
  for (const site of ['cross-site', 'same-site']) expect((await end(sidOf(other), { ...basic, 'sec-fetch-site': site })).status).toBe(403)
  expect(await (await get('/session', other.access_token)).json()).toMatchObject({ active: true })
  expect(await (await get('/session', tokens.access_token)).json()).toMatchObject({ active: false, reason: 'policy', disposition: 'lock' })

  const form = (path: string, body: Record<string, string>, cookie = '') => fetch(authority.issuer + path, { method: 'POST', redirect: 'manual', headers: { cookie }, body: new URLSearchParams(body) })
  expect((await form('/admin/sign-in', { email: 'mira@example.test', password: 'demo' })).status).toBe(401)
  const cookie = (await form('/admin/sign-in', { email: 'admin@example.test', password: 'demo' })).headers.getSetCookie()[0]!.split(';')[0]!
  const page = await (await fetch(`${authority.issuer}/admin`, { headers: { cookie } })).text()
  for (const done of ['constructor', '__proto__', 'toString']) expect(await (await fetch(`${authority.issuer}/admin?done=${done}`, { headers: { cookie } })).text()).toBe(page)
  const csrf = /name="csrf" value="([^"]+)"/.exec(page)![1]!
  const choices = { reason: 'payment-dispute', disposition: 'wipe' }
  expect((await form(`/admin/sessions/${sidOf(other)}/end`, choices, cookie)).status).toBe(403)
  expect((await form(`/admin/sessions/${sidOf(other)}/end`, { ...choices, csrf }, cookie)).status).toBe(303)
  expect(await (await get('/session', other.access_token)).json()).toMatchObject({ active: false, reason: 'payment-dispute' })
})
