/** Each is a sequence the model once found broken, as short as it could be made. */
import { afterEach, expect, test } from 'vitest'
import { crash, freeze } from './commands/life.ts'
import { comeBack, signOut, start } from './commands/person.ts'
import { finale } from './finale.ts'
import { createWorld, type World } from './world.ts'
import type { ServerTraits } from './server.ts'
import type { SessionOptions } from '../../src/options.ts'

const plain: ServerTraits = { idempotent: true, reuseKills: true, session: true, feed: false, revocation: true, revokesGrant: true, problems: true, sid: true, accessSeconds: 300 }

let made: World | undefined
afterEach(() => made?.done())

/** Some tabs, in the first of which mira signed in; everything comes in its turn. */
async function device(tabs: number, traits: Partial<ServerTraits> = {}, options: Partial<SessionOptions> = {}): Promise<World> {
  made?.done()
  const world = createWorld({ seed: 1, noise: 0, tabs, traits: { ...plain, ...traits }, options })
  made = world
  for (let at = 0; at < tabs; at += 1) start(world, at)
  await world.schedule.turn(300)
  comeBack(world, 0, 'mira')
  await world.schedule.turn(300)
  return world
}

test('P7 two tabs of a suspended session whose lease is over do not ask without end', async () => {
  const world = await device(2, {}, { lease: { default: 120_000 } })
  world.server.change('s1', 'suspended')
  await world.schedule.pass(200_000)
  for (const tab of world.tabs) tab?.context.wake?.look()
  await world.schedule.pass(10_000)
  expect(world.server.asked).toBeLessThan(100)
})


test('P10 an expired session whose end could not be written at once still locks its work', async () => {
  const world = await device(1, { feed: true })
  world.device.store.mode = 'throws'
  world.server.change('s1', 'expired')
  await world.schedule.turn(300)
  start(world, 1)
  await world.schedule.turn(300)
  world.device.store.heal()
  await world.schedule.pass(10_000)
  expect(world.oracle.ledger.row()?.end).toMatchObject({ cause: 'expired' })
  expect(world.oracle.ledger.row()?.vault).toHaveLength(1)
})

test('P10 an expired session whose tab died before the end was written still locks its work', async () => {
  const world = await device(1, { feed: true })
  world.device.store.mode = 'throws'
  world.server.change('s1', 'expired')
  await world.schedule.turn(300)
  crash(world, 0)
  world.device.store.heal()
  start(world, 1)
  await finale(world)
  expect(world.oracle.ledger.row()?.vault).toHaveLength(1)
})


test('P3 a grant that is over is found out at once, not by each tab after another in twelve seconds', async () => {
  const world = await device(4, { idempotent: false, accessSeconds: 60 })
  world.network.faults.set('token', ['lost-answer'])
  await world.schedule.pass(61_000)
  world.tab(0).request()
  await world.schedule.pass(120_000)
  for (const tab of world.tabs) tab?.request()
  await world.schedule.pass(5_000)
  expect(world.oracle.ledger.row()?.end).toMatchObject({ cause: 'expired' })
})

test('P3 C1 a failed refresh of before the clock went back does not keep the next tab from refreshing', async () => {
  const world = await device(1)
  world.network.offline = true
  world.device.wallOffset -= 86_400_000
  comeBack(world, 1, 'mira')
  await world.schedule.turn(300)
  world.tab(0).request()
  await world.schedule.turn(300)
  world.network.offline = false
  await world.schedule.pass(460_000)
  const call = world.tab(1).request()
  await world.schedule.pass(60_000)
  expect(call.outcome).toBe(200)
})

test('P3 a request whose refresh cannot be written down fails instead of waiting', async () => {
  const world = await device(1, { idempotent: false, accessSeconds: 60 })
  await world.schedule.pass(61_000)
  const call = world.tab(0).request()
  while (world.refreshing.size === 0) await world.schedule.turn(1)
  world.device.store.mode = 'throws'
  await world.schedule.pass(60_000)
  expect(call.settled).toBe(true)
})

test('P3 a call that waits when the session is stopped comes to an end', async () => {
  for (let steps = 0; steps < 12; steps += 1) {
    const world = await device(1)
    const tab = world.tab(0)
    const calls = [tab.save('chair'), tab.open('lamp'), tab.request()]
    await world.schedule.turn(steps)
    tab.stop()
    await world.schedule.pass(30_000)
    expect(calls.map(({ settled }) => settled), `stopped after ${steps} steps`).toEqual([true, true, true])
  }
})

test('P3 a record that does not answer for minutes is not read more and more often', async () => {
  const world = await device(2, { feed: true, session: false })
  world.device.store.mode = 'hangs'
  world.server.change('s1', 'revoked')
  await world.schedule.pass(60_000)
  const early = world.device.store.hung.length
  await world.schedule.pass(120_000)
  expect(world.device.store.hung.length - early).toBeLessThanOrEqual(early * 2.5)
})

test('P3 C1 the attempt of a dead tab is not waited for until the clock has caught up', async () => {
  for (let steps = 0; steps < 20; steps += 1) {
    const world = await device(2, { idempotent: false, accessSeconds: 60 })
    await world.schedule.pass(61_000)
    world.tab(0).request()
    const call = world.tab(1).request()
    await world.schedule.turn(steps)
    world.device.wallOffset -= 86_400_000
    crash(world, 0)
    await world.schedule.pass(60_000)
    expect(call.settled, `died after ${steps} steps`).toBe(true)
  }
})

test('P3 C1 A11 a lost answer that is repeated after the clock went back is taken for as old as it may be', async () => {
  const world = await device(1)
  world.network.faults.set('token', ['lost-answer', 'lost-answer'])
  await world.schedule.pass(300_010)
  world.tab(0).request()
  await world.schedule.turn(100)
  world.device.wallOffset -= 86_400_000
  await world.schedule.pass(300_010)
  world.tab(0).request()
  await world.schedule.pass(150_000)
  const call = world.tab(0).request()
  await world.schedule.pass(60_000)
  expect(call.outcome).toBe(200)
})

test('P1 a page that goes to sleep while its sign-out is under way is covered', async () => {
  for (let steps = 0; steps < 8; steps += 1) {
    const world = await device(1, { accessSeconds: 60 })
    await world.schedule.pass(61_000)
    const tab = world.tab(0)
    tab.request()
    while (world.refreshing.size === 0) await world.schedule.turn(1)
    signOut(world, tab)
    await world.schedule.turn(steps)
    freeze(world, tab, true)
    await world.schedule.pass(1_000)
  }
})
