import { expect, onTestFinished, test, vi } from 'vitest'
import { startRedis } from '../../test/redis.ts'
import { eventually, patient, row, setStage } from '../../test/stage.ts'
import { createSessionServer } from '../server.ts'
import { isStoreUnavailable } from '../unavailable.ts'
import { redisStore } from './index.ts'

vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 })

const issuer = 'https://id.example'
const stage = setStage()

test('P7 a connection that was cut goes on where it was: its own changes are told, and nobody is alarmed', async () => {
  const way = await stage.gate()
  const [here, there] = [stage.open(), stage.open({}, way.path)]
  for (const sid of ['s1', 's2', 's3']) await here.swap(row(sid), undefined)
  const bystander = await stage.listen(there, 's3')
  const [first, second] = [vi.fn(), vi.fn()]
  there.subscribe('s1', first)
  there.subscribe('s2', second)
  way.shut()
  await here.swap(row('s1', { version: 2 }), 1)
  await here.swap(row('s2', { version: 2 }), 1)
  await here.swap(row('s2', { version: 3 }), 2)
  way.open()
  await vi.waitFor(() => expect(second).toHaveBeenCalledTimes(2), eventually)
  expect([first.mock.calls.length, bystander.mock.calls.length]).toEqual([1, 0])
})

test.each([
  ['was trimmed', () => stage.admin.xtrim('sessions:changes', 'MAXLEN', 0)],
  ['was lost', () => stage.admin.del('sessions:changes')],
])('P7 where the stream %s meanwhile, everyone is told, and what comes later too', async (_, harm) => {
  const way = await stage.gate()
  const [here, there] = [stage.open(), stage.open({}, way.path)]
  for (const sid of ['s1', 's2']) await here.swap(row(sid), undefined)
  const told = [await stage.listen(there, 's1'), vi.fn()]
  there.subscribe('s2', told[1]!)
  way.shut()
  await here.swap(row('s1', { version: 2 }), 1)
  await harm()
  way.open()
  await vi.waitFor(() => expect(told.map(({ mock }) => mock.calls.length)).toEqual([1, 1]), eventually)
  await here.swap(row('s2', { version: 2 }), 1)
  await vi.waitFor(() => expect(told.map(({ mock }) => mock.calls.length)).toEqual([1, 2]), eventually)
})

test('P7 a node that has fallen behind what is kept tells everyone', async () => {
  const way = await stage.gate()
  const [here, there] = [stage.open(), stage.open({}, way.path)]
  await here.swap(row('s1'), undefined)
  const told = await stage.listen(there, 's1')
  // More than one read takes, and the oldest of it gone, while the connection itself was never lost.
  const burst = stage.admin.multi()
  for (let count = 0; count < 3000; count++) burst.xadd('sessions:changes', '*', 'sid', 'another')
  burst.xtrim('sessions:changes', 'MAXLEN', 1500)
  await burst.exec()
  await vi.waitFor(() => expect(told).toHaveBeenCalled(), eventually)
})

test('P7 Redis killed and started again has everything that it said yes to, and is followed again', async () => {
  const own = await startRedis()
  onTestFinished(() => own.close())
  const [here, there] = [0, 1].map(() => {
    const store = redisStore({ client: own.client(), waitMs: patient })
    onTestFinished(() => store.close())
    return store
  })
  await here!.swap(row('s1'), undefined)
  const told = vi.fn()
  there!.subscribe('s1', told)
  await vi.waitFor(() => expect(told).toHaveBeenCalled(), eventually)
  await here!.swap(row('s1', { version: 2 }), 1)
  await own.kill()
  await own.start()
  told.mockClear()
  // The first may still meet the end of the old connection; asking again is the host's part.
  await vi.waitFor(async () => expect(await here!.get('s1')).toMatchObject({ version: 2 }), eventually)
  expect(await here!.swap(row('s1', { version: 3 }), 2)).toBe(true)
  await vi.waitFor(() => expect(told).toHaveBeenCalled(), eventually)
})

test('P4 P7 while Redis does not answer, an end is refused, the endpoints say that they cannot tell, and feeds are closed', async () => {
  const own = await startRedis()
  onTestFinished(() => own.close())
  const onError = vi.fn()
  const store = redisStore({ client: own.client(), waitMs: 1000 })
  onTestFinished(() => store.close())
  // No heartbeat: the store itself must notice that it cannot tell any more.
  const server = createSessionServer({ issuer, store, authenticate: async () => ({ sid: 's1', subject: 'u1' }), onError, heartbeatMs: 2 ** 30 })
  // Also before it is slow: a busy machine may need more than a second for the first answers.
  await vi.waitFor(() => server.begin({ sid: 's1', subject: 'u1', client: 'secret client' }).catch(async (error) => {
    if (!(await server.get('s1'))) throw error
  }), eventually)
  const ask = async (path: string) => (await server.handle(new Request(`${issuer}${path}`)))!
  const feed = await vi.waitFor(async () => {
    const response = await ask('/session/events')
    expect(response.status).toBe(200)
    return response
  }, eventually)
  const over = feed.text()

  process.kill(own.pid, 'SIGSTOP')
  onTestFinished(() => void process.kill(own.pid, 'SIGCONT'))
  const refused: unknown = await server.end('s1', { initiatingEntity: 'admin', reasonAdmin: 'secret case' }).catch((error: unknown) => error)
  expect(isStoreUnavailable(refused)).toBe(true)
  expect(JSON.stringify(refused, Object.getOwnPropertyNames(refused))).not.toContain('secret')
  const response = await ask('/session')
  expect([response.status, await response.json()]).toMatchObject([503, { type: `${issuer}/problems/session-proof-unavailable` }])
  expect(isStoreUnavailable(onError.mock.calls.at(-1)![0])).toBe(true)
  expect(await over).not.toContain('"active":false')

  process.kill(own.pid, 'SIGCONT')
  await vi.waitFor(() => server.end('s1', { initiatingEntity: 'admin' }), eventually)
  await vi.waitFor(async () => expect(await (await ask('/session')).json()).toMatchObject({ active: false, sid: 's1' }), eventually)
})
