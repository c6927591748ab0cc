import { afterEach, expect, test, vi } from 'vitest'
import { createFeeds } from './feed.ts'
import type { SessionServerOptions } from './options.ts'
import { createSessionServer } from './server.ts'
import { memoryStore } from './store.ts'
import { handClock } from './testing/hand-clock.ts'

vi.setConfig({ testTimeout: 60_000 })

const issuer = 'https://id.example'
const bodies: ReadableStream[] = []
afterEach(async () => {
  await Promise.all(bodies.splice(0).map((body) => body.cancel()))
})

/** The token is the name of the session, whose subject it names too. */
async function make(options: Partial<SessionServerOptions> = {}) {
  const open: number[] = []
  const server = createSessionServer({
    issuer, store: memoryStore(), clock: handClock(), random: () => 0.5, onFeeds: (count) => open.push(count),
    authenticate: async (request) => {
      const sid = /^Bearer (\w+)$/.exec(request.headers.get('authorization') ?? '')?.[1]
      return sid === undefined ? undefined : { sid, subject: `of ${sid}` }
    },
    ...options,
  })
  for (const sid of ['s1', 's2']) await server.begin({ sid, subject: `of ${sid}`, client: 'Storefront' })
  const connect = async (token: string, headers: Record<string, string> = {}) => {
    const response = (await server.handle(new Request(`${issuer}/session/events`, { headers: { authorization: `Bearer ${token}`, ...headers } })))!
    if (response.status === 200) bodies.push(response.body!)
    return response
  }
  return { server, open, connect }
}
const statuses = async (responses: readonly Promise<Response>[]) => (await Promise.all(responses)).map(({ status }) => status)

test('a session has so many feeds and no more, whatever others have', async () => {
  const { connect } = await make({ feedsPerSession: 2 })
  expect(await statuses(['s1', 's1', 's1', 's2'].map((sid) => connect(sid)))).toEqual([200, 200, 429, 200])
  const refused = await connect('s1')
  expect([refused.headers.get('retry-after'), refused.headers.get('cache-control'), await refused.json()]).toEqual([
    '45', 'no-store', { type: 'about:blank', status: 429, title: 'Too many feeds are open.' },
  ])
})

test('a feed that is over gives its place back, once', async () => {
  const { server, connect } = await make({ feedsPerSession: 1 })
  const feed = await connect('s1')
  expect((await connect('s1')).status).toBe(429)
  await feed.body!.cancel()
  const again = await connect('s1')
  expect([again.status, (await connect('s1')).status]).toEqual([200, 429])
  // The end closes it from this side.
  const reader = again.body!.getReader()
  await server.end('s1', { initiatingEntity: 'admin' })
  while (!(await reader.read()).done);
  reader.releaseLock()
  expect((await connect('s1')).status).toBe(200)
})

test('a feed that the store refuses to subscribe takes no place', async () => {
  const inner = memoryStore()
  let broken = true
  const subscribe: typeof inner.subscribe = (sid, listener) => {
    if (broken) throw new Error('not connected')
    return inner.subscribe(sid, listener)
  }
  const { connect, open } = await make({ feedsPerSession: 1, store: { ...inner, subscribe } })
  expect(await statuses([connect('s1'), connect('s1')])).toEqual([503, 503])
  broken = false
  expect([(await connect('s1')).status, (await connect('s1')).status, open]).toEqual([200, 429, [1]])
})

test('an address has so many feeds and no more, over all its sessions, and one that is not known is not limited', async () => {
  const addressOf = (request: Request) => request.headers.get('x-real-ip') ?? undefined
  const { connect } = await make({ addressOf, feedsPerAddress: 2 })
  const from = (address: string, sid: string) => connect(sid, { 'x-real-ip': address })
  expect(await statuses([from('192.0.2.1', 's1'), from('192.0.2.1', 's2'), from('192.0.2.1', 's2'), from('192.0.2.2', 's2')])).toEqual([200, 200, 429, 200])
  expect(await statuses([connect('s1'), connect('s1'), connect('s1')])).toEqual([200, 200, 200])
})

test('what is refused for its address takes no place of its session', async () => {
  const { connect } = await make({ addressOf: () => '192.0.2.1', feedsPerAddress: 1, feedsPerSession: 2 })
  const feed = await connect('s1')
  for (let count = 0; count < 5; count++) expect((await connect('s1')).status).toBe(429)
  await feed.body!.cancel()
  expect((await connect('s1')).status).toBe(200)
})

test('whoever is not known learns nothing: the same 401 whether a session is there, is full, or never was', async () => {
  const { connect, open } = await make({ feedsPerSession: 1, authenticate: async (request) => (request.headers.get('authorization') === 'Bearer s1' ? { sid: 's1', subject: 'of s1' } : { sid: 's1', subject: 'a stranger' }) })
  const before = await connect('s7')
  await connect('s1')
  const after = await connect('s2')
  for (const refused of [before, after]) expect([refused.status, [...refused.headers]]).toEqual([401, [...before.headers]])
  expect(await after.text()).toBe(await before.text())
  expect(open).toEqual([1])
})

test('no session hears of the end of another', async () => {
  const { server, connect } = await make()
  const feed = await connect('s2')
  await server.end('s1', { initiatingEntity: 'admin', reason: 'payment-dispute' })
  await server.end('s2', { initiatingEntity: 'admin', reason: 'policy' })
  const told = await new Response(feed.body!.pipeThrough(new TransformStream())).text()
  expect(told).toContain('"reason":"policy"')
  expect(told).not.toMatch(/s1|payment-dispute/)
})

test('of ten thousand clients that are told goodbye, no second of the next thirty gets more than its share', async () => {
  // mulberry32: the same numbers in every run.
  let seed = 42
  const random = () => {
    seed = (seed + 0x6d2b79f5) | 0
    let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const snapshot = async () => ({ cursor: '1', object: {}, last: false, until: Infinity })
  const feeds = createFeeds({ clock: handClock(), heartbeatMs: 15_000, retryMs: 3000, drainSpreadMs: 30_000, random, snapshot, subscribe: () => () => {} })
  const source = { sid: 's1', signal: new AbortController().signal, onClose: () => {} }
  const readers = Array.from({ length: 10_000 }, () => feeds.open(source).body!.getReader() as ReadableStreamDefaultReader<Uint8Array>)
  feeds.drain()
  const texts = await Promise.all(readers.map(async (reader) => {
    let text = ''
    for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) text += new TextDecoder().decode(chunk.value)
    return text
  }))
  const perSecond = (retries: readonly number[], seconds: number) => {
    const counts = Array.from({ length: seconds }, () => 0)
    for (const ms of retries) counts[Math.floor((ms - 3000) / 1000)]! += 1
    return counts
  }
  const shares = perSecond(texts.map((text) => Number(/retry: (\d+)\nevent: bye/.exec(text)![1])), 30)
  expect(shares.length).toBe(30)
  expect(Math.min(...shares)).toBeGreaterThan(250)
  expect(Math.max(...shares)).toBeLessThan(417)
  // A node that dies without a word has said on connecting when to be back.
  const first = perSecond(texts.map((text) => Number(/^retry: (\d+)\n\n/.exec(text)![1])), 3)
  expect(first.reduce((sum, count) => sum + count)).toBe(10_000)
  expect(Math.max(...first)).toBeLessThan(3600)
}, 60_000)

test.each([
  ['feedsPerSession', { feedsPerSession: 0 }], ['feedsPerAddress', { feedsPerAddress: 5 }], ['feedsPerAddress', { feedsPerAddress: -1, addressOf: () => 'a' }], ['addressOf', { addressOf: 'x-real-ip' as never }],
  ['drainSpreadMs', { drainSpreadMs: Number.NaN }], ['random', { random: 4 as never }],
])('a wrong %s is a TypeError that names it', async (name, options) => {
  await expect(make(options)).rejects.toThrow(new RegExp(`^"${name}"`))
  await expect(make(options)).rejects.toThrow(TypeError)
})
