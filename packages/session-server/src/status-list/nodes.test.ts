/** Status lists of several nodes over one store: what one writes, the lists of all say, and none is given out that may be older. */
import { inflateSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
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
}

/** A node that serves lists, and what makes it one that begins and ends sessions. */
function createNode(node: string): Pick<Node, 'says'> & { start(inner: SessionStore): Promise<Node> } {
  const clock = handClock()
  const sign = async (claims: StatusListClaims) => `.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.`
  const lists = createStatusLists({ address, sign, clock, node })
  const says = async ({ uri, idx }: StatusReference) => {
    // A list that was right a second ago is given out without a look.
    clock.advance(1000)
    const answer = await lists.handle(new Request(uri))
    if (answer?.status !== 200) return answer?.status ?? 404
    const claims = JSON.parse(Buffer.from((await answer.text()).split('.')[1]!, 'base64url').toString()) as StatusListClaims
    return (inflateSync(Buffer.from(claims.status_list.lst, 'base64url'))[idx >> 2]! >> ((idx & 3) * 2)) & 3
  }
  return {
    says,
    async start(inner) {
      const store = await lists.keep(inner)
      return { says, store, server: createSessionServer({ issuer, store, authenticate: async () => undefined }) }
    },
  }
}

const startNode = (node: string, inner: SessionStore) => createNode(node).start(inner)

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

  check('P7 each serves the lists of all, which say at once what any of them wrote', async (open) => {
    const [one, two] = [await startNode('one', open()), await startNode('two', open())]
    const [first, second] = [await begin(one, 's1'), await begin(two, 's2')]
    expect([first.uri, second.uri]).toEqual([`${address}/one1`, `${address}/two1`])
    for (const node of [one, two]) expect([await node.says(first), await node.says(second)]).toEqual([0, 0])
    for (const [act, status] of [['suspend', 2], ['resume', 0], ['suspend', 2]] as const) {
      await one.server[act]('s1')
      expect([await two.says(first), await one.says(first)]).toEqual([status, status])
    }
    await two.server.end('s1', byAdmin)
    await one.server.end('s2', byAdmin)
    for (const node of [one, two]) expect([await node.says(first), await node.says(second)]).toEqual([1, 1])
  })

  check('P7 one that starts later knows what was before it, and gives nobody\'s entry away, even under the name of another', async (open) => {
    const before = await startNode('one', open())
    const taken = await Promise.all(Array.from({ length: 20 }, (_, index) => begin(before, `s${index}`)))
    await before.server.end('s0', byAdmin)
    await before.server.suspend('s1')
    const after = await startNode('one', open())
    expect(await Promise.all(taken.slice(0, 3).map((entry) => after.says(entry)))).toEqual([1, 2, 0])
    // While both run, as when one takes the place of the other.
    await before.server.end('s2', byAdmin)
    taken.push(await begin(before, 'last'), await begin(after, 'first'))
    expect([await after.says(taken[2]!), await after.says(taken[20]!)]).toEqual([1, 0])
    expect(new Set(taken.map(({ uri, idx }) => `${uri} ${idx}`)).size).toBe(22)
  })

  check('P7 what changes while a node reads the rows is in its lists, and nobody is given one before that', async (open) => {
    const one = await startNode('one', open())
    const [ended, resumed] = [await begin(one, 's1'), await begin(one, 's2')]
    await one.server.suspend('s2')
    const [reading, go] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    const inner = open()
    const two = createNode('two')
    const starting = two.start({
      ...inner,
      // What it read is old by the time it has it.
      async list() {
        const rows = await inner.list()
        reading.resolve()
        await go.promise
        return rows
      },
    })
    await reading.promise
    const early = two.says(ended)
    await one.server.end('s1', byAdmin)
    await one.server.resume('s2')
    go.resolve()
    expect([await early, await two.says(ended), await two.says(resumed)]).toEqual([1, 1, 0])
    await starting
  })

  check('a store that cannot be asked is told at the start', async (open) => {
    await expect(startNode('one', { ...open(), list: () => Promise.reject(new Error('disk')) })).rejects.toThrow('disk')
  })

  check('P7 while a row that changed cannot be read no list is given out, and it is read when that can be', async (open) => {
    const one = await startNode('one', open())
    const entry = await begin(one, 's1')
    const inner = open()
    let broken = false
    const two = await startNode('two', { ...inner, get: (sid) => (broken ? Promise.reject(new Error('disk')) : inner.get(sid)) })
    broken = true
    expect(await two.says(entry)).toBe(0)
    await one.server.suspend('s1')
    expect([await two.says(entry), await two.says(entry)]).toEqual([503, 503])
    broken = false
    expect(await two.says(entry)).toBe(2)
  })
})

describe.runIf(noRedis === undefined)('nodes over one Redis', () => {
  test.each(['kept', 'lost'])('P7 one that is cut off gives out no list that might lack an end, and the right one when it is back, the stream having been %s', async (stream) => {
    const way = await createGate(redis!.path)
    onTestFinished(() => way.close())
    const prefix = `${crypto.randomUUID()}:`
    const one = await startNode('one', inRedis({ prefix }))
    const entry = await begin(one, 's1')
    const inner = inRedis({ prefix, waitMs: 1000 }, way.path)
    const list = vi.fn(inner.list)
    const two = await vi.waitFor(() => startNode('two', { ...inner, list }), eventually)
    await vi.waitFor(async () => expect(await two.says(entry)).toBe(0), eventually)
    list.mockClear()
    way.shut()
    await one.server.end('s1', byAdmin)
    if (stream === 'lost') await redis!.client().del(`${prefix}changes`)
    for (let asked = 0; asked < 3; asked += 1) expect(await two.says(entry)).toBe(503)
    way.open()
    await vi.waitFor(async () => {
      const said = await two.says(entry)
      expect(said).not.toBe(0)
      expect(said).toBe(1)
    }, eventually)
    // A million rows are not read again for a cut.
    expect(list.mock.calls.length > 0).toBe(stream === 'lost')
  })

  test('P7 Redis killed and started again: the lists say what the rows do', async () => {
    const own = await startRedis()
    onTestFinished(() => own.close())
    const open = () => {
      const store = redisStore({ client: own.client(), waitMs: 60_000 })
      onTestFinished(() => store.close())
      return store
    }
    const [one, two] = [await startNode('one', open()), await startNode('two', open())]
    const [first, second] = [await begin(one, 's1'), await begin(two, 's2')]
    await one.server.end('s1', byAdmin)
    await own.kill()
    await own.start()
    await vi.waitFor(() => one.server.suspend('s2'), eventually)
    await vi.waitFor(async () => expect([await two.says(first), await two.says(second)]).toEqual([1, 2]), eventually)
  })
})
