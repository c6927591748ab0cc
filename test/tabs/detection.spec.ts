// Learning of an end when the feed is blocked, handed over, or the tab that held it is gone.
import { request as forward } from 'node:http'
import { afterEach, expect, test } from 'vitest'
import { until, type Tab } from '../driver/index.ts'
import { startServer } from '../world/server.ts'
import { allAre, createWorld, type World } from '../world/world.ts'

let world: World
afterEach(() => world.close())

/** Bounds are kept by the timers of a page and of this process, which share two cores with other files. */
const slackMs = 5_000

const feedOf = (tab: Tab) => tab.evaluate(() => shop.session.diagnostics().feed)
const openFeeds = () => world.of('feed').at(-1)?.open ?? 0

test('F4 A10 ten tabs hold one feed; when its tab is gone another takes it, and still hears the end', async () => {
  world = await createWorld({ accessTokenSeconds: 3600 })
  const first = await world.open()
  const sid = await world.signIn(first)
  const tabs = [first]
  while (tabs.length < 10) tabs.push(await world.open())
  await until(async () => (await Promise.all(tabs.map(feedOf))).filter((feed) => feed === 'open').length === 1, { what: 'one tab to hold the feed' })
  await until(() => openFeeds() === 1, { what: 'the server to have one feed open' })
  const holder = tabs[(await Promise.all(tabs.map(feedOf))).indexOf('open')]!
  await holder.close()
  const rest = tabs.filter((tab) => tab !== holder)
  await until(async () => (await Promise.all(rest.map(feedOf))).includes('open'), { what: 'another tab to hold the feed' })
  // The new one may be open before the server sees that the old one is gone.
  await until(() => openFeeds() === 1, { what: 'the server to have one feed open again' })
  await world.authority.end(sid, { reason: 'session-limit' })
  await allAre(rest, 'signed-out')
})

test('A10 A8 a tab that is frozen gives the feed up to another', async () => {
  world = await createWorld({ accessTokenSeconds: 3600 })
  const holder = await world.open()
  const sid = await world.signIn(holder)
  const other = await world.open()
  await until(async () => (await feedOf(holder)) === 'open', { what: 'the feed' })
  await holder.freeze()
  // Where a tab is not told that it freezes, the silence tells the other one, which is in front: 12.5 s of it.
  await until(async () => (await feedOf(other)) === 'open', { what: 'the other tab to take the feed' })
  await world.authority.end(sid, { reason: 'policy' })
  await allAre([other], 'signed-out')
  await holder.thaw()
  await allAre([holder], 'signed-out')
})

test('P7 F1 F5 a feed that a proxy swallows is replaced by asking: the end is known within the poll interval', async () => {
  world = await createWorld({ accessTokenSeconds: 3600 })
  const target = new URL(world.authority.issuer)
  // A buffering proxy: the feed's answer never comes through.
  const proxy = await startServer((request, response) => {
    const onward = forward({ host: target.hostname, port: target.port, path: '/session/events', method: request.method, headers: { ...request.headers, host: target.host } }, (answer) => {
      if (request.method === 'OPTIONS') {
        response.writeHead(answer.statusCode ?? 500, answer.headers)
        answer.pipe(response)
      }
    })
    // The provider ends before this server does.
    onward.once('error', () => response.destroy())
    request.pipe(onward)
  })
  const tab = await world.open({ events: `${proxy}/`, pollMs: 2_000 })
  const sid = await world.signIn(tab)
  const detection = await until(async () => {
    const now = await tab.evaluate(() => shop.session.detection)
    return now.via === 'poll' && now
  }, { what: 'the tab to know that it asks' })
  expect(detection.withinMs).toBe(2_000)
  const { committedAt } = await world.authority.end(sid, { reason: 'password-changed' })
  await allAre([tab], 'signed-out')
  const at = await tab.evaluate(() => shop.session.diagnostics().trace.find((entry) => entry.what === 'learned')!.at)
  console.log(`learned by asking ${at - committedAt} ms after the commit, bound ${detection.withinMs} ms`)
  expect(at - committedAt).toBeLessThan(detection.withinMs + slackMs)
})

test('P4 B1 being offline for a while ends nothing, and says so to whoever asks', async () => {
  world = await createWorld({ accessTokenSeconds: 3600 })
  const tab = await world.open()
  await world.signIn(tab)
  await tab.offline(true)
  const refused = await tab.evaluate(() => shop.session.fetch(`${shop.issuer}/api/ping`).then(() => 'sent', (error: Error) => error.name))
  expect(refused).toBe('TypeError')
  expect(await tab.evaluate(() => shop.session.confirm())).toBe('unknown')
  await allAre([tab], 'active')
  await tab.offline(false)
  // A question of its own that was asked before may still be on its way, and is not asked twice.
  await until(async () => (await tab.evaluate(() => shop.session.confirm())) === 'alive', { what: 'the session to be confirmed' })
})
