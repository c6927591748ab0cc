// How long an end goes unnoticed, against what `session.detection` said before it: by each way of learning, by none, and with every tab really hidden.
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import type { Device } from './device.ts'
import { inPage, until, type Tab } from './driver.ts'
import { say } from './faults/fault.ts'
import type { Fault } from './proxy.ts'
import { kinds, lastUses, useOn } from './uses.ts'
import { createHostileWorld, type HostileWorld } from './world.ts'

// Most of their time is spent waiting.
vi.setConfig({ maxConcurrency: 8 })

/** Bounds are kept by timers: in hidden tabs those fire once a second, and two cores carry everything. */
const slackMs = 5_000
const ttlMs = 5_000
const leases = { defaultLease: '12s', downloadsLease: '11s', checkoutLease: '10s', pollMs: '2000' }
const wishes = { pushed: { pollMs: '60000' }, asking: { pollMs: '8000' }, listed: {}, living: leases, over: leases, delayed: leases, changing: {} }
const [feed, endpoint, list] = [/^\/session\/events$/, /^\/session$/, /^\/status-lists\//]

let world: HostileWorld
let devices: Record<keyof typeof wishes, Device>
/** Of the device that is pushed to, the one that does not hold the feed. */
let other: Tab
beforeAll(async () => {
  world = await createHostileWorld({ devices: Object.keys(wishes).length, throttled: true, statusListSeconds: ttlMs / 1000, accessTokenSeconds: 3600 })
  const signedIn: [string, Device][] = []
  for (const [name, wish] of Object.entries(wishes)) signedIn.push([name, await world.device(wish)])
  devices = Object.fromEntries(signedIn) as typeof devices
  for (const { keep } of [devices.living, devices.over, devices.delayed]) await keep()
  other = await devices.pushed.open()
  const tabs = [...world.browser.tabs]
  // A tab that shows nothing is in front of them all.
  await world.browser.openTab()
  await until(async () => (await Promise.all(tabs.map((tab) => tab.visibility()))).every((state) => state === 'hidden'), { what: 'the tabs to be hidden' })
}, 240_000)
afterAll(() => world?.close())

const reset: Fault = ({ response }) => response.socket?.resetAndDestroy()
const swallow: Fault = () => undefined
const stated = (tab: Tab) => inPage(tab, () => shop.session.detection)
/** What is said once it is known that this is the way. */
const by = (tab: Tab, via: string) => until(async () => {
  const said = await stated(tab)
  return said.via === via && said
}, { what: `the page to know that its way is ${via}` })
/** Resolves when the server has answered such a request of this device: from then on the wait for the next one is the longest. */
const answered = (device: Device, on: RegExp) => new Promise<void>((resolve) => {
  device.suffer(async ({ forward, pass, response }) => {
    response.once('close', resolve)
    pass(await forward())
  }, { on, times: 1 })
})
/** When a page was first held back or over since then. */
const stoppedAt = (tab: Tab, since: number, reasons = ['suspect', 'suspended']) => until(() => inPage(tab, (from, held) => {
  const fences = shop.states.filter(({ reason }) => held.includes(reason ?? ''))
  const ends = shop.session.diagnostics().trace.filter(({ what }) => what === 'fenced')
  const times = [...fences, ...ends].map(({ at }) => at).filter((at) => at >= from)
  return times.length > 0 && Math.min(...times)
}, since, reasons), { what: `${reasons.join(' or ')}, or the end` })
const print = (how: string, took: number, boundMs: number) => console.log(`${how}: ${took} ms after the commit, bound ${boundMs} ms`)

describe.concurrent('with every tab hidden', () => {
  test('P7 F1 an end is pushed over the feed to both tabs long before anybody asks', async () => {
    const { tab, sid } = devices.pushed
    const said = await Promise.all([tab, other].map((each) => by(each, 'feed')))
    expect(said.map(({ withinMs }) => withinMs)).toEqual([80_000, 80_000])
    const { committedAt } = await world.authority.end(sid, { reason: 'policy' })
    const took = Math.max(...(await Promise.all([tab, other].map((each) => stoppedAt(each, committedAt))))) - committedAt
    print('pushed', took, 80_000)
    // Silence would be noticed after 20 s.
    expect(took).toBeLessThan(10_000)
  })

  test('P7 F1 F5 with the feed refused, an end that comes right after an answer is known by the next', async () => {
    const device = devices.asking
    // And not tried again, which would ask too.
    const refused = device.suffer(say(429, '', { 'retry-after': '600' }), { on: feed })
    device.cut()
    const { withinMs } = await by(device.tab, 'poll')
    expect(withinMs).toBe(8_000)
    // A refusal is a reason to ask, too; the answer after that one is the poll's.
    await until(() => refused.hits.length > 0, { what: 'the feed to be refused' })
    await answered(device, endpoint)
    await answered(device, endpoint)
    const { committedAt } = await world.authority.end(device.sid, { reason: 'policy' })
    const took = (await stoppedAt(device.tab, committedAt)) - committedAt
    print('asked', took, withinMs)
    expect(took).toBeLessThan(withinMs + slackMs)
  })

  test('P7 F1 with only the status list to be had, an end that comes right after it was read fences by the next', async () => {
    const device = devices.listed
    await until(() => inPage(device.tab, () => shop.session.diagnostics().feed === 'open'), { what: 'the feed' })
    device.suffer(reset, { on: /^\/session/ })
    device.cut()
    const { withinMs } = await by(device.tab, 'list')
    expect(withinMs).toBe(2.1 * ttlMs + 10_000)
    await answered(device, list)
    const { committedAt } = await world.authority.end(device.sid, { reason: 'policy' })
    const took = (await stoppedAt(device.tab, committedAt)) - committedAt
    print('read in the list', took, withinMs)
    expect(took).toBeLessThan(withinMs + slackMs)
    expect(await inPage(device.tab, () => shop.ends)).toEqual([])
  })

  test('P7 P4 F1 B1 with everything blocked, each kind is used no longer than its lease; the way free again, a living session goes on and the other ends', async () => {
    const { living, over } = devices
    const both = [living, over]
    for (const device of both) expect(await device.confirm()).toMatchObject({ result: 'alive' })
    const from = Date.now()
    const blocked = both.map((device) => device.suffer(reset))
    for (const device of both) device.cut()
    // Promised where the server can be reached; where it cannot, the leases are.
    const { lease, withinMs } = await by(over.tab, 'poll')
    expect(kinds.map((kind) => lease[kind].withinMs)).toEqual([12_000, 11_000, 10_000])
    await Promise.all(both.map(({ tab }) => useOn(tab)))
    const { committedAt } = await world.authority.end(over.sid, { reason: 'account-closed' })

    const [used] = await Promise.all([over, living].map(({ tab }) => lastUses(tab)))
    const [fenced] = await Promise.all([over, living].map(({ tab }) => stoppedAt(tab, from, ['lease'])))
    for (const kind of kinds) {
      print(`last use of ${kind} under its lease`, used![kind].at - committedAt, lease[kind].withinMs)
      expect(used![kind].at - committedAt).toBeLessThanOrEqual(lease[kind].withinMs)
    }
    print('fenced by the lease', fenced! - committedAt, lease.default.withinMs)
    expect(fenced! - committedAt).toBeLessThan(lease.default.withinMs + slackMs)
    for (const device of both) {
      expect(await stated(device.tab)).toMatchObject({ lease: Object.fromEntries(kinds.map((kind) => [kind, { leftMs: 0 }])) })
      expect(await inPage(device.tab, () => shop.ends)).toEqual([])
      expect((await device.storage()).record).toMatchObject({ live: true, hasContentKey: true })
    }

    const lifted = Date.now()
    for (const { lift } of blocked) lift()
    await until(async () => (await living.status()) === 'active' && (await over.status()) === 'signed-out', { what: 'one to go on and the other to end' })
    expect((await stoppedAt(over.tab, lifted)) - lifted).toBeLessThan(withinMs + slackMs)
    expect(await living.kept()).toEqual({ download: expect.any(Number), draft: { street: 'Canary Lane 7' } })
    expect(await living.ping()).toMatchObject({ result: 200 })
    expect(await inPage(over.tab, () => shop.ends)).toMatchObject([{ end: { cause: 'revoked', reason: 'account-closed' }, report: { complete: true } }])
  })

  test('P7 F1 an answer that was long on its way proves how things stood when it was asked for', async () => {
    const device = devices.delayed
    device.suffer(reset)
    device.cut()
    const { lease } = await by(device.tab, 'poll')
    await useOn(device.tab)
    const { promise: committed, resolve } = Promise.withResolvers<number>()
    device.suffer(async ({ forward, pass }) => {
      const alive = await forward()
      resolve((await world.authority.end(device.sid, { reason: 'account-closed' })).committedAt)
      // The network takes nearly as long as an answer is waited for.
      await pause(8_000)
      pass(alive)
    }, { on: endpoint, times: 1 })
    await device.confirm()
    const committedAt = await committed
    const used = await lastUses(device.tab)
    for (const kind of kinds) {
      print(`last use of ${kind} after a late answer`, used[kind].at - committedAt, lease[kind].withinMs)
      expect(used[kind].at - committedAt).toBeLessThanOrEqual(lease[kind].withinMs)
    }
  })

  test('P7 F1 F3 F5 as ways are blocked and freed the next is chosen, without a reload, and each keeps what is said of it', async () => {
    const device = devices.changing
    const { tab, sid } = device
    const loaded = await inPage(tab, () => performance.timeOrigin)
    /** Suspends the account, where the server is asked right after an answer, and waits until the page knows. */
    const keepsItsWord = async (via: string, withinMs: number, asked?: RegExp): Promise<void> => {
      expect(await by(tab, via)).toMatchObject({ withinMs })
      if (asked) await answered(device, asked)
      const suspendedAt = Date.now()
      await world.authority.suspend(sid)
      const took = (await stoppedAt(tab, suspendedAt)) - suspendedAt
      print(`suspended, ${via}`, took, withinMs)
      expect(took).toBeLessThan(withinMs + slackMs)
      await world.authority.resume(sid)
    }
    const isActive = () => until(async () => (await device.status()) === 'active', { what: 'the session to be active again' })

    await keepsItsWord('feed', 21_000)
    await isActive()
    const feedSwallowed = device.suffer(swallow, { on: feed })
    device.cut()
    await keepsItsWord('poll', 1_000, endpoint)
    await isActive()
    const endpointReset = device.suffer(reset, { on: endpoint })
    await keepsItsWord('list', 2.1 * ttlMs + 10_000)
    const listReset = device.suffer(reset, { on: list })
    await by(tab, 'poll')
    listReset.lift()
    await by(tab, 'list')
    endpointReset.lift()
    await isActive()
    await keepsItsWord('poll', 1_000, endpoint)
    await isActive()
    feedSwallowed.lift()
    device.cut()
    await keepsItsWord('feed', 21_000)
    await isActive()
    expect(await inPage(tab, () => [performance.timeOrigin, shop.ends])).toEqual([loaded, []])
  })
})
