import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import { noRedis, startRedis, type TestRedis } from '../test/redis.ts'
import { entryAt } from './entries.ts'
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

  const uri = 'https://id.example/lists/1'
  const listed = (idx: number, more: Partial<SessionRow> = {}) => row(`s${idx}`, { statusList: { idx, uri }, ...more })
  const [over, halted] = [{ end: { initiatingEntity: 'admin', at: now } }, { suspension: { initiatingEntity: 'admin', at: now } }] as const
  const hex = async (store: SessionStore) => Buffer.from((await store.entries(uri))!).toString('hex')

  check('P7 keeps the entry of each row in step with it, least significant bits first, for every node', async (here, there) => {
    expect(await there.entries(uri)).toBeUndefined()
    await here.swap(row('none'), undefined)
    // The vector of the draft.
    const states = [1, 2, 0, 3, 0, 1, 0, 1, 1, 2, 3, 3]
    for (const [idx, state] of states.entries()) if (state > 0) await here.swap(listed(idx, state === 1 ? over : state === 2 ? halted : {}), undefined)
    expect(await hex(there)).toBe('c944f9')
    for (const [version, more, said] of [[2, halted, '89'], [3, {}, 'c9'], [4, over, '49']] as const) {
      expect(await there.swap(listed(3, { version, ...more }), version - 1)).toBe(true)
      expect(await hex(here)).toBe(`${said}44f9`)
    }
    expect(await here.swap(listed(3, { version: 4 }), 3)).toBe(false)
    await here.touch('s3', now + 1)
    await here.swap(row('far', { statusList: { idx: 1_000_000, uri } }), undefined)
    const entries = await there.entries(uri)
    expect([Buffer.from(entries!.slice(0, 4)).toString('hex'), entries!.length, entries!.at(-1)]).toEqual(['4944f900', 250_001, 3])
    expect(await there.entries(`${uri}0`)).toBeUndefined()
  })

  check('P6 writes no new session whose entry is another\'s, over or not, and one of many who ask for it at once', async (here, there) => {
    await here.swap(listed(0, over), undefined)
    expect(await there.swap(row('late', { statusList: { idx: 0, uri } }), undefined)).toBe(false)
    expect([await here.get('late'), await hex(here)]).toEqual([undefined, '01'])
    const wins = await Promise.all(Array.from({ length: 20 }, (_, index) => (index % 2 ? here : there).swap(row(`one of ${index}`, { statusList: { idx: 1, uri } }), undefined)))
    expect(wins.filter(Boolean)).toHaveLength(1)
    expect((await here.list()).map(({ sid }) => sid).sort()).toEqual([`one of ${wins.indexOf(true)}`, 's0'])
  })

  check('P7 whoever reads entries after an end was written finds it, however many end at once', async (here, there) => {
    const all = Array.from({ length: 200 }, (_, idx) => idx)
    await Promise.all(all.map((idx) => here.swap(listed(idx), undefined)))
    const missing: number[] = []
    await Promise.all(all.map(async (idx) => {
      const [store, other] = idx % 2 ? [here, there] : [there, here]
      await store.swap(listed(idx, { version: 2, ...over }), 1)
      if (entryAt((await other.entries(uri))!, idx) !== 1) missing.push(idx)
    }))
    expect([missing, await hex(here)]).toEqual([[], '55'.repeat(50)])
  })
})
