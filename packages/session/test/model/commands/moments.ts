/** The worst moments: what happens while a refresh is under way, or a purge. */
import fc from 'fast-check'
import type { Tab } from '../tab.ts'
import type { World } from '../world.ts'
import { command, type ModelCommand } from './command.ts'
import { crash, freeze } from './life.ts'
import { signOut, start } from './person.ts'

const then = fc.oneof(fc.nat(8), fc.constant(300))

const runs = (tab: Tab | undefined): tab is Tab => tab !== undefined && !tab.context.dead && !tab.context.frozen && tab.started
const running = (world: World): Tab[] => world.tabs.filter(runs)
const refreshes = (world: World): Tab | undefined => running(world).find(({ id }) => world.refreshing.has(id))
const other = (world: World): Tab | undefined => running(world).find(({ id }) => !world.refreshing.has(id))

const meanwhile = (name: string, act: (world: World, tab: Tab) => void, who = refreshes): fc.Arbitrary<ModelCommand> =>
  then.map((after) =>
    command({
      name,
      possible: (world) => refreshes(world) !== undefined && who(world) !== undefined,
      act(world) {
        const tab = who(world)
        if (tab) act(world, tab)
      },
      steps: after,
    }))

export const moments: readonly fc.WeightedArbitrary<ModelCommand>[] = [
  {
    weight: 8,
    arbitrary: fc.nat(40).map((after) =>
      command({ name: 'all tabs request', possible: (world) => running(world).length > 0, act: (world) => running(world).forEach((tab) => tab.request()), steps: after })),
  },
  {
    weight: 2,
    arbitrary: fc.nat(40).map((after) =>
      command({
        name: 'the access token runs out, and all tabs request with a token for uploads, one with its own',
        possible: (world) => running(world).length > 0,
        async act(world) {
          await world.schedule.pass(world.setting.traits.accessSeconds * 1_000 + 10)
          for (const tab of running(world)) tab.narrow('uploads')
          running(world).at(-1)?.request()
        },
        steps: after,
      })),
  },
  {
    weight: 8,
    arbitrary: fc.nat(40).map((after) =>
      command({
        name: 'the access token runs out and all tabs request',
        possible: (world) => running(world).length > 0,
        async act(world) {
          await world.schedule.pass(world.setting.traits.accessSeconds * 1_000 + 10)
          for (const tab of running(world)) tab.request()
        },
        steps: after,
      })),
  },
  {
    weight: 2,
    arbitrary: then.map((after) =>
      command({
        name: 'the answer to a refresh is lost twice',
        possible: (world) => running(world).length > 0,
        async act(world) {
          await world.schedule.pass(world.setting.traits.accessSeconds * 1_000 + 10)
          world.network.faults.set('token', ['lost-answer', 'lost-answer'])
          for (const tab of running(world)) tab.request()
          await world.schedule.pass(20_000)
        },
        steps: after,
      })),
  },
  {
    weight: 6,
    arbitrary: fc.tuple(fc.nat(30), fc.constantFrom('signs out', 'requests when the token has run out again')).map(([after, next]) =>
      command({
        name: `the answer to a refresh comes late, and meanwhile everybody ${next}`,
        possible: (world) => running(world).length > 1,
        async act(world) {
          const [first, ...others] = running(world)
          await world.schedule.pass(world.setting.traits.accessSeconds * 1_000 + 10)
          world.network.faults.set('token', ['late-answer'])
          first?.request()
          await world.schedule.turn(40)
          for (const tab of others) tab.request()
          await world.schedule.turn(40)
          if (next === 'signs out') return others.forEach((tab) => signOut(world, tab))
          await world.schedule.pass(world.setting.traits.accessSeconds * 1_000 + 10)
          for (const tab of others) tab.request()
        },
        steps: after,
      })),
  },
  {
    weight: 2,
    arbitrary: then.map((after) =>
      command({
        name: 'the server suspends while its word that the session lives is on its way, and others request',
        possible: (world) => world.server.logins.size > 0 && running(world).length > 0,
        async act(world) {
          const [first, ...others] = running(world)
          world.network.faults.set('session', ['late-answer'])
          first?.call('confirm', () => first.session.confirm())
          await world.schedule.turn(40)
          world.server.change([...world.server.logins.keys()].at(-1) ?? '', 'suspended')
          for (const tab of others) tab.request()
        },
        steps: after,
      })),
  },
  {
    weight: 3,
    arbitrary: fc.tuple(fc.boolean(), then).map(([refused, after]) =>
      command({
        name: `somebody signs out${refused ? ', which the record refuses' : ''}, nobody hears of it, and 200 ms later the others request`,
        possible: (world) => running(world).length > 1,
        async act(world) {
          const [tab, ...others] = running(world)
          const { store, channels } = world.device
          channels.faults.push(...Array.from({ length: 30 }, () => 'drop' as const))
          if (refused) {
            store.mode = 'refuses-writes'
            world.oracle.ledger.storageFailedAt = world.schedule.now()
          }
          if (tab) signOut(world, tab)
          await world.schedule.pass(200)
          channels.faults.length = 0
          for (const each of others) each.request()
        },
        steps: after,
      })),
  },
  {
    weight: 3,
    arbitrary: fc.tuple(fc.nat(12), fc.nat(4)).map(([before, at]) =>
      command({
        name: `somebody signs out, all tabs die ${before} steps later, and a new one starts`,
        possible: (world) => running(world).some(({ session }) => session.state.status === 'active'),
        async act(world) {
          const tab = running(world).find(({ session }) => session.state.status === 'active')
          if (tab) signOut(world, tab)
          await world.schedule.turn(before)
          for (const [place, each] of world.tabs.entries()) if (each && !each.context.dead) crash(world, place)
          start(world, at)
        },
        steps: 300,
      })),
  },
  {
    weight: 3,
    arbitrary: fc.tuple(fc.boolean(), fc.nat(30)).map(([dies, after]) =>
      command({
        name: `nothing can be written, somebody signs out${dies ? ' and dies' : ''}, then it can`,
        possible: (world) => running(world).length > 0,
        async act(world) {
          const [tab] = running(world)
          if (!tab) return
          world.device.store.mode = 'refuses-writes'
          world.oracle.ledger.storageFailedAt = world.schedule.now()
          signOut(world, tab)
          await world.schedule.turn(60)
          if (dies) crash(world, world.tabs.indexOf(tab))
          world.device.store.heal()
        },
        steps: after,
      })),
  },
  {
    weight: 2,
    arbitrary: fc.constant(0).map(() =>
      command({
        name: 'after three minutes without a fault a server that cannot be asked ends the session, and nobody does anything for as long as was told',
        possible: (world) => !world.setting.traits.session && world.server.logins.size > 0 && running(world).length > 0,
        async act(world) {
          await world.schedule.pass(180_000)
          world.server.change([...world.server.logins.keys()].at(-1) ?? '', 'revoked')
          await world.schedule.pass(Math.max(0, ...running(world).map(({ session }) => session.detection.withinMs)) + 10_000)
        },
      })),
  },
  { weight: 3, arbitrary: meanwhile('the tab that refreshes dies', (world, tab) => crash(world, world.tabs.indexOf(tab))) },
  { weight: 4, arbitrary: meanwhile('the tab that refreshes is frozen', (world, tab) => freeze(world, tab, true)) },
  { weight: 4, arbitrary: meanwhile('the tab that refreshes signs out', signOut) },
  { weight: 4, arbitrary: meanwhile('another tab signs out during a refresh', signOut, other) },
  { weight: 2, arbitrary: meanwhile('the session is revoked during a refresh', ({ server }) => server.change([...server.logins.keys()].at(-1) ?? '', 'revoked')) },
  {
    weight: 3,
    arbitrary: fc.tuple(fc.nat(4), then).map(([number, after]) =>
      command({
        name: `a tab dies while a purge is not finished (${number})`,
        possible: (world) => (world.oracle.ledger.row()?.journals.length ?? 0) > 0 && running(world).length > 0,
        act(world) {
          const all = running(world)
          const tab = all[number % all.length]
          if (tab) crash(world, world.tabs.indexOf(tab))
        },
        steps: after,
      })),
  },
]
