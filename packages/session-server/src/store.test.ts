import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import { noRedis, startRedis, type TestRedis } from '../test/redis.ts'
import { redisStore } from './redis/index.ts'
import type { SessionRow } from './session.ts'
import { memoryStore, type SessionStore } from './store.ts'

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

let redis: TestRedis | undefined
beforeAll(async () => void (redis = noRedis === undefined ? await startRedis() : undefined))
afterAll(() => redis?.close())

/** What both kinds of stores hold to; each test has two nodes of its own over one store. */
const kinds: Record<string, () => readonly [SessionStore, SessionStore]> = {
  'in memory': () => {
    const store = memoryStore()
    return [store, store]
  },
  'in Redis': () => {
    const prefix = `${crypto.randomUUID()}:`
    const open = () => {
      const store = redisStore({ client: redis!.client(), prefix, waitMs: 60_000 })
      onTestFinished(() => store.close())
      return store
    }
    return [open(), open()]
  },
}

const now = Date.now()
const row = (sid: string, more: Partial<SessionRow> = {}): SessionRow => ({
  sid, subject: 'u1', client: 'Storefront', establishedAt: now, authenticatedAt: now - 1000, lastSeenAt: now, version: 1, ...more,
})
const eventually = { timeout: 60_000, interval: 20 }

describe.each(Object.keys(kinds))('a store %s', (kind) => {
  const check = (title: string, run: (here: SessionStore, there: SessionStore) => Promise<void>) =>
    test(title, async ({ skip }) => {
      if (kind === 'in Redis' && noRedis !== undefined) skip(noRedis)
      await run(...kinds[kind]!())
    })

  check('gives back what was written, to every node', async (here, there) => {
    const full = row('s1', {
      device: 'Chrome', location: 'Graz', acr: 'high', expiresAt: now + 1e9, idleMs: 1e8, version: 3,
      suspension: { initiatingEntity: 'admin', reason: 'account-suspended', at: now },
      end: { type: 'session-revoked', initiatingEntity: 'admin', reason: 'policy', reasonUser: { de: 'Ende: „ß“' }, reasonAdmin: 'case 7', disposition: 'lock', at: now },
    })
    expect(await there.get('s1')).toBeUndefined()
    expect(await here.swap(full, undefined)).toBe(true)
    expect(await there.get('s1')).toEqual(full)
  })

  check('writes only over the version that was read', async (here, there) => {
    expect(await here.swap(row('s1', { version: 2 }), 1)).toBe(false)
    expect(await here.swap(row('s1'), undefined)).toBe(true)
    expect(await there.swap(row('s1', { client: 'other' }), undefined)).toBe(false)
    expect(await there.swap(row('s1', { version: 2, client: 'second' }), 1)).toBe(true)
    expect(await here.swap(row('s1', { version: 2, client: 'late' }), 1)).toBe(false)
    expect(await here.get('s1')).toMatchObject({ version: 2, client: 'second' })
  })

  check('lets one of many win who write at once', async (here, there) => {
    await here.swap(row('s1'), undefined)
    const wins = await Promise.all(Array.from({ length: 20 }, (_, index) => (index % 2 ? here : there).swap(row('s1', { version: 2, client: `c${index}` }), 1)))
    expect(wins.filter(Boolean)).toHaveLength(1)
    expect(await there.get('s1')).toMatchObject({ version: 2, client: `c${wins.indexOf(true)}` })
  })

  check('lists the sessions of one subject, or all', async (here, there) => {
    for (const [sid, subject] of [['s1', 'u1'], ['s2', 'u2'], ['s3', 'u1']] as const) await here.swap(row(sid, { subject }), undefined)
    await here.swap(row('s3', { version: 2, end: { initiatingEntity: 'user', at: now } }), 1)
    const sids = async (subject?: string) => (await there.list(subject)).map(({ sid }) => sid).sort()
    expect([await sids('u1'), await sids('u2'), await sids('u3'), await sids()]).toEqual([['s1', 's3'], ['s2'], [], ['s1', 's2', 's3']])
  })

  check('moves the time of the last use forward only, in the version that is there', async (here, there) => {
    await here.swap(row('s1'), undefined)
    await there.touch('s1', now + 5000)
    await here.touch('s1', now + 1000)
    await here.touch('nobody', now)
    expect(await here.get('s1')).toEqual(row('s1', { lastSeenAt: now + 5000 }))
    expect(await here.get('nobody')).toBeUndefined()
    // Read before the touch, written after it.
    expect(await here.swap(row('s1', { version: 2 }), 1)).toBe(true)
    expect(await there.get('s1')).toMatchObject({ version: 2, lastSeenAt: now + 5000 })
  })

  check('P7 tells the listeners of every node, after the write, until they stop', async (here, there) => {
    await here.swap(row('s1'), undefined)
    const seen: Promise<SessionRow | undefined>[] = []
    const [told, stopped] = [vi.fn(() => void seen.push(there.get('s1'))), vi.fn()]
    const stop = there.subscribe('s1', told)
    there.subscribe('s1', stopped)()
    await here.swap(row('s1', { version: 2 }), 1)
    await vi.waitFor(async () => expect((await Promise.all(seen)).at(-1)).toMatchObject({ version: 2 }), eventually)
    await here.swap(row('s1', { version: 3 }), 2)
    await vi.waitFor(async () => expect((await Promise.all(seen)).at(-1)).toMatchObject({ version: 3 }), eventually)
    stop()
    const calls = told.mock.calls.length
    const marker = vi.fn()
    there.subscribe('s1', marker)
    await here.swap(row('s1', { version: 4 }), 3)
    await vi.waitFor(() => expect(marker).toHaveBeenCalled(), eventually)
    expect([told.mock.calls.length, stopped.mock.calls.length]).toEqual([calls, 0])
  })

  check('tells nobody of a touch, nor of a swap that wrote nothing, nor of the sessions of others', async (here, there) => {
    for (const sid of ['s1', 's2']) await here.swap(row(sid), undefined)
    const told = vi.fn()
    there.subscribe('s1', told)
    // A store that has just begun to listen tells once to be sure; then it is listening.
    await here.swap(row('s1', { version: 2 }), 1)
    await vi.waitFor(() => expect(told).toHaveBeenCalled(), eventually)
    const marker = vi.fn()
    there.subscribe('s2', marker)
    await here.swap(row('s2', { version: 2 }), 1)
    await vi.waitFor(() => expect(marker).toHaveBeenCalled(), eventually)
    const calls = told.mock.calls.length
    await here.touch('s1', now + 1)
    await here.swap(row('s1', { version: 2 }), 1)
    await here.swap(row('s2', { version: 3 }), 2)
    await vi.waitFor(() => expect(marker).toHaveBeenCalledTimes(2), eventually)
    expect(told).toHaveBeenCalledTimes(calls)
  })

  check('P7 whoever follows hears of every swap of every session on every node, and knows when it has caught up', async (here, there) => {
    await here.swap(row('before'), undefined)
    const told: (string | undefined)[] = []
    const following = there.follow((sid) => told.push(sid))
    await following.caughtUp()
    told.length = 0
    for (const [sid, version] of [['s1', 1], ['s2', 1], ['s1', 2]] as const) await here.swap(row(sid, { version }), version === 1 ? undefined : version - 1)
    await here.touch('s1', now + 1)
    await here.swap(row('s1', { version: 2 }), 1)
    await there.swap(row('s3'), undefined)
    await following.caughtUp()
    expect(told).toEqual(['s1', 's2', 's1', 's3'])
    following.stop()
    await there.swap(row('s4'), undefined)
    await there.follow(() => undefined).caughtUp()
    expect(told).toHaveLength(4)
  })

  check('P7 whoever follows one and reads all, in this order, misses no change', async (here, there) => {
    await here.swap(row('s0'), undefined)
    const told = new Set<string | undefined>()
    let done = false
    const writing = (async () => {
      for (let count = 1; !done; count += 1) await here.swap(row(`s${count}`), undefined)
    })()
    const following = there.follow((sid) => told.add(sid))
    await following.caughtUp()
    const read = new Set((await there.list()).map(({ sid }) => sid))
    done = true
    await writing
    await following.caughtUp()
    expect((await there.list()).map(({ sid }) => sid).filter((sid) => !read.has(sid) && !told.has(sid))).toEqual([])
  })
})
