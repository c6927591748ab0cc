// The feed is broken and all else works: nothing ends, an end is known by asking, and the feed comes back when it can.
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { recovered, refreshedOnce, slackMs, unharmed } from './course.ts'
import { inPage, until } from './driver.ts'
import { feeds } from './faults/feeds.ts'
import { lateFrom } from './late.ts'
import { tally } from './tally.ts'
import { createHostileWorld, type HostileWorld } from './world.ts'

// Most of their time is spent waiting.
vi.setConfig({ maxConcurrency: 8 })

let world: HostileWorld
beforeAll(async () => void (world = await createHostileWorld({ devices: feeds.length + 1 })))
afterAll(() => world?.close())
const survived = tally('feeds', [...feeds, { name: 'cut for a while' }])

/** How long a stream may say nothing; docs/contract.md. */
const silentMs = 20_000
const pollMs = 1_000

describe.concurrent('the feed on its way', () => {
  for (const { name, tags, make, silent = false, hangs = false } of feeds) {
    test(`P4 P7 ${tags} a feed ${name} ends nothing, and an end is known within the bound`, async (context) => {
      const device = await world.device()
      await device.keep()
      const about = { issuer: world.authority.issuer, sid: device.sid }
      const isOpen = () => inPage(device.tab, () => shop.session.diagnostics().feed === 'open')
      await until(isOpen, { what: 'the feed to be open' })

      const broken = device.suffer(make(about), { on: /^\/session\/events$/ })
      device.cut()
      // The page goes on as if nothing were: asked, it says that the session lives.
      await until(() => broken.hits.length > (silent || hangs ? 0 : 1), { what: 'the feed to break' })
      expect(await device.ping()).toMatchObject({ result: 200 })
      expect(await device.confirm()).toMatchObject({ result: 'alive' })
      await unharmed(device)
      const withinMs = silent ? silentMs + pollMs : pollMs
      const stated = await inPage(device.tab, () => shop.session.detection)
      expect(stated.withinMs).toBeLessThanOrEqual(silentMs + pollMs)

      const late = await lateFrom(device.tab)
      const { committedAt } = await world.authority.end(device.sid, { reason: 'payment-dispute' })
      await until(async () => (await device.status()) === 'signed-out', { what: 'the end to be known' })
      const learned = await inPage(device.tab, () => shop.session.diagnostics().trace.find(({ what }) => what === 'learned')!.at)
      expect(learned - committedAt).toBeLessThan(withinMs + slackMs + (await late()))
      expect(await inPage(device.tab, () => shop.ends)).toMatchObject([{ end: { cause: 'revoked', reason: 'payment-dispute' }, report: { complete: true } }])
      // Nobody runs against a closed door: the pauses grow.
      expect(broken.hits.length).toBeLessThan(12)
      expect(device.refreshes().filter((outcome) => outcome !== 'rotated')).toEqual([])
      expect(device.refreshes().length).toBeLessThanOrEqual(tags.includes('A5') ? 2 : 0)
      survived(context, name)
      await device.close()
    })
  }

  test('F3 a feed cut for a while is opened again once the way is clear, and pushes again', async (context) => {
    const device = await world.device()
    await device.keep()
    const isOpen = () => inPage(device.tab, () => shop.session.diagnostics().feed === 'open')
    await until(isOpen, { what: 'the feed to be open' })
    const broken = device.suffer(({ response }) => response.socket?.resetAndDestroy(), { on: /^\/session\/events$/ })
    device.cut()
    await until(() => broken.hits.length > 2, { what: 'the feed to fail for a while' })
    broken.lift()
    await until(isOpen, { what: 'the feed to be open again' })
    await recovered(device)
    await refreshedOnce(device, false)
    await world.authority.end(device.sid, { reason: 'policy' })
    await until(async () => (await device.status()) === 'signed-out', { what: 'the end to be pushed' })
    survived(context, 'cut for a while')
    await device.close()
  })
})
