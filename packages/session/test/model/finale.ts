/** The beginning and the end of every run: at last everything works again, time passes, and then all must agree. */
import { comeBack, slots, start } from './commands/person.ts'
import { thaw } from './commands/life.ts'
import type { World } from './world.ts'

/** Long enough, twice, for every pause and poll; without a session endpoint, for every token too, ms. */
const calmWith = 75_000
const calmWithout = 200_000

/** Some contexts are there, and mira is signed in. */
export async function opening(world: World): Promise<void> {
  const { tabs } = world.setting
  if (tabs === 0) return
  for (let at = 0; at < tabs; at += 1) start(world, at)
  await world.schedule.turn(300)
  comeBack(world, 0, 'mira')
  await world.schedule.turn(300)
}

export async function finale(world: World): Promise<void> {
  const { device, network, schedule, tabs } = world
  const calm = world.setting.traits.session ? calmWith : calmWithout
  if (world.telling) world.story.push('--- everything works again')
  network.offline = false
  network.faults.clear()
  device.store.restore()
  device.store.heal()
  device.disk.mode = 'works'
  device.flagsWork = true
  device.channels.faults.length = 0
  for (const tab of tabs) if (tab?.context.frozen) thaw(world, tab)
  await schedule.pass(calm)
  for (const tab of tabs) if (tab && !tab.context.dead) tab.context.wake?.look()
  // What was written too late is found by the next start.
  world.replace(slots)
  start(world, slots)
  await schedule.pass(calm)
  // A context may learn by its next act.
  for (const tab of tabs) if (tab && !tab.context.dead && tab.started) tab.narrow('uploads')
  await schedule.pass(60_000)
  for (const tab of tabs) if (tab && !tab.context.dead && tab.started) tab.request()
  await schedule.pass(60_000)
  world.oracle.quiet()
}
