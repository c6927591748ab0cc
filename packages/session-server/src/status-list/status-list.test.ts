/** The status lists: random entries without collision, two bits each, made block by block, signed, and served so that a cache can carry them. */
import { inflateSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { createSessionServer, memoryStore, type SessionStore, withEntry } from '../index.ts'
import { handClock } from '../testing/hand-clock.ts'
import { createBlocks } from './blocks.ts'
import { createDraw } from './draw.ts'
import { createStatusLists, type StatusListClaims, type StatusListOptions } from './index.ts'

const issuer = 'https://id.example'
const address = `${issuer}/status-lists`
const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')

async function made(options: Partial<StatusListOptions> = {}, inner: SessionStore = memoryStore()) {
  const clock = handClock()
  const signed: StatusListClaims[] = []
  const sign = async (claims: StatusListClaims) => {
    signed.push(claims)
    return `${part({ alg: 'ES256', typ: 'statuslist+jwt' })}.${part(claims)}.signature-${signed.length}`
  }
  const lists = createStatusLists({ address, sign, clock, ...options })
  const store = lists.keep(inner)
  const server = createSessionServer({ issuer, store, clock, authenticate: async (request) => ({ sid: request.headers.get('x-sid')!, subject: 'mira' }) })
  const begin = async (sid: string) => {
    await server.begin({ sid, subject: 'mira', client: 'Storefront' })
    return (await store.get(sid))!.statusList!
  }
  const get = async (uri: string, headers: Record<string, string> = {}) => (await lists.handle(new Request(uri, { headers })))!
  const entry = async ({ uri, idx }: { uri: string; idx: number }) => {
    const claims = JSON.parse(Buffer.from((await (await get(uri)).text()).split('.')[1]!, 'base64url').toString()) as StatusListClaims
    return (inflateSync(Buffer.from(claims.status_list.lst, 'base64url'))[idx >> 2]! >> ((idx & 3) * 2)) & 3
  }
  return { clock, signed, lists, store, server, begin, get, entry }
}

describe('the entries of a list', () => {
  it('say 1 and 2, and 0 of who lives as of nobody, in zlib\'s format', () => {
    const blocks = createBlocks(12)
    blocks.update(Buffer.from('c944f9', 'hex'))
    expect(inflateSync(blocks.deflated()).toString('hex')).toBe('094409')
  })

  it('are handed out at random, each once, until the list is full', async () => {
    const lists: Uint8Array[] = []
    const { draw } = createDraw(1_000, async (list) => lists[list - 1])
    const taken: number[] = []
    for (let count = 0; count < 960; count += 1) {
      const { list, idx } = await draw()
      expect(list).toBe(1)
      lists[0] = withEntry(lists[0] ?? new Uint8Array(), idx, 3)
      taken.push(idx)
    }
    expect(new Set(taken).size).toBe(960)
    expect(Math.max(...taken)).toBeLessThan(1_000)
    expect(taken.slice(0, 20)).not.toEqual(taken.slice(0, 20).sort((a, b) => a - b))
    expect((await Promise.all([draw(), draw()])).map(({ list }) => list)).toEqual([2, 2])
  })

  it('are the same list, whatever was changed since it was last made', () => {
    const size = 300_000
    const blocks = createBlocks(size)
    let whole: Uint8Array = new Uint8Array(size / 4)
    for (let round = 0; round < 6; round += 1) {
      for (let change = 0; change < 500; change += 1) whole = withEntry(whole, (round * 77_777 + change * 7_919) % size, (change % 3) as 0 | 1 | 2)
      expect([blocks.update(whole), blocks.update(whole)]).toEqual([true, false])
      // zlib itself checks the checksum.
      expect(inflateSync(blocks.deflated()).equals(whole)).toBe(true)
    }
  })

  it('of a million sessions of which 1 % are over take at most 16.5 KB', async () => {
    const size = 2 ** 20
    const entries = new Uint8Array(size / 4)
    const { draw } = createDraw(size, async () => undefined)
    for (let over = 0; over < 10_000; over += 1) withEntry(entries, (await draw()).idx, 1)
    const blocks = createBlocks(size)
    blocks.update(entries)
    expect(blocks.deflated().length).toBeLessThan(16_500)
  })
})

describe('a session server with status lists', () => {
  it('P7 gives each session an entry, names it to the session\'s own client, and says 2 when it is suspended and 1 when it ended', async () => {
    const { server, begin, entry, clock } = await made()
    const [first, second] = [await begin('s1'), await begin('s2')]
    expect(first.uri).toBe(`${address}/1`)
    expect([await entry(first), await entry(second)]).toEqual([0, 0])
    const answer = await server.handle(new Request(`${issuer}/session`, { headers: { 'x-sid': 's1' } }))
    expect(await answer!.json()).toMatchObject({ active: true, status: { status_list: first } })
    for (const [act, status] of [['suspend', 2], ['resume', 0], ['suspend', 2]] as const) {
      await server[act]('s1')
      clock.advance(1_000)
      expect([await entry(first), await entry(second)]).toEqual([status, 0])
    }
    await server.end('s1', { initiatingEntity: 'admin' })
    clock.advance(1_000)
    expect([await entry(first), await entry(second)]).toEqual([1, 0])
    expect(await (await server.handle(new Request(`${issuer}/session`, { headers: { 'x-sid': 's1' } })))!.json()).not.toHaveProperty('status')
  })

  it('P7 starts anew with what the store says, also of rows that it has forgotten, and gives nobody\'s entry away', async () => {
    const inner = memoryStore({ keepEnded: 0 })
    const before = await made({ size: 100 }, inner)
    const taken = [await before.begin('s1'), await before.begin('s2')]
    await before.server.end('s1', { initiatingEntity: 'admin' })
    expect(await inner.get('s1')).toBeUndefined()
    const after = await made({ size: 100 }, inner)
    expect([await after.entry(taken[0]!), await after.entry(taken[1]!)]).toEqual([1, 0])
    for (let other = 0; other < 94; other += 1) taken.push(await after.begin(`t${other}`))
    expect(new Set(taken.map(({ uri, idx }) => `${uri} ${idx}`)).size).toBe(96)
    // The list is full.
    expect((await after.begin('one more')).uri).toBe(`${address}/2`)
  })
})

describe('the address of a list', () => {
  it('answers with what a cache needs: a strong validator, the same bytes until something changed, and 304 to whoever has them', async () => {
    const { begin, get, server, signed, clock } = await made({ ttlMs: 60_000 })
    const { uri } = await begin('s1')
    const first = await get(uri)
    expect(Object.fromEntries(first.headers)).toMatchObject({
      'content-type': 'application/statuslist+jwt', 'cache-control': 'public, max-age=59', 'access-control-allow-origin': '*', etag: expect.stringMatching(/^"[\w-]{22}"$/),
    })
    const etag = first.headers.get('etag')!
    expect(await (await get(uri)).text()).toBe(await first.text())
    for (const tags of [etag, `W/${etag}`, `"x", ${etag}`, '*']) expect((await get(uri, { 'if-none-match': tags })).status).toBe(304)
    expect((await get(uri, { 'if-none-match': '"x"' })).status).toBe(200)
    await begin('s2')
    expect(signed).toHaveLength(1)
    await server.end('s2', { initiatingEntity: 'user' })
    // However many end, one second passes between two lists.
    expect((await get(uri, { 'if-none-match': etag })).status).toBe(304)
    clock.advance(1_000)
    const [second, again] = await Promise.all([get(uri, { 'if-none-match': etag }), get(uri)])
    expect([second.status, second.headers.get('etag') === etag, await second.text() === await again.text(), signed.length]).toEqual([200, false, true, 2])
  })

  it('signs a list that did not change before it expires', async () => {
    const { begin, get, signed, clock } = await made({ ttlMs: 60_000 })
    const { uri } = await begin('s1')
    for (let minute = 0; minute < 60; minute += 1) {
      await get(uri)
      const { exp, sub, ttl } = signed.at(-1)!
      expect([sub, ttl, exp * 1000 - clock.now() > 300_000]).toEqual([uri, 60, true])
      clock.advance(60_000)
    }
    expect(signed).toHaveLength(10)
  })

  it('says what changed also when the clock was set back', async () => {
    const { begin, server, entry, clock } = await made()
    const reference = await begin('s1')
    expect(await entry(reference)).toBe(0)
    await server.end('s1', { initiatingEntity: 'admin' })
    clock.advance(-3_600_000)
    expect(await entry(reference)).toBe(1)
  })

  it('names all lists at the aggregation, and answers for nothing else', async () => {
    const { begin, get, lists } = await made({ size: 100 })
    for (let sid = 0; sid < 97; sid += 1) await begin(`s${sid}`)
    expect(lists.metadata).toEqual({ status_list_aggregation_endpoint: address })
    expect(await (await get(address)).json()).toEqual({ status_lists: [`${address}/1`, `${address}/2`] })
    for (const path of ['/status-lists/3', '/status-lists/', '/status-lists/01', '/status-lists/1/', '/status-lists1', '/']) expect(await lists.handle(new Request(issuer + path))).toBeUndefined()
    expect((await get(`${address}/1?time=1`)).status).toBe(501)
    const refused = await lists.handle(new Request(`${address}/1`, { method: 'POST' }))
    expect([refused!.status, refused!.headers.get('allow')]).toEqual([405, 'GET, HEAD'])
    expect(await (await lists.handle(new Request(`${address}/1`, { method: 'HEAD' })))!.text()).toBe('')
  })

  it('answers 503 while it cannot be signed, and the list when it can', async () => {
    let broken = true
    const { begin, get, server, entry, clock } = await made({
      async sign(claims) {
        if (broken) throw new Error('no key')
        return `${part({ typ: 'statuslist+jwt' })}.${part(claims)}.x`
      },
    })
    const reference = await begin('s1')
    const { uri } = reference
    expect([(await get(uri)).status, (await get(uri)).headers.get('access-control-allow-origin')]).toEqual([503, '*'])
    broken = false
    expect(await entry(reference)).toBe(0)
    broken = true
    await server.end('s1', { initiatingEntity: 'admin' })
    clock.advance(1_000)
    expect((await get(uri)).status).toBe(503)
    broken = false
    expect(await entry(reference)).toBe(1)
  })
})

it.each<[string, Record<string, unknown>]>([
  ['address', { address: `${address}/` }], ['address', { address: 'status-lists' }], ['address', { address: 'https://lists.example' }], ['sign', { sign: 'key' }], ['ttlMs', { ttlMs: 1_999 }],
  ['size', { size: 99 }], ['size', { size: 1.5 }], ['lists', { lists: 1 }],
])('a wrong option is a TypeError that names %s', (name, wrong) => {
  expect(() => createStatusLists({ address, sign: async () => '', ...wrong } as StatusListOptions)).toThrow(new RegExp(`^"${name}"`))
})
