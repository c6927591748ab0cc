import { inspect } from 'node:util'
import { expect, test, vi } from 'vitest'
import { eventually, now, row, setStage } from '../../test/stage.ts'
import { createSessionServer } from '../server.ts'
import type { SessionStore } from '../store.ts'
import { isStoreUnavailable } from '../unavailable.ts'
import { redisStore } from './index.ts'

vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 })

const stage = setStage()

test('P7 a swap whose answer was lost is written once, told once, and reported as written', async () => {
  const way = await stage.gate()
  const store = stage.open({}, way.path)
  const other = stage.open()
  await store.swap(row('s1'), undefined)
  const told = await stage.listen(other, 's1')
  way.loseAnswerTo('marked')
  expect(await store.swap(row('s1', { version: 2, client: 'marked' }), 1)).toBe(true)
  expect(await other.get('s1')).toMatchObject({ version: 2, client: 'marked' })
  expect(await stage.admin.xlen('sessions:changes')).toBe(2)
  await vi.waitFor(() => expect(told).toHaveBeenCalledTimes(1), eventually)
})

test('P6 a new session whose answer was lost has its entry, and is not taken for another', async () => {
  const way = await stage.gate()
  const store = stage.open({}, way.path)
  way.loseAnswerTo('marked')
  const statusList = { idx: 5, uri: 'https://id.example/lists/1' }
  expect(await store.swap(row('s1', { client: 'marked', statusList }), undefined)).toBe(true)
  expect([await store.get('s1'), await store.entries(statusList.uri)]).toMatchObject([{ statusList }, Buffer.of(0, 0b1100)])
})

test('P4 an end whose answer was lost for good is told to the host by whoever ends the session again', async () => {
  const way = await stage.gate()
  const onEnd = vi.fn()
  const make = (store: SessionStore) => createSessionServer({ issuer: 'https://id.example', store, authenticate: async () => undefined, onEnd })
  const [here, there] = [make(stage.open({ waitMs: 2000 }, way.path)), make(stage.open())]
  await there.begin({ sid: 's1', subject: 'u1', client: 'Storefront' })
  way.loseAnswerTo('marked', true)
  // On a slow machine its time may be over before it is sent.
  await vi.waitFor(async () => {
    await expect(here.end('s1', { initiatingEntity: 'admin', reasonAdmin: 'marked' })).rejects.toSatisfy(isStoreUnavailable)
    expect(await there.standing('s1')).toBe('session-revoked')
  }, eventually)
  expect(onEnd).not.toHaveBeenCalled()
  expect(await there.end('s1', { initiatingEntity: 'admin' })).toMatchObject({ changed: false })
  way.open()
  await there.end('s1', { initiatingEntity: 'admin' })
  expect(onEnd).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ sid: 's1', end: expect.objectContaining({ reasonAdmin: 'marked' }) }))
})

test('decision 40 what could not be sent in time is not written when Redis is back', async () => {
  const way = await stage.gate()
  const store = stage.open({ waitMs: 300 }, way.path)
  way.shut()
  await expect(store.swap(row('s1'), undefined)).rejects.toSatisfy(isStoreUnavailable)
  way.open()
  // Sent after whatever waited before it.
  expect(await vi.waitFor(() => store.get('s1'), eventually)).toBeUndefined()
})

test('P8 what Redis refuses is told without what was to be written', async () => {
  const store = stage.open()
  await stage.admin.lpush('sessions:session:s1', 'not a row')
  const refused: unknown = await store.swap(row('s1', { subject: 'secret subject', client: 'secret client' }), undefined).catch((error: unknown) => error)
  expect(isStoreUnavailable(refused)).toBe(true)
  expect(inspect(refused, { depth: 10, showHidden: true })).toMatch(/WRONGTYPE(?![^]*secret)/)
})

test('what is over is forgotten in time, with its place in the list, and what lives is not', async () => {
  const keepEndedMs = 1_000_000_000
  const store = stage.open({ keepEndedMs })
  const until = async (...keys: string[]) => Promise.all(keys.map((key) => stage.admin.pexpiretime(`sessions:${key}`)))
  const forever = -1
  await store.swap(row('lives'), undefined)
  await store.swap(row('limited', { subject: 'u2', expiresAt: now + 5000, idleMs: 1000 }), undefined)
  expect(await until('session:lives', 'subject:u1', 'session:limited', 'subject:u2')).toEqual([forever, forever, now + 1000 + keepEndedMs, now + 1000 + keepEndedMs])
  await store.touch('limited', now + 3000)
  expect(await until('session:limited', 'subject:u2')).toEqual([now + 4000 + keepEndedMs, now + 4000 + keepEndedMs])
  await store.touch('limited', now + 4500)
  expect(await until('session:limited')).toEqual([now + 5000 + keepEndedMs])
  await store.swap(row('ends', { end: { initiatingEntity: 'user', at: now } }), undefined)
  expect(await until('session:ends', 'subject:u1')).toEqual([now + keepEndedMs, forever])
  await store.swap(row('lives', { version: 2, end: { initiatingEntity: 'user', at: now + 7 } }), 1)
  expect(await until('subject:u1')).toEqual([now + 7 + keepEndedMs])
  await store.swap(row('long ago', { subject: 'u3', end: { initiatingEntity: 'user', at: now - keepEndedMs - 10_000 } }), undefined)
  expect([await store.get('long ago'), await stage.admin.exists('sessions:session:long ago', 'sessions:subject:u3')]).toEqual([undefined, 0])
  // Its entry says so for good, and is nobody else's.
  const statusList = { idx: 0, uri: 'https://id.example/lists/1' }
  await store.swap(row('listed long ago', { statusList, end: { initiatingEntity: 'user', at: now - keepEndedMs - 10_000 } }), undefined)
  expect([await store.get('listed long ago'), await store.entries(statusList.uri), await store.swap(row('next', { statusList }), undefined)]).toEqual([undefined, Buffer.of(1), false])
  await store.swap(row('before', { end: { initiatingEntity: 'user', at: now - keepEndedMs - 10_000 } }), undefined)
  expect([await store.get('before'), await stage.admin.zrange('sessions:subject:u1', '0', '-1')]).toEqual([undefined, ['ends', 'lives']])
})

test('an end and a list cost Redis the same calls among ten sessions and among five thousand', async () => {
  const store = stage.open()
  const calls = async (act: () => Promise<unknown>) => {
    await act()
    await stage.admin.config('RESETSTAT')
    await act()
    const counted = [...(await stage.admin.info('commandstats')).matchAll(/^cmdstat_(\S+?):calls=(\d+)/gm)].map(([, name, count]) => `${name} ${count}`)
    return counted.filter((line) => !/^(config|info|xread|client)\b/.test(line)).sort()
  }
  const ending = async () => {
    const [sid, other] = [crypto.randomUUID(), crypto.randomUUID()]
    for (const one of [sid, other]) await store.swap(row(one, { subject: sid }), undefined)
    await store.swap(row(sid, { subject: sid, version: 2, end: { initiatingEntity: 'admin', at: now } }), 1)
    expect(await store.list(sid)).toHaveLength(2)
  }
  const fill = (from: number, to: number) => Promise.all(Array.from({ length: to - from }, (_, index) => store.swap(row(`s${from + index}`, { subject: `u${from + index}` }), undefined)))
  await fill(0, 10)
  const few = await calls(ending)
  await fill(10, 5000)
  expect(await calls(ending)).toEqual(few)
  expect(few).toContain('get 5')
})

test('a prefix of the client and one of the store stand before every key, and a list of all finds no others', async () => {
  const store = stage.open({ client: stage.redis.client().duplicate({ keyPrefix: 'shop[1]*:' }), prefix: 'a?:' })
  await stage.open().swap(row('other'), undefined)
  await store.swap(row('s1'), undefined)
  await store.touch('s1', now + 1)
  expect((await store.list()).map(({ sid }) => sid)).toEqual(['s1'])
  const keys = await stage.admin.keys('shop*')
  expect(keys.sort()).toEqual(['shop[1]*:a?:changes', 'shop[1]*:a?:session:s1', 'shop[1]*:a?:subject:u1'])
})

test('a closed store leaves no connection, and nothing that keeps the process alive', async () => {
  const connected = async () => [...(await stage.admin.client('LIST') as string).matchAll(/^id=/gm)].length
  await vi.waitFor(async () => expect(await connected()).toBe(1), eventually)
  const store = stage.open()
  await store.swap(row('s1'), undefined)
  await stage.listen(store, 's1')
  expect(await connected()).toBe(3)
  await store.close()
  await vi.waitFor(async () => expect(await connected()).toBe(1), eventually)
  await expect(store.get('s1')).rejects.toSatisfy(isStoreUnavailable)
  expect(store.subscribe('s1', () => undefined)).toBeTypeOf('function')
})

test.each([
  ['client', { client: {} as never }], ['client', { client: { duplicate: () => undefined, isCluster: true } as never }], ['prefix', { prefix: '' }], ['waitMs', { waitMs: 0 }],
  ['keepEndedMs', { keepEndedMs: 1.5 }], ['prefx', { prefx: 'x' } as never],
])('a wrong %s is a TypeError that names it', (name, options) => {
  const make = () => redisStore({ client: stage.redis.client(), ...options })
  expect(make).toThrow(new RegExp(`^"${name}"`))
  expect(make).toThrow(TypeError)
})
