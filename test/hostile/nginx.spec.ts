// Debian's nginx before the provider: what its buffers and its patience do to the feed, and ten tabs by HTTP/1.1 and HTTP/2.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { findNginx, findOpenssl } from '../../scripts/setup/programs.mjs'
import { recovered, slackMs } from './course.ts'
import { inPage, until, type Tab } from './driver.ts'
import { lateFrom } from './late.ts'
import { startNginx } from './nginx.ts'
import { createSecureWorld } from './secure.ts'
import { tally } from './tally.ts'
import { createHostileWorld, type HostileWorld } from './world.ts'

const ways = [
  { name: 'without buffers', tags: 'F5', via: 'feed', buffering: false },
  { name: 'with buffers, which the server asks it not to use for the feed', tags: 'F5', via: 'feed', buffering: true },
  { name: 'with buffers that it fills first whatever the server asks', tags: 'F5', via: 'poll', buffering: true, disregard: true },
  { name: 'that cuts what was idle for two seconds', tags: 'F3 F5', via: 'cut', buffering: false, idleSeconds: 2 },
] as const
const versions = [{ name: 'http/1.1', http2: false }, { name: 'h2', http2: true }] as const
const survived = tally('nginx', [...ways, ...versions])

/** How often a tab asked the server between a time and its learning of the end; never where that was pushed. */
const askedSince = (tab: Tab, from: number) => inPage(tab, (since) => {
  const { trace } = shop.session.diagnostics()
  return trace.slice(0, trace.findIndex(({ what }) => what === 'learned')).filter(({ what, at }) => what === 'confirming' && at > since).length
}, from)

beforeEach((context) => {
  const missing = [!findNginx() && 'nginx', !findOpenssl() && 'openssl'].filter(Boolean)
  if (missing.length > 0) context.skip(`not installed: ${missing.join(', ')}`)
})

describe.concurrent('a feed through nginx', () => {
  let world: HostileWorld
  beforeAll(async () => void (world = await createHostileWorld({ devices: ways.length })))
  afterAll(() => world?.close())

  for (const { name, tags, via, ...server } of ways) {
    test(`P4 P7 ${tags} through nginx ${name}: nothing ends, and an end is known within the bound`, async (context) => {
      const nginx = await startNginx({ routes: [['^/', world.authority.port]], ...server })
      context.onTestFinished(() => nginx.close())
      const device = await world.device()
      // Before nginx: this one's patience is what a busy machine may take for an answer.
      await device.keep()
      const count = (what: string) => inPage(device.tab, (wanted) => shop.session.diagnostics().trace.filter((entry) => entry.what === wanted).length, what)
      const open = () => inPage(device.tab, () => shop.session.diagnostics().feed === 'open')
      await until(open, { what: 'the feed before nginx' })
      const closed = await count('feed-closed')
      device.suffer(async ({ forward, pass }) => pass(await forward(nginx.port)))
      device.cut()
      // The page hears later that its feed is gone, and calls an old one open until then.
      await until(async () => (await count('feed-closed')) > closed, { what: 'the feed before nginx to be cut' })
      if (via === 'feed') await until(open, { what: 'the feed' })
      if (via === 'cut') await until(async () => (await count('feed-closed')) > closed + 2, { what: 'the feed to be cut twice' })
      await recovered(device)
      const { withinMs } = await inPage(device.tab, () => shop.session.detection)

      // A tab of another device that is closed brings this one to the front, which then asks: no answer tells that the end was pushed.
      if (via === 'feed') device.suffer(() => undefined, { on: /^\/session$/ })
      const late = await lateFrom(device.tab)
      const { committedAt } = await world.authority.end(device.sid, { reason: 'session-limit' })
      await until(async () => (await device.status()) === 'signed-out', { what: 'the end to be known' })
      const learned = await inPage(device.tab, () => shop.session.diagnostics().trace.find(({ what }) => what === 'learned')!.at)
      console.log(`nginx ${name}: known after ${learned - committedAt} ms`)
      expect(learned - committedAt).toBeLessThan(withinMs + slackMs + (await late()))
      expect(await inPage(device.tab, () => shop.ends)).toMatchObject([{ end: { cause: 'revoked', reason: 'session-limit' } }])
      survived(context, name)
      await device.close()
    })
  }
})

describe('ten tabs', () => {
  const ping = (tab: Tab, origin: string) =>
    inPage(tab, (url) => shop.session.fetch(url, { signal: AbortSignal.timeout(60_000) }).then((answer) => answer.status, (error: Error) => error.name), `${origin}/api/ping`)

  test.for(versions)('P7 F4 ten tabs by $name hold one feed, load, call and hear of the end', async ({ name, http2 }, context) => {
    const world = await createSecureWorld(http2)
    try {
      const sid = await world.signIn()
      while (world.tabs.length < 10) await world.open()
      expect(await inPage(world.tabs[9]!, () => performance.getEntriesByType('navigation').map((entry) => (entry as PerformanceNavigationTiming).nextHopProtocol))).toEqual([name])
      const feeds = () => Promise.all(world.tabs.map((tab) => inPage(tab, () => shop.session.diagnostics().feed)))
      await until(async () => (await feeds()).filter((feed) => feed === 'open').length === 1, { what: 'one tab to hold the feed' })
      await until(() => world.openFeeds() === 1, { what: 'the server to have one feed open' })
      expect(await Promise.all(world.tabs.map((tab) => ping(tab, world.origin)))).toEqual(Array.from({ length: 10 }, () => 200))
      const eleventh = await world.open()
      expect(await ping(eleventh, world.origin)).toBe(200)
      expect(world.openFeeds()).toBe(1)

      // That one feed matters: six more of them are all that HTTP/1.1 carries.
      const crowded = await inPage(eleventh, async (url, patienceMs) => {
        const controller = new AbortController()
        let open = 0
        const five = Promise.withResolvers<void>()
        const streams = Array.from({ length: 6 }, () => shop.session.fetch(`${url}/session/events`, { signal: controller.signal }).then(() => {
          open += 1
          if (open === 5) five.resolve()
        }, () => undefined))
        await five.promise
        const call = await shop.session.fetch(`${url}/api/ping`, { signal: AbortSignal.timeout(patienceMs) }).then((answer) => answer.status, (error: Error) => error.name)
        controller.abort()
        await Promise.all(streams)
        return call
      }, world.origin, http2 ? 30_000 : 2_000)
      expect(crowded).toBe(http2 ? 200 : 'TimeoutError')

      const { committedAt } = await world.authority.end(sid, { reason: 'access-removed' })
      await until(async () => (await Promise.all(world.tabs.map((tab) => inPage(tab, () => shop.session.state.status)))).every((status) => status === 'signed-out'), { what: 'every tab to know of the end', lookMs: 5_000 })
      const learned = await Promise.all(world.tabs.map((tab) => inPage(tab, () => shop.session.diagnostics().trace.find(({ what }) => what === 'learned')?.at ?? Number.POSITIVE_INFINITY)))
      const first = Math.min(...learned)
      console.log(`ten tabs by ${name}: known after ${first - committedAt} ms`)
      expect(await askedSince(world.tabs[learned.indexOf(first)]!, committedAt)).toBe(0)
      survived(context, name)
    } finally {
      await world.close()
    }
  })
})
