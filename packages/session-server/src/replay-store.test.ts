import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import { noRedis, startRedis, type TestRedis } from '../test/redis.ts'
import { redisReplayStore } from './redis/index.ts'
import { createRefreshReplay } from './refresh-replay.ts'
import { type KeptAnswer, memoryReplayStore, type ReplayStore } from './replay-store.ts'
import { isStoreUnavailable } from './unavailable.ts'

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

let redis: TestRedis | undefined
beforeAll(async () => void (redis = noRedis === undefined ? await startRedis() : undefined))
afterAll(() => redis?.close())

/** What both kinds of stores hold to; each test has two nodes of its own over one store. */
const kinds: Record<string, () => readonly [ReplayStore, ReplayStore]> = {
  'in memory': () => {
    const store = memoryReplayStore()
    return [store, store]
  },
  'in Redis': () => [inRedis('shared:'), inRedis('shared:')],
}

function inRedis(prefix: string) {
  const store = redisReplayStore({ client: redis!.client(), prefix, waitMs: 60_000 })
  onTestFinished(() => store.close())
  return store
}

const sealed = new Uint8Array([0, 255, 13, 10, 128, 200])
const answer = (id: string, more: Partial<KeptAnswer> = {}): KeptAnswer => ({ id, asked: `${id} asked`, successor: `${id} successor`, at: 1000, sealed, ...more })

describe.each(Object.keys(kinds))('kept answers %s', (kind) => {
  const check = (title: string, run: (here: ReplayStore, there: ReplayStore) => Promise<void>) =>
    test(title, async ({ skip }) => {
      if (kind === 'in Redis' && noRedis !== undefined) skip(noRedis)
      await redis?.client().flushall()
      await run(...kinds[kind]!())
    })

  check('are given back byte for byte, at every node', async (here, there) => {
    expect(await there.get('a1')).toBeUndefined()
    await here.put(answer('a1'))
    await here.put(answer('a2', { sealed: new Uint8Array(), at: 1001 }))
    expect(await there.get('a1')).toEqual(answer('a1'))
  })

  check('lose their tokens when the successor is presented anywhere, and stay known', async (here, there) => {
    await here.put(answer('a1'))
    await here.put(answer('a2'))
    await there.present('a1 successor')
    await there.present('unknown')
    const { sealed: _, ...rest } = answer('a1')
    expect(await here.get('a1')).toEqual(rest)
    expect(await here.get('a2')).toEqual(answer('a2'))
  })

  check('are forgotten when they are older than asked for', async (here, there) => {
    for (const [id, at] of [['a1', 1000], ['a2', 2000], ['a3', 3000]] as const) await here.put(answer(id, { at }))
    await there.forget(2000)
    expect(await Promise.all(['a1', 'a2', 'a3'].map(async (id) => (await here.get(id))?.at))).toEqual([undefined, 2000, 3000])
    await there.present('a1 successor')
    await here.put(answer('a1', { at: 4000 }))
    expect(await there.get('a1')).toEqual(answer('a1', { at: 4000 }))
  })
})

test('P3 a client whose answer was lost asks another node, and the grant is not spent twice', async ({ skip }) => {
  if (noRedis !== undefined) skip(noRedis)
  const endpoint = vi.fn(async () => Response.json({ access_token: 'at', refresh_token: 'rt2', expires_in: 300 }))
  const nodes = [inRedis('fleet:'), inRedis('fleet:')].map((store) => createRefreshReplay({ store, refusal: async () => undefined }))
  const ask = (node: number) => nodes[node]!.handle(new Request('https://id.example/token', {
    method: 'POST', headers: { 'idempotency-key': '"k1"' }, body: new URLSearchParams({ grant_type: 'refresh_token', refresh_token: 'rt1' }),
  }), endpoint)
  await ask(0)
  expect(await (await ask(1)).json()).toMatchObject({ refresh_token: 'rt2' })
  expect(endpoint).toHaveBeenCalledOnce()
})

test('what is forgotten leaves nothing in Redis, however much it was, and a closed store says so', async ({ skip }) => {
  if (noRedis !== undefined) skip(noRedis)
  const store = inRedis('many:')
  await Promise.all(Array.from({ length: 1200 }, (_, index) => store.put(answer(`a${index}`))))
  await store.forget(1001)
  expect(await redis!.client().keys('many:*')).toEqual([])
  await store.close()
  await expect(store.get('a1')).rejects.toSatisfy(isStoreUnavailable)
})
