/** Everything of one run: the device, its tabs, the server, the network between them, and whoever looks for a broken promise. */
import { createSession } from '../../src/index.ts'
import type { SessionOptions } from '../../src/options.ts'
import { createDevice, beginning, type Device } from './device.ts'
import { createBytes, createDraws } from './draws.ts'
import { useKeysOf } from './keys.ts'
import { createNetwork, type Fault, type Network } from './network.ts'
import { createOracle, type Oracle } from './oracle.ts'
import { createSchedule, type Schedule } from './schedule.ts'
import { api, createServer, strangeEnd, type Login, type Server, type ServerTraits } from './server.ts'
import { createTab, type Tab } from './tab.ts'

/** A version of the client. */
export interface Client {
  readonly createSession: typeof createSession
  /** The newest record it understands. @default 2 */
  readonly version?: number
}

/** Contexts in this place and later run the other version, where there is one. */
const placeOfNext = 3

/** What is the same all through a run. */
export interface Setting {
  readonly seed: number
  /** How many draws there are before everything comes in its turn. */
  readonly noise: number
  /** How many contexts there are when it begins, in the first of which somebody signed in; 0 for an empty device. */
  readonly tabs: number
  readonly traits: ServerTraits
  readonly options: Partial<SessionOptions>
}

export interface World {
  readonly setting: Setting
  readonly schedule: Schedule
  readonly device: Device
  readonly server: Server
  readonly network: Network
  readonly oracle: Oracle
  /** The contexts that live, by their number. */
  readonly tabs: (Tab | undefined)[]
  /** The newest record that each context understands, the dead ones too. */
  readonly versions: Map<number, number>
  /** What happened, for people. */
  readonly story: string[]
  readonly telling: boolean
  /** The contexts that wait for the answer to a refresh. */
  readonly refreshing: Set<number>
  tab(slot: number): Tab
  replace(slot: number): Tab
  done(): void
}

export function createWorld(setting: Setting, { tell = false, next }: { readonly tell?: boolean; readonly next?: Client | undefined } = {}): World {
  const story: string[] = []
  const log = (text: string, owner?: number): void => {
    if (tell) story.push(`${String(schedule.now()).padStart(8)} ms  ${owner === undefined ? '' : `tab ${owner} `}${text}`)
  }
  const schedule = createSchedule({ draws: createDraws(setting.seed, setting.noise), check: () => oracle.check(), log })
  useKeysOf(schedule)
  const server = createServer(setting.traits, () => beginning + schedule.now(), () => device.wall())
  const network = createNetwork(schedule, (owner, said) => oracle.delivered(owner, said))
  let calls = 0
  let born = 0

  const device = createDevice(schedule, createBytes(setting.seed), {
    wrote: (before, after, owner) => oracle.wrote(before, after, owner),
    erased: (target, entry, owner) => oracle.erased(target, entry, owner),
    posted: (message, owner) => oracle.posted(message, owner),
    left: (request, owner, signal) => {
      const token = request.headers.get('authorization')?.replace('Bearer ', '')
      const tab = world.tabs.find((each) => each?.id === owner)
      const call = tab?.calls.find(({ id }) => String(id) === request.headers.get('x-call'))
      if (tab && call) oracle.acted(tab, { call, what: 'request', ...(token !== undefined && { token }) })
      // From here on the caller waits for a server, which may take as long as it likes.
      if (call) call.since = Infinity
      return network.send<Response>({
        owner, line: 'resource', what: `request ${call?.id} with ${token}`, signal,
        serve: () => {
          const said = server.resource(token)
          return { ...said, answer: responseOf(said.answer) }
        },
        instead: (fault) => pageOf(fault, token === undefined ? undefined : server.loginOf(token)),
        answered: () => call && (call.since = schedule.now()),
      })
    },
  })

  const make = (slot: number): Tab => {
    const newer = next && slot >= placeOfNext
    const tab = createTab((born += 1), {
      createSession: newer ? next.createSession : createSession, version: newer ? next.version ?? 2 : 1,
      device, schedule, server, network, wall: device.wall, options: setting.options,
      acted: (by, act) => oracle.acted(by, act),
      errorSeen: (error) => oracle.secretFree(error, 'an error'),
      handedOut: (by, call) => oracle.handedOut(by, call),
      nextCall: () => (calls += 1),
      delivered: (owner, said) => oracle.delivered(owner, said),
      revoking: (token) => oracle.revoking(token),
      refreshing: (token, attempt, owner) => {
        world.refreshing.add(owner)
        oracle.refreshing(token, attempt, owner)
      },
      refreshed: (token, attempt, owner) => {
        world.refreshing.delete(owner)
        oracle.refreshed(token, attempt)
      },
    })
    world.tabs[slot] = tab
    world.versions.set(tab.id, tab.version)
    return tab
  }

  const world: World = {
    setting, schedule, device, server, network, story, telling: tell, refreshing: new Set(), versions: new Map(),
    tabs: [undefined, undefined, undefined, undefined, undefined],
    oracle: undefined as never,
    tab: (slot) => world.tabs[slot] ?? make(slot),
    replace: make,
    done: () => useKeysOf(undefined),
  }
  const oracle = createOracle(world)
  Object.assign(world, { oracle })
  return world
}

function responseOf({ status, body, challenge }: { readonly status: number; readonly body?: Record<string, unknown>; readonly challenge?: string }): Response {
  const headers: Record<string, string> = { 'content-type': body ? 'application/problem+json' : 'text/plain' }
  if (challenge !== undefined) headers['www-authenticate'] = challenge
  return new Response(body ? JSON.stringify(body) : 'ok', { status, headers })
}

/** What somebody between device and API says in its place. */
function pageOf(fault: Fault, login?: Login): Response | undefined {
  const strange = login && strangeEnd(fault, login)
  if (strange) return responseOf({ status: 401, body: strange })
  if (fault === 'error-500' || fault === 'gateway-504') return new Response('', { status: fault === 'error-500' ? 500 : 504 })
  if (fault === 'too-many') return new Response('', { status: 429, headers: { 'retry-after': '5' } })
  if (fault === 'html') return new Response('<html>', { headers: { 'content-type': 'text/html' } })
  if (fault === 'bare-401') return new Response('', { status: 401 })
  if (fault === 'forbidden') return new Response('', { status: 403 })
  return undefined
}

export { api }
