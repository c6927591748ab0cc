/** What a person and the application do in a context. */
import fc from 'fast-check'
import type { Tab } from '../tab.ts'
import type { World } from '../world.ts'
import { grantOf } from '../grant.ts'
import { refusedScope } from '../server.ts'
import { command, type CommandParts, type ModelCommand } from './command.ts'

export const slots = 5
const slot = fc.nat(slots - 1)
const then = fc.oneof(fc.nat(8), fc.constant(300))
const file = fc.constantFrom('chair', 'lamp')
const subject = fc.oneof({ weight: 3, arbitrary: fc.constant('mira') }, { weight: 1, arbitrary: fc.constant('olu') })

const runs = (tab: Tab | undefined): boolean => tab !== undefined && !tab.context.dead && !tab.context.frozen
export const usable = (at: number) => (world: World): boolean => runs(world.tabs[at]) && world.tabs[at]?.started === true

/** Starts a context, opening it when there is none. */
export function start(world: World, at: number): void {
  const tab = world.tab(at)
  tab.started = true
  tab.call('start', async (call) => {
    const { signInError } = await tab.session.start()
    world.oracle.started(tab, call)
    if (signInError) throw signInError
  })
}

/** Somebody comes back to a context from the sign-in page. */
export function comeBack(world: World, at: number, who: string): void {
  const tab = world.tab(at)
  tab.stop()
  const login = world.server.signIn(who)
  world.oracle.ledger.handedOver.add(login)
  tab.pending = login
  start(world, at)
}

export function signOut(world: World, tab: Tab): void {
  world.oracle.signingOut(tab)
  tab.call('signOut', () => tab.session.signOut())
}

const inTab = (name: string, act: (tab: Tab, world: World) => void): fc.Arbitrary<ModelCommand> =>
  fc.tuple(slot, then).map(([at, after]) => command({ name: `tab in place ${at} ${name}`, act: (world) => act(world.tab(at), world), possible: usable(at), steps: after }))

/** Signs somebody in with the tokens of the application's own page. */
function adopt(tab: Tab, world: World, who: string): void {
  const login = world.server.signIn(who)
  login.adopted = true
  world.oracle.ledger.handedOver.add(login)
  const { tokens, subject: name, sid } = grantOf(world.server, login, world.device.wall())
  const { accessToken, refreshToken = '', expiresAt = 0 } = tokens
  tab.call('adopt', () => tab.session.adopt({ accessToken, refreshToken, expiresAt, subject: name, ...(sid !== undefined && { sid }) }))
}

const parts = (each: Omit<CommandParts, 'steps'>, after: number): ModelCommand => command({ ...each, steps: after })

/** Every command of a person. */
export const person: readonly fc.WeightedArbitrary<ModelCommand>[] = [
  {
    weight: 6,
    arbitrary: fc.tuple(slot, then).map(([at, after]) =>
      parts({ name: `start the tab in place ${at}`, act: (world) => start(world, at), possible: (world) => !world.tabs[at] || (runs(world.tabs[at]) && !world.tabs[at].started) }, after)),
  },
  {
    weight: 4,
    arbitrary: fc.tuple(slot, subject, then).map(([at, who, after]) =>
      parts({
        name: `${who} comes back from the sign-in in place ${at}`,
        possible: (world) => !world.tabs[at] || runs(world.tabs[at]),
        act: (world) => comeBack(world, at, who),
      }, after)),
  },
  { weight: 2, arbitrary: fc.tuple(slot, subject, then).map(([at, who, after]) => parts({ name: `${who} is adopted in place ${at}`, act: (world) => adopt(world.tab(at), world, who), possible: usable(at) }, after)) },
  { weight: 10, arbitrary: inTab('requests', (tab) => void tab.request()) },
  { weight: 2, arbitrary: inTab('requests with a token for uploads', (tab) => void tab.narrow('uploads')) },
  { weight: 1, arbitrary: inTab('requests with a token for drafts', (tab) => void tab.narrow('drafts')) },
  { weight: 1, arbitrary: inTab('requests with a token that the server grants to nobody', (tab) => void tab.narrow(refusedScope)) },
  { weight: 2, arbitrary: inTab('makes headers', (tab) => void tab.authorize()) },
  { weight: 5, arbitrary: fc.tuple(slot, file, then).map(([at, name, after]) => parts({ name: `tab in place ${at} saves ${name}`, act: (world) => void world.tab(at).save(name), possible: usable(at) }, after)) },
  { weight: 5, arbitrary: fc.tuple(slot, file, then).map(([at, name, after]) => parts({ name: `tab in place ${at} opens ${name}`, act: (world) => void world.tab(at).open(name), possible: usable(at) }, after)) },
  { weight: 3, arbitrary: inTab('keeps a draft', (tab) => void tab.draft()) },
  { weight: 1, arbitrary: inTab('leaves for the sign-in', (tab) => void tab.call('signIn', () => tab.session.signIn())) },
  { weight: 3, arbitrary: inTab('signs out', (tab, world) => signOut(world, tab)) },
  { weight: 3, arbitrary: inTab('asks the server', (tab) => void tab.call('confirm', () => tab.session.confirm())) },
  { weight: 1, arbitrary: inTab('must be sure', (tab) => void tab.call('assertFresh', () => tab.session.assertFresh({ withinMs: 5_000 }))) },
  {
    weight: 1,
    arbitrary: inTab('stops', (tab) => tab.stop()),
  },
]
