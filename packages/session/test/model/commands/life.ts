/** Contexts that die, sleep and wake. */
import fc from 'fast-check'
import type { Tab } from '../tab.ts'
import type { World } from '../world.ts'
import { command, type ModelCommand } from './command.ts'
import { slots } from './person.ts'

const slot = fc.nat(slots - 1)
const then = fc.oneof(fc.nat(8), fc.constant(300))
const lives = (tab: Tab | undefined): boolean => tab !== undefined && !tab.context.dead

/** Kills a context: its ports never answer again, its locks are free, nothing hears it any more. */
export function crash(world: World, at: number): void {
  const tab = world.tabs[at]
  if (!tab) return
  tab.context.dead = true
  world.schedule.drop(tab.id)
  world.device.channels.drop(tab.id)
  world.device.locks.drop(tab.id)
  if (world.device.store.blockedBy === tab.id) world.device.store.unblock()
  world.tabs[at] = undefined
}

/** Stops a context; `told` when the platform says so before. */
export function freeze(world: World, tab: Tab, told: boolean): void {
  tab.context.toldOfSleep = told
  if (told) {
    tab.context.wake?.sleep()
    if (tab.started) world.oracle.slept(tab)
  }
  tab.context.frozen = true
  world.schedule.freeze(tab.id)
}

export function thaw(world: World, tab: Tab): void {
  tab.context.frozen = false
  tab.context.wokeAt = world.schedule.now()
  world.schedule.thaw(tab.id)
  if (world.device.store.blockedBy === tab.id) world.device.store.unblock()
  for (const call of tab.calls) if (call.since !== Infinity) call.since = world.schedule.now()
  if (tab.context.toldOfSleep) {
    tab.context.wake?.wake()
    if (tab.started) world.oracle.woke(tab)
  }
  tab.context.toldOfSleep = false
}

export const life: readonly fc.WeightedArbitrary<ModelCommand>[] = [
  {
    weight: 4,
    arbitrary: fc.tuple(slot, then).map(([at, after]) =>
      command({ name: `the tab in place ${at} dies`, possible: (world) => lives(world.tabs[at]), act: (world) => crash(world, at), steps: after })),
  },
  {
    weight: 4,
    arbitrary: fc.tuple(slot, fc.constantFrom(true, true, true, false), then).map(([at, told, after]) =>
      command({
        name: `the tab in place ${at} ${told ? 'is frozen' : 'stands still untold'}`,
        possible: (world) => lives(world.tabs[at]) && world.tabs[at]?.context.frozen === false,
        act(world) {
          const tab = world.tabs[at]
          if (!tab) return
          freeze(world, tab, told)
        },
        steps: after,
      })),
  },
  {
    weight: 1,
    arbitrary: slot.map((at) =>
      command({
        name: `the tab in place ${at} is frozen in the middle of a transaction`,
        possible: (world) => lives(world.tabs[at]) && world.tabs[at]?.context.frozen === false,
        act(world) {
          const tab = world.tabs[at]
          if (!tab) return
          freeze(world, tab, true)
          world.device.store.blockedBy = tab.id
        },
      })),
  },
  {
    weight: 5,
    arbitrary: fc.tuple(slot, then).map(([at, after]) =>
      command({
        name: `the tab in place ${at} wakes`,
        possible: (world) => world.tabs[at]?.context.frozen === true,
        act(world) {
          const tab = world.tabs[at]
          if (tab) thaw(world, tab)
        },
        steps: after,
      })),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(slot, then).map(([at, after]) =>
      command({
        name: `the tab in place ${at} is looked at`,
        possible: (world) => lives(world.tabs[at]) && world.tabs[at]?.context.frozen === false,
        act(world) {
          const tab = world.tabs[at]
          if (!tab) return
          tab.context.visible = true
          tab.context.wake?.look()
        },
        steps: after,
      })),
  },
  {
    weight: 1,
    arbitrary: slot.map((at) =>
      command({
        name: `the tab in place ${at} is hidden`,
        possible: (world) => lives(world.tabs[at]),
        act(world) {
          const tab = world.tabs[at]
          if (tab) tab.context.visible = false
        },
      })),
  },
]
