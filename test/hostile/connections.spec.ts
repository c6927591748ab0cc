// Connections that break, hang or lose the answer: every wait is bounded, nothing ends, nothing is refreshed twice.
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { answerMs, recovered, refreshedOnce, slackMs, survives, unharmed } from './course.ts'
import { inPage, until } from './driver.ts'
import { connections } from './faults/connections.ts'
import { lateFrom } from './late.ts'
import { tally } from './tally.ts'
import { createHostileWorld, type HostileWorld } from './world.ts'

// Most of their time is spent waiting.
vi.setConfig({ maxConcurrency: 8 })

let world: HostileWorld
beforeAll(async () => void (world = await createHostileWorld({ devices: connections.length + 8 })))
afterAll(() => world?.close())
const others = [
  { name: 'a slow network' }, { name: 'a sign-in whose answer is lost' }, { name: 'an order whose answer is lost' },
  { name: 'a page opened into a black hole' }, { name: 'a provider that refuses connections' },
]
const survived = tally('connections', [...connections, ...others])

describe.concurrent('connections to the provider', () => {
  for (const fault of connections) {
    test(`P3 P4 P7 ${fault.tags} ${fault.name} ends nothing, and an end during it is known afterwards`, async (context) => {
      await survives(world, fault)
      survived(context, fault.name)
    })
  }

  test('P3 P7 A13 a slow network slows everything, and changes nothing else', async (context) => {
    const device = await world.device()
    await device.keep()
    const latencyMs = 700
    const slow = device.suffer(async ({ forward, pass }) => {
      await new Promise((resolve) => setTimeout(resolve, latencyMs))
      pass(await forward())
    })
    device.cut()
    await device.spend()
    const lateCalls = await lateFrom(device.tab)
    const before = slow.hits.length
    const called = await Promise.all([device.ping(), device.ping(), device.ping()])
    expect(called.map(({ result }) => result)).toEqual([200, 200, 200])
    const met = slow.hits.slice(before).filter((path) => path !== '/session' && path !== '/session/events')
    // One refresh, which all three wait for, and the calls themselves.
    expect(met).toEqual(['/token', '/api/ping', '/api/ping', '/api/ping'])
    const lateMs = await lateCalls()
    for (const { ms } of called) expect(ms).toBeLessThan(2 * latencyMs + 2 * slackMs + lateMs)
    await recovered(device)
    await refreshedOnce(device, false)
    const lateLast = await lateFrom(device.tab)
    const { committedAt } = await world.authority.end(device.sid, { reason: 'policy' })
    await until(async () => (await device.status()) === 'signed-out', { what: 'the end to be known' })
    const learned = await inPage(device.tab, () => shop.session.diagnostics().trace.find(({ what }) => what === 'learned')!.at)
    expect(learned - committedAt).toBeLessThan(1_000 + latencyMs + slackMs + (await lateLast()))
    slow.lift()
    survived(context, 'a slow network')
    await device.close()
  })

  test('A11 a sign-in whose answer is lost says so, and the next one works', async (context) => {
    const device = await world.device()
    await inPage(device.tab, () => shop.session.signOut())
    const lost = device.suffer(async ({ forward, response }) => {
      await forward()
      response.socket?.resetAndDestroy()
    }, { on: /^\/token$/ })
    expect(['unreachable', 'sign-in-failed']).toContain(await device.signIn())
    expect(lost.hits.length).toBeGreaterThan(0)
    expect(await device.status()).toBe('signed-out')
    lost.lift()
    expect(await device.signIn()).not.toBe(device.sid)
    expect(await device.status()).toBe('active')
    expect(await device.ping()).toMatchObject({ result: 200 })
    survived(context, 'a sign-in whose answer is lost')
    await device.close()
  })

  test('P10 H2 an order whose answer is lost is found again, and was placed once', async (context) => {
    const device = await world.device()
    // A browser may send what it got no answer to again by itself; it meets the same.
    const lost = device.suffer(async ({ forward, response }) => {
      await forward()
      response.socket?.resetAndDestroy()
    }, { on: /^\/api\/orders$/ })
    const failed = await inPage(device.tab, async () => {
      const [asset] = (await (await fetch(`${shop.issuer}/api/catalogue`)).json()) as { id: string }[]
      return shop.checkout.submit({ items: [asset!.id] }).then(() => 'placed', (error: Error) => error.name)
    })
    expect(failed).toBe('TypeError')
    expect(lost.hits.length).toBeGreaterThan(0)
    lost.lift()
    const found = await inPage(device.tab, async () => {
      const { status } = await shop.checkout.recover()
      const orders = (await (await shop.session.fetch(`${shop.issuer}/api/orders`)).json()) as unknown[]
      return { status, orders: orders.length }
    })
    expect(found).toEqual({ status: 'found', orders: 1 })
    survived(context, 'an order whose answer is lost')
    await device.close()
  })

  test('P4 A13 a page opened into a black hole starts from what it knows, its calls are bounded, and it recovers', async (context) => {
    const device = await world.device()
    await device.keep()
    await device.spend()
    const hole = device.suffer(() => undefined)
    device.cut()
    const begun = performance.now()
    const second = await device.open()
    expect(performance.now() - begun).toBeLessThan(answerMs)
    expect(await device.status(second)).toBe('active')
    // Nothing is known of the provider here: its metadata is asked for in two places, and then there is nobody to ask.
    const late = await lateFrom(second)
    const called = await Promise.all([device.ping({ tab: second }), device.confirm(second)])
    const lateMs = await late()
    expect(called.map(({ result }) => result)).toEqual(['unreachable', 'unknown'])
    await unharmed(device)
    hole.lift()
    device.cut()
    await recovered(device)
    await until(async () => (await device.confirm(second)).result === 'alive', { what: 'the second tab to be confirmed', lookMs: 30_000 })
    await refreshedOnce(device, true)
    for (const { ms } of called) expect(ms).toBeLessThan(answerMs + slackMs + lateMs)
    survived(context, 'a page opened into a black hole')
    await device.close()
  })
})

test('P3 P4 B1 a provider that refuses connections, kept-alive ones reset, ends nothing, and is used again when it is back', async (context) => {
  const device = await world.device()
  await device.keep()
  await device.spend()
  world.proxy.refuse()
  world.proxy.cut()
  const lateCalls = await lateFrom(device.tab)
  const called = await Promise.all([device.ping(), device.confirm(), device.assertFresh()])
  const lateMs = await lateCalls()
  expect(called.map(({ result }) => result)).toEqual(['unreachable', 'unknown', 'not-fresh'])
  for (const { ms } of called) expect(ms).toBeLessThan(slackMs + lateMs)
  await unharmed(device)
  await world.authority.end(device.sid, { reason: 'policy' })
  await unharmed(device)
  const lateLast = await lateFrom(device.tab)
  await world.proxy.accept()
  const accepted = Date.now()
  await until(async () => (await device.status()) === 'signed-out', { what: 'the end to be known' })
  const learned = await inPage(device.tab, () => shop.session.diagnostics().trace.find(({ what }) => what === 'learned')!.at)
  expect(learned - accepted).toBeLessThan(1_000 + slackMs + (await lateLast()))
  expect(device.refreshes()).toEqual([])
  survived(context, 'a provider that refuses connections')
})
