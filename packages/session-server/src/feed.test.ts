import { expect, test, vi } from 'vitest'
import { createSessionServer, type SessionServer } from './server.ts'
import { memoryStore, type SessionStore } from './store.ts'
import { handClock } from './testing/hand-clock.ts'

const issuer = 'https://id.example'

function make(over: Partial<SessionStore> = {}) {
  const clock = handClock()
  const open: number[] = []
  const listening = { count: 0 }
  const inner = memoryStore()
  const store: SessionStore = {
    ...inner,
    subscribe(sid, listener) {
      listening.count += 1
      const stop = inner.subscribe(sid, listener)
      return () => {
        listening.count -= 1
        stop()
      }
    },
    ...over,
  }
  const server = createSessionServer({
    issuer, store, clock, random: () => 0.5, onFeeds: (count) => open.push(count),
    authenticate: async (request) => (request.headers.get('authorization') === 'Bearer t' ? { sid: 's1', subject: 'u1' } : undefined),
  })
  return { server, clock, open, listening }
}

async function connect(server: SessionServer, headers: Record<string, string> = {}, signal?: AbortSignal) {
  const response = (await server.handle(new Request(`${issuer}/session/events`, { headers: { authorization: 'Bearer t', ...headers }, signal: signal ?? null })))!
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader()
  let rest = ''
  /** The next block, without the blank line after it. */
  async function next(): Promise<string | undefined> {
    while (!rest.includes('\n\n')) {
      const { value, done } = await reader.read()
      if (done) return undefined
      rest += value
    }
    const [block, ...more] = rest.split('\n\n')
    rest = more.join('\n\n')
    return block
  }
  const data = async () => JSON.parse((await next())!.split('\ndata: ')[1]!) as Record<string, unknown>
  return { response, reader, next, data }
}

const begin = (server: SessionServer, more = {}) => server.begin({ sid: 's1', subject: 'u1', client: 'Storefront', ...more })

test('a feed says how long to wait, then where the session stands', async () => {
  const { server } = make()
  await begin(server)
  const feed = await connect(server)
  expect(Object.fromEntries(feed.response.headers)).toMatchObject({ 'content-type': 'text/event-stream', 'cache-control': 'no-store, no-transform', 'x-accel-buffering': 'no' })
  expect(await feed.next()).toBe('retry: 4500')
  expect(await feed.next()).toMatch(/^event: session\nid: 1\ndata: {"active":true,"sid":"s1",/)
})

test('a client that has seen the latest is told again where the session stands', async () => {
  const { server } = make()
  await begin(server)
  const feed = await connect(server, { 'last-event-id': '1' })
  await feed.next()
  expect(await feed.data()).toMatchObject({ active: true })
})

test('each change is told once, in order, and the end is the last word', async () => {
  const { server } = make()
  await begin(server)
  const feed = await connect(server)
  await feed.next()
  await feed.data()
  await server.suspend('s1')
  expect(await feed.data()).toMatchObject({ active: false, type: `${issuer}/problems/account-suspended` })
  await server.resume('s1')
  expect(await feed.data()).toMatchObject({ active: true })
  await server.end('s1', { initiatingEntity: 'admin', reason: 'policy', reasonAdmin: 'case 7' })
  const end = (await feed.next())!
  expect(end).toContain('id: 4-end')
  expect(end).toContain('"reason":"policy"')
  expect(end).not.toContain('case 7')
  expect(await feed.next()).toBeUndefined()
})

test('however many clients a session has, a change reads its row once, and each is told', async () => {
  const inner = memoryStore()
  const get = vi.fn(inner.get)
  const { server } = make({ ...inner, get })
  await begin(server)
  const feeds = await Promise.all(Array.from({ length: 5 }, () => connect(server)))
  for (const feed of feeds) await feed.next().then(feed.next)
  get.mockClear()
  await server.suspend('s1')
  for (const feed of feeds) expect(await feed.data()).toMatchObject({ active: false })
  // One to change it, and one to tell.
  expect(get).toHaveBeenCalledTimes(2)
})

test('a client whose bytes are taken away leaves those of the others', async () => {
  const { server } = make()
  await begin(server)
  const readers = await Promise.all(Array.from({ length: 2 }, async () => {
    const response = await server.handle(new Request(`${issuer}/session/events`, { headers: { authorization: 'Bearer t' } }))
    return response!.body!.getReader() as ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>
  }))
  for (const reader of readers) await reader.read().then(() => reader.read())
  await server.suspend('s1')
  const [taken, left] = [(await readers[0]!.read()).value!, readers[1]!.read()]
  structuredClone(taken, { transfer: [taken.buffer] })
  expect(new TextDecoder().decode((await left).value)).toMatch(/^event: session\nid: 2\ndata: .*\n\n$/)
})

test('a session that has ended already is proven so on connecting', async () => {
  const { server, open } = make()
  await begin(server)
  await server.end('s1', { initiatingEntity: 'user' })
  const feed = await connect(server)
  await feed.next()
  expect(await feed.data()).toMatchObject({ active: false, sid: 's1' })
  expect(await feed.next()).toBeUndefined()
  expect(open).toEqual([1, 0])
})

test('a change between the subscription and the first look is not lost', async () => {
  const inner = memoryStore()
  const { server } = make({ ...inner, subscribe: inner.subscribe })
  await begin(server)
  const [feed] = await Promise.all([connect(server), server.end('s1', { initiatingEntity: 'admin' })])
  await feed.next()
  let last = await feed.data()
  if (last['active'] === true) last = await feed.data()
  expect(last).toMatchObject({ active: false })
})

test('a feed shows a sign of life, and an expiry that nobody wrote', async () => {
  const { server, clock } = make()
  await begin(server, { expiresAt: clock.now() + 40_000 })
  const feed = await connect(server)
  await feed.next()
  await feed.data()
  clock.advance(15_000)
  expect(await feed.next()).toBe(':')
  clock.advance(30_000)
  expect([await feed.next(), await feed.next()]).toEqual([':', ':'])
  expect(await feed.data()).toMatchObject({ active: false, type: `${issuer}/problems/session-expired` })
})

test('a sign of life reads no row before a deadline that is known, and a use moves that on', async () => {
  const inner = memoryStore()
  const get = vi.fn(inner.get)
  const { server, clock } = make({ ...inner, get })
  await begin(server, { idleMs: 100_000 })
  const feed = await connect(server)
  await feed.next()
  await feed.data()
  const beat = async (ms: number) => {
    get.mockClear()
    clock.advance(ms)
    expect(await feed.next()).toBe(':')
    // Whatever the sign of life has read is read by now.
    await server.get('s1')
    return get.mock.calls.length - 1
  }
  for (let beats = 1; beats <= 5; beats += 1) expect(await beat(15_000)).toBe(0)
  await server.touch('s1')
  expect([await beat(15_000), await beat(15_000), await beat(15_000)]).toEqual([0, 1, 0])
  for (let beats = 9; beats <= 11; beats += 1) expect(await beat(15_000)).toBe(0)
  // At 75 s it was used, so it ran out at 175 s.
  expect(await beat(15_000)).toBe(1)
  expect(await feed.data()).toMatchObject({ active: false, type: `${issuer}/problems/session-expired`, event_timestamp: 1_700_000_175 })
  expect(await feed.next()).toBeUndefined()
})

test.each(['abort', 'cancel'])('a client that goes away by %s leaves nothing behind', async (way) => {
  const { server, clock, open, listening } = make()
  await begin(server)
  const gone = new AbortController()
  const feed = await connect(server, {}, gone.signal)
  await feed.next()
  expect([listening.count, clock.tasks]).toEqual([1, 1])
  if (way === 'abort') gone.abort()
  else await feed.reader.cancel()
  await vi.waitFor(() => expect([listening.count, clock.tasks, open]).toEqual([0, 0, [1, 0]]), { timeout: 60_000 })
})

test('a client that does not read is let go', async () => {
  const { server, clock, open } = make()
  await begin(server, { device: 'x' })
  const response = (await server.handle(new Request(`${issuer}/session/events`, { headers: { authorization: 'Bearer t' } })))!
  for (let beat = 0; beat < 30_000 && open.at(-1) !== 0; beat++) clock.advance(15_000)
  expect(open).toEqual([1, 0])
  await response.body!.cancel()
})

test('draining says goodbye on every feed and opens no more', async () => {
  const { server, clock, listening } = make()
  await begin(server)
  const [one, two] = [await connect(server), await connect(server)]
  for (const feed of [one, two]) await feed.next().then(feed.next)
  server.drain()
  for (const feed of [one, two]) expect([await feed.next(), await feed.next()]).toEqual(['retry: 18000\nevent: bye\ndata: {}', undefined])
  expect([listening.count, clock.tasks]).toEqual([0, 0])
  const response = await server.handle(new Request(`${issuer}/session/events`, { headers: { authorization: 'Bearer t' } }))
  expect(response!.status).toBe(503)
})

test('a feed that was on its way when draining began is not opened', async () => {
  const { server, open } = make()
  await begin(server)
  const answer = server.handle(new Request(`${issuer}/session/events`, { headers: { authorization: 'Bearer t' } }))
  server.drain()
  expect([(await answer)!.status, open]).toEqual([503, []])
})

test('a token that is not known gets no stream and no proof', async () => {
  const { server } = make()
  const response = (await server.handle(new Request(`${issuer}/session/events`)))!
  expect(response.status).toBe(401)
  expect(await response.json()).not.toHaveProperty('sid')
})

test('a store that fails closes the feed without a word about the session', async () => {
  const inner = memoryStore()
  let broken = false
  const { server, clock, open } = make({ ...inner, get: (sid) => (broken ? Promise.reject(new Error('disk')) : inner.get(sid)) })
  await begin(server, { expiresAt: clock.now() + 15_000 })
  const feed = await connect(server)
  await feed.next()
  await feed.data()
  broken = true
  clock.advance(15_000)
  expect([await feed.next(), await feed.next(), open]).toEqual([':', undefined, [1, 0]])
})
