/** The watch on devices in memory: one feed, a silent one replaced, a frozen holder stood in for, and asking where there is none. */
import { expect, it, vi } from 'vitest'
import { problems, revoked, sessionAnswer, signedIn, statuses, turns, type SceneOptions } from '../test/scene.ts'
import { eventually } from '../test/eventually.ts'

const proof = (sid: string) => ({ from: 'feed', status: 200, body: revoked(sid) }) as const

/** Signs in on a server with a feed and waits for it. */
async function watched(tabs: number, given: SceneOptions = {}) {
  const all = await signedIn({ tabs, ...given })
  all.server.features = { ...all.server.features, feed: true }
  await all.device.clock.advance(6_000)
  await eventually(() => expect(all.server.feeds.size).toBe(1))
  return all
}

it('F4 A10 P7 one of many tabs holds the feed, all know that the device is watched, and what it says ends all', async () => {
  const { tabs, server, device, sid } = await watched(5)
  await device.clock.advance(5_000)
  expect(tabs.map(({ session }) => session.diagnostics().feed).sort()).toEqual(['elsewhere', 'elsewhere', 'elsewhere', 'elsewhere', 'open'])
  expect(tabs.map(({ session }) => session.detection.via)).toEqual(tabs.map(() => 'feed'))
  for (const listener of server.feeds) listener.event(proof(sid), '7')
  await statuses(tabs, 'signed-out')
  expect(tabs.map(({ ends }) => ends)).toEqual(tabs.map(() => ['revoked']))
})

it('P6 an event about another session ends nothing', async () => {
  const { first, server } = await watched(1)
  for (const listener of server.feeds) listener.event(proof('another'), '7')
  await eventually(() => expect(first.session.diagnostics().ignored.foreign).toBe(1))
  expect(first.session.state.status).toBe('active')
})

it('P1 D5 a suspension that the feed brings to a full device holds back every tab at once, and goes as soon as the server says so', async () => {
  const { tabs, server, device, sid } = await watched(3)
  const alive = server.onSession
  const body = { active: false, type: `${problems}/account-suspended`, sid }
  server.onSession = sessionAnswer(body)
  device.storageMode = 'refuses-writes'
  for (const listener of server.feeds) listener.event({ from: 'feed', status: 200, body }, '7')
  await turns()
  expect(tabs.map(({ session }) => session.state)).toMatchObject(tabs.map(() => ({ status: 'fenced', reason: 'suspect' })))
  device.storageMode = 'works'
  await device.clock.advance(10_000)
  expect(tabs.map(({ session }) => session.state)).toMatchObject(tabs.map(() => ({ status: 'fenced', reason: 'suspended' })))
  server.onSession = alive
  await device.clock.advance(60_000)
  expect(tabs.map(({ session, ends }) => [session.state.status, ends])).toEqual(tabs.map(() => ['active', []]))
})

it('P1 P4 a suspension that is taken back while it is being written holds nobody back', async () => {
  let disk = Promise.resolve()
  const { server, first, sid, device } = await watched(1, { ports: (ports) => ({ ...ports, store: { ...ports.store, change: async (...given) => {
    await disk
    return ports.store.change(...given)
  } } }) })
  await first.session.confirm()
  const slow = Promise.withResolvers<void>()
  disk = slow.promise
  const suspension = { active: false, type: `${problems}/account-suspended`, sid }
  for (const body of [suspension, { active: true, sid }]) for (const listener of server.feeds) listener.event({ from: 'feed', status: 200, body }, '7')
  await turns()
  slow.resolve()
  await turns()
  expect([first.session.state.status, device.row()?.suspended]).toEqual(['active', undefined])
})

it('P4 D5 a session of which the feed says on a full device that it lives is doubted in no tab', async () => {
  const { tabs, server, device, sid } = await watched(3)
  for (let quarters = 0; quarters < 8; quarters += 1) {
    for (const listener of server.feeds) listener.heard()
    await device.clock.advance(15_000)
  }
  device.storageMode = 'refuses-writes'
  for (const listener of server.feeds) listener.event({ from: 'feed', status: 200, body: { active: true, sid } }, '7')
  await turns()
  // Who could not write looks at its storage again.
  const fences = tabs.map(({ session }) => (session.state.status === 'fenced' ? session.state.reason : 'none'))
  expect(fences.sort()).toEqual(['none', 'none', 'storage'])
})

it('F5 a feed in which nothing is heard for 20 s is dropped, the server asked, and the feed opened again', async () => {
  const { server, device } = await watched(1)
  const [before] = server.feeds
  const asked = vi.spyOn(server, 'onSession')
  await device.clock.advance(15_000)
  before?.heard()
  await device.clock.advance(15_000)
  expect([...server.feeds]).toEqual([before])
  await device.clock.advance(8_000)
  await eventually(() => expect(server.feeds.size).toBe(1))
  expect([...server.feeds][0]).not.toBe(before)
  expect(asked).toHaveBeenCalled()
})

it('F4 A8 the feed of a tab that is frozen is taken over, and taken up again by nobody twice', async () => {
  const { tabs, server, device, sid } = await watched(2)
  const holder = tabs.find(({ session }) => session.diagnostics().feed === 'open')!
  const other = tabs.find((tab) => tab !== holder)!
  holder.context.freeze()
  await device.clock.advance(1_000)
  await eventually(() => expect(other.session.diagnostics().feed).toBe('open'))
  expect(server.feeds.size).toBe(1)
  for (const listener of server.feeds) listener.event(proof(sid), '8')
  await statuses([other], 'signed-out')
  holder.context.thaw()
  await statuses([holder], 'signed-out')
  expect(holder.ends).toEqual(['revoked'])
})

it('F3 a feed that refuses a token asks for a newer one once, and does not rotate tokens for ever', async () => {
  const { server, device } = await watched(1)
  let refused = 0
  const [stream] = server.feeds
  const connection = server.authority.connect({} as never)
  vi.spyOn(connection, 'feed').mockImplementation(async () => {
    refused += 1
    return { from: 'feed', status: 401 }
  })
  // The stream ends; every later one is refused.
  await device.clock.advance(21_000)
  for (let minute = 0; minute < 3; minute += 1) await device.clock.advance(60_000)
  expect(server.feeds.has(stream!)).toBe(false)
  expect(refused).toBeGreaterThan(2)
  expect(server.refreshes.length).toBeLessThanOrEqual(1)
})

it('P7 F1 where there is no feed the server is asked every 30 s, by one tab', async () => {
  const { tabs, server, device } = await signedIn({ tabs: 3 })
  await device.clock.advance(1_000)
  const asked = vi.spyOn(server, 'onSession')
  await device.clock.advance(90_000)
  expect(asked.mock.calls.length).toBeGreaterThanOrEqual(3)
  expect(asked.mock.calls.length).toBeLessThanOrEqual(4)
  expect(tabs[0]!.session.detection).toMatchObject({ via: 'poll', withinMs: 30_000 })
})

it('F5 a feed that a proxy swallows is opened more and more rarely, and the server asked meanwhile', async () => {
  const { first, server, device } = await signedIn()
  const connection = server.authority.connect({} as never)
  let opened = 0
  // Whoever opens it hears nothing, until it is given up.
  vi.spyOn(connection, 'feed').mockImplementation(({ signal }) => new Promise((resolve) => {
    opened += 1
    signal.addEventListener('abort', () => resolve({ from: 'feed', failed: 'closed' }))
  }))
  server.features = { ...server.features, feed: true }
  await device.clock.advance(300_000)
  // 20 s of silence each, and pauses that double.
  expect(opened).toBeGreaterThan(5)
  expect(opened).toBeLessThan(13)
  expect([first.session.detection.via, first.session.state.status]).toEqual(['poll', 'active'])
})

it('P7 a server that says goodbye is left alone for as long as it wants', async () => {
  // A poll that is not due yet is not taken for a question about the goodbye.
  const { first, server, device } = await watched(1, { options: { pollMs: 3_600_000 } })
  const connection = server.authority.connect({} as never)
  const opened: number[] = []
  vi.spyOn(connection, 'feed').mockImplementation(async ({ listener }) => {
    opened.push(device.clock.now())
    listener.opened()
    listener.goodbye(33_000)
    return { from: 'feed', failed: 'closed' }
  })
  const asked: number[] = []
  const { onSession } = server
  server.onSession = (...input) => (asked.push(device.clock.now()), onSession(...input))
  // The stream that is open falls silent; the next one is told goodbye.
  await device.clock.advance(22_000)
  await eventually(() => expect(opened).toHaveLength(1))
  const at = opened[0]!
  await device.clock.advance(29_000)
  expect([opened.length, first.session.detection.via]).toEqual([1, 'poll'])
  expect(asked.filter((time) => time >= at)).toEqual([])
  await device.clock.advance(6_000)
  expect([opened.length, first.session.state.status]).toEqual([2, 'active'])
})

it('P1 F6 a page that is put away as soon as it knows who is signed in holds no feed while it is away, and one when it is back', async () => {
  const { first, open, server, device } = await watched(1)
  first.session.stop()
  await eventually(() => expect(server.feeds.size).toBe(0))
  const late = open()
  const leave = late.session.subscribe(({ status }) => {
    if (status !== 'active') return
    leave()
    late.context.freeze()
  })
  await late.session.start()
  await device.clock.advance(10_000)
  expect(server.feeds.size).toBe(0)
  late.context.thaw()
  await eventually(() => expect(server.feeds.size).toBe(1))
})
