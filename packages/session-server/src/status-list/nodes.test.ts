/** Status lists of several nodes over one store: what one writes, the lists of all say, and none is given out that may be older. */
import { inflateSync } from 'node:zlib'
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { createGate } from '../../test/gate.ts'
import { noRedis, startRedis, type TestRedis } from '../../test/redis.ts'
import { createSessionServer, memoryStore, type SessionServer, type SessionStore, type StatusReference } from '../index.ts'
import { redisStore, type RedisStoreOptions } from '../redis/index.ts'
import { handClock } from '../testing/hand-clock.ts'
import { createStatusLists, type StatusListClaims } from './index.ts'

vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 })

const issuer = 'https://id.example'
const address = `${issuer}/status-lists`
const eventually = { timeout: 60_000, interval: 20 }

let redis: TestRedis | undefined
beforeAll(async () => void (redis = noRedis === undefined ? await startRedis() : undefined))
afterAll(() => redis?.close())

function inRedis(options: Partial<RedisStoreOptions> = {}, path?: string): SessionStore {
  const store = redisStore({ client: redis!.client(path), waitMs: 60_000, ...options })
  onTestFinished(() => store.close())
  return store
}

/** A function that opens the store of one more node. */
const kinds: Record<string, () => () => SessionStore> = {
  'in memory'() {
    const store = memoryStore()
    return () => store
  },
  'in Redis'() {
    const prefix = `${crypto.randomUUID()}:`
    return () => inRedis({ prefix })
  },
}

interface Node {
  readonly server: SessionServer
  readonly store: SessionStore
  /** What its list says of an entry now, or the status with which it was refused. */
  says(entry: StatusReference): Promise<number>
  ask(path: string): Promise<Response | undefined>
}

/** A node that serves lists, and begins and ends sessions. */
function startNode(inner: SessionStore, size = 1000): Node {
  const clock = handClock()
  const sign = async (claims: StatusListClaims) => `.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.`
  const lists = createStatusLists({ address, sign, clock, size })
  const store = lists.keep(inner)
  return {
    store,
    server: createSessionServer({ issuer, store, authenticate: async () => undefined }),
    ask: (path) => lists.handle(new Request(address + path)),
    async says({ uri, idx }) {
      // A list that was right a second ago is given out without a look.
      clock.advance(1000)
      const answer = await lists.handle(new Request(uri))
      if (answer?.status !== 200) return answer?.status ?? 404
      const claims = JSON.parse(Buffer.from((await answer.text()).split('.')[1]!, 'base64url').toString()) as StatusListClaims
      return (inflateSync(Buffer.from(claims.status_list.lst, 'base64url'))[idx >> 2]! >> ((idx & 3) * 2)) & 3
    },
  }
}

async function begin({ server, store }: Node, sid: string): Promise<StatusReference> {
  await server.begin({ sid, subject: 'mira', client: 'Storefront' })
  return (await store.get(sid))!.statusList!
}

const byAdmin = { initiatingEntity: 'admin' } as const

describe.each(Object.keys(kinds))('nodes over a store %s', (kind) => {
  const check = (title: string, run: (open: () => SessionStore) => Promise<void>) =>
    test(title, async ({ skip }) => {
      if (kind === 'in Redis' && noRedis !== undefined) skip(noRedis)
      await run(kinds[kind]!())
    })

  check('P7 all serve the same lists, which say at once what any of them wrote', async (open) => {
    const [one, two] = [startNode(open()), startNode(open())]
    const [first, second] = [await begin(one, 's1'), await begin(two, 's2')]
    expect([first.uri, second.uri]).toEqual([`${address}/1`, `${address}/1`])
    for (const node of [one, two]) expect([await node.says(first), await node.says(second)]).toEqual([0, 0])
    for (const [act, status] of [['suspend', 2], ['resume', 0], ['suspend', 2]] as const) {
      await one.server[act]('s1')
      expect([await two.says(first), await one.says(first)]).toEqual([status, status])
    }
    await two.server.end('s1', byAdmin)
    await one.server.end('s2', byAdmin)
    for (const node of [one, two]) expect([await node.says(first), await node.says(second)]).toEqual([1, 1])
  })

  check('P7 one that starts later knows what was before it', async (open) => {
    const before = startNode(open())
    const taken = [await begin(before, 's0'), await begin(before, 's1'), await begin(before, 's2')]
    await before.server.end('s0', byAdmin)
    await before.server.suspend('s1')
    const after = startNode({ ...open(), list: () => Promise.reject(new Error('It reads no rows.')) })
    expect(await Promise.all(taken.map((entry) => after.says(entry)))).toEqual([1, 2, 0])
  })

  check('P6 two that begin sessions at once give nobody\'s entry away, fill a list before the next, and leave none out', async (open) => {
    const nodes = [startNode(open(), 100), startNode(open(), 100)]
    const taken: StatusReference[] = []
    for (let round = 0; round < 20; round += 1) {
      taken.push(...await Promise.all(Array.from({ length: 12 }, (_, index) => begin(nodes[index % 2]!, `s${round}-${index}`))))
    }
    expect(new Set(taken.map(({ uri, idx }) => `${uri} ${idx}`)).size).toBe(240)
    const held = (list: number) => taken.filter(({ uri }) => uri === `${address}/${list}`).length
    expect([1, 2, 3].map((list) => held(list) >= 96)).toEqual([true, true, false])
    for (const node of nodes) expect(await (await node.ask(''))!.json()).toEqual({ status_lists: [`${address}/1`, `${address}/2`, `${address}/3`] })
    await expect(nodes[0]!.server.begin({ sid: 's0-0', subject: 'mira', client: 'Storefront' })).rejects.toThrow(RangeError)
  })

  check('P7 whoever asks a second after a list began to be read is given no list of that time', async (open) => {
    const one = startNode(open())
    const entry = await begin(one, 's1')
    const [reading, go] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    const inner = open()
    let slow = false
    const two = startNode({
      ...inner,
      // What it read is old by the time it has it.
      async entries(uri) {
        const read = await inner.entries(uri)
        if (slow) reading.resolve()
        if (slow) await go.promise
        return read
      },
    })
    expect(await two.says(entry)).toBe(0)
    slow = true
    const early = two.says(entry)
    await reading.promise
    await one.server.end('s1', byAdmin)
    const late = two.says(entry)
    go.resolve()
    expect([await early, await late]).toEqual([0, 1])
  })

  check('P7 while the entries cannot be read no list is given out, and it is when they can', async (open) => {
    const one = startNode(open())
    const entry = await begin(one, 's1')
    const inner = open()
    let broken = false
    const two = startNode({ ...inner, entries: (uri) => (broken ? Promise.reject(new Error('disk')) : inner.entries(uri)) })
    expect(await two.says(entry)).toBe(0)
    broken = true
    await one.server.suspend('s1')
    expect([await two.says(entry), await two.says(entry), (await two.ask(''))!.status]).toEqual([503, 503, 503])
    const three = startNode(two.store)
    await expect(begin(three, 's2')).rejects.toThrow('disk')
    broken = false
    expect(await two.says(entry)).toBe(2)
  })
})

describe('nodes over one Redis', () => {
  beforeEach(({ skip }) => skip(noRedis !== undefined, noRedis))

  test('P7 one that is cut off gives out no list that might lack an end, and the right one when it is back', async () => {
    const way = await createGate(redis!.path)
    onTestFinished(() => way.close())
    const prefix = `${crypto.randomUUID()}:`
    const one = startNode(inRedis({ prefix }))
    const entry = await begin(one, 's1')
    const inner = inRedis({ prefix, waitMs: 1000 }, way.path)
    const two = startNode(inner)
    await vi.waitFor(async () => expect(await two.says(entry)).toBe(0), eventually)
    way.shut()
    await one.server.end('s1', byAdmin)
    for (let asked = 0; asked < 3; asked += 1) expect(await two.says(entry)).toBe(503)
    way.open()
    await vi.waitFor(async () => {
      const said = await two.says(entry)
      expect(said).not.toBe(0)
      expect(said).toBe(1)
    }, eventually)
  })

  test('P7 Redis killed and started again: the lists say what the rows do', async () => {
    const own = await startRedis()
    onTestFinished(() => own.close())
    const open = () => {
      const store = redisStore({ client: own.client(), waitMs: 60_000 })
      onTestFinished(() => store.close())
      return store
    }
    const [one, two] = [startNode(open()), startNode(open())]
    const [first, second] = [await begin(one, 's1'), await begin(two, 's2')]
    await one.server.end('s1', byAdmin)
    await own.kill()
    await own.start()
    await vi.waitFor(() => one.server.suspend('s2'), eventually)
    await vi.waitFor(async () => expect([await two.says(first), await two.says(second)]).toEqual([1, 2]), eventually)
  })
})
