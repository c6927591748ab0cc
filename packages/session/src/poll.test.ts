/** What a device does while its server does not answer: it reads the status list instead, doubts what the list speaks against, and says how soon it would know. */
import { deflateSync } from 'node:zlib'
import { expect, it, vi } from 'vitest'
import { revoked, sessionAnswer, signedIn, turns, type Scene, type SceneOptions } from '../test/scene.ts'
import type { Answer } from './authority.ts'
import type { Ports } from './ports.ts'
// Loaded here once, so that a tab which loads it has it within a turn.
import './status-list.ts'

vi.setConfig({ testTimeout: 60_000 })

const uri = 'https://lists.test/status-lists/1'
const idx = 5
const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
const gone = async (): Promise<Answer> => ({ from: 'session', failed: 'network' })

/** Pauses that vary are all of the middle length; ids are as they are. */
const chance = (random: Ports['random']): Ports['random'] => (length) => (length === 1 ? Uint8Array.of(128) : random(length))

/** Signs in on a server that names an entry of a list, and takes its session endpoint away. */
async function listed({ tabs: count = 1, at = uri }: SceneOptions & { readonly at?: string } = {}) {
  const made = await signedIn({ tabs: count, lifetimeSeconds: 3600, options: { pollMs: 4_000 }, ports: (ports) => ({ ...ports, random: chance(ports.random) }) })
  const { device, server, tabs, sid } = made
  const list = { status: 0, works: true, ttl: 10, asked: [] as number[], issuedAt: 1_800_000_000 }
  const alive = sessionAnswer({ active: true, sid, status: { status_list: { idx, uri: at } } })
  for (const { context } of tabs) {
    context.fetch = async (request, beside) => {
      if (request.url !== at) return new Response('ok')
      // Whatever is given beside a request gives it a referrer again.
      expect([request.headers.get('authorization'), request.headers.get('dpop'), beside]).toEqual([null, null, undefined])
      list.asked.push(device.clock.monotonic())
      if (!list.works) throw new TypeError('Failed to fetch')
      const lst = deflateSync(Uint8Array.of(0, list.status << 2)).toString('base64url')
      return new Response(`${part({ typ: 'statuslist+jwt' })}.${part({ sub: at, iat: list.issuedAt, ttl: list.ttl, status_list: { bits: 2, lst } })}.x`)
    }
  }
  /** Moves the clock on; what inflates in another thread gets the time it takes. */
  const advance = async (ms: number): Promise<void> => {
    for (let left = ms; left > 0; left -= 2_000) {
      const asked = list.asked.length
      await device.clock.advance(Math.min(left, 2_000))
      if (list.asked.length === asked) continue
      await new Response(new Blob([deflateSync(Uint8Array.of(0, 0))]).stream().pipeThrough(new DecompressionStream('deflate'))).arrayBuffer()
      await turns()
    }
  }
  server.onSession = alive
  await advance(4_000)
  expect(device.row()?.live?.status).toEqual({ idx, uri: at })
  return { ...made, list, alive, advance }
}

const ways = ({ tabs }: Pick<Scene, 'tabs'>) => tabs.map(({ session }) => session.detection.via)
const states = ({ tabs }: Pick<Scene, 'tabs'>) => tabs.map(({ session: { state } }) => (state.status === 'fenced' ? state.reason : state.status))

it('P7 F1 a server that does not answer is replaced by the list, in one tab, and every tab says how soon it would know', async () => {
  const made = await listed({ tabs: 2 })
  const { server, list, tabs, advance } = made
  expect([ways(made), list.asked]).toEqual([['poll', 'poll'], []])
  server.onSession = gone
  await advance(9_000)
  expect(ways(made)).toEqual(['list', 'list'])
  // The list for its `ttl` in a cache, once more here, a tenth for chance, and an answer.
  for (const { session } of tabs) expect(session.detection).toMatchObject({ via: 'list', withinMs: 31_000 })
  await advance(40_000)
  expect(list.asked.length).toBeGreaterThanOrEqual(4)
  expect(list.asked.length).toBeLessThanOrEqual(5)
  expect(states(made)).toEqual(['active', 'active'])
})

it('P7 a list that a cache may hold for half a day is read every hour, and what is said of it counts the half day', async () => {
  const made = await listed()
  made.server.onSession = gone
  made.list.ttl = 43_200
  await made.advance(9_000)
  expect(made.first.session.detection).toMatchObject({ via: 'list', withinMs: 43_200_000 + 1.1 * 3_600_000 + 10_000 })
})

it.each([[1, 'revoked'], [2, 'suspended']] as const)('P7 P1 an entry of %i fences every tab within the bound, and ends nothing; the server then says that the session is %s', async (status, standing) => {
  const made = await listed({ tabs: 2 })
  const { device, server, list, sid, tabs, advance } = made
  server.onSession = gone
  await advance(9_000)
  const { withinMs } = made.first.session.detection
  list.status = status
  const at = device.clock.monotonic()
  while (states(made).includes('active') && device.clock.monotonic() - at <= withinMs) await advance(1_000)
  expect(states(made)).toEqual(['suspect', 'suspect'])
  await advance(15_000)
  expect([states(made), tabs.map(({ ends }) => ends)]).toEqual([['suspect', 'suspect'], [[], []]])
  const suspended = { ...revoked(sid), type: 'https://id.test/problems/account-suspended' }
  server.onSession = sessionAnswer(standing === 'revoked' ? revoked(sid) : suspended)
  await Promise.all(tabs.map(({ session }) => session.confirm()))
  await turns()
  expect(states(made)).toEqual(standing === 'revoked' ? ['signed-out', 'signed-out'] : ['suspended', 'suspended'])
})

it('P4 a list that the server contradicts is not believed again until it is a newer one', async () => {
  const made = await listed()
  const { server, list, alive, advance } = made
  list.status = 1
  server.onSession = gone
  await advance(9_000)
  expect(states(made)).toEqual(['suspect'])
  server.onSession = alive
  await advance(20_000)
  expect([states(made), ways(made)]).toEqual([['active'], ['poll']])
  server.onSession = gone
  await advance(30_000)
  expect([states(made), ways(made)]).toEqual([['active'], ['list']])
  list.issuedAt += 600
  await advance(12_000)
  expect(states(made)).toEqual(['suspect'])
})

it('P7 a list that cannot be had promises nothing and is asked for more and more rarely, the server as often as before', async () => {
  const made = await listed()
  const { server, list, advance } = made
  server.onSession = gone
  await advance(9_000)
  list.works = false
  while (ways(made).includes('list')) await advance(1_000)
  list.asked.length = 0
  const asked = vi.spyOn(server, 'onSession')
  await advance(60_000)
  expect(list.asked.length).toBeGreaterThanOrEqual(3)
  expect(list.asked.length).toBeLessThanOrEqual(5)
  expect(asked.mock.calls.length).toBeGreaterThanOrEqual(15)
  expect([states(made), ways(made)]).toEqual([['active'], ['poll']])
})

it('F1 a server that does not answer is asked more rarely while the list watches, and at once when the list fails', async () => {
  const made = await listed()
  const { server, list, advance } = made
  server.onSession = gone
  await advance(30_000)
  const asked = vi.spyOn(server, 'onSession')
  await advance(50_000)
  expect(asked.mock.calls.length).toBeLessThanOrEqual(3)
  list.works = false
  while (ways(made).includes('list')) await advance(1_000)
  asked.mockClear()
  await advance(4_000)
  expect(asked).toHaveBeenCalled()
})

it('P7 F1 a device that starts while the server is out of reach reads the list it was told of before', async () => {
  const made = await listed()
  const { server, list, first, advance } = made
  first.session.stop()
  const connection = server.authority.connect({} as never)
  const features = vi.spyOn(connection, 'features').mockRejectedValue(new Error('unreachable'))
  server.onSession = gone
  list.status = 1
  await first.session.start()
  await advance(9_000)
  expect(states(made)).toEqual(['suspect'])
  features.mockRestore()
})

it('F4 a feed that opens puts the list away', async () => {
  const made = await listed({ tabs: 2 })
  const { server, list, advance } = made
  server.onSession = gone
  await advance(9_000)
  expect(ways(made)).toEqual(['list', 'list'])
  server.features = { ...server.features, feed: true }
  await advance(12_000)
  expect([ways(made), server.feeds.size]).toEqual([['feed', 'feed'], 1])
  list.asked.length = 0
  // A feed in which something is heard.
  for (let turn = 0; turn < 4; turn += 1) {
    for (const listener of server.feeds) listener.heard()
    await advance(10_000)
  }
  expect(list.asked).toEqual([])
})

it.each([['http://lists.test/1', 'poll'], ['status-lists/1', 'poll'], ['http://127.0.0.1:4400/status-lists/1', 'list']] as const)('P8 a list at %s is read only where nobody else can write it', async (at, via) => {
  const made = await listed({ at })
  made.server.onSession = gone
  await made.advance(9_000)
  expect([ways(made), made.list.asked.length > 0]).toEqual([[via], via === 'list'])
})

it('an answer that names no entry of a list, or a damaged one, names none', async () => {
  const { device, server, sid } = await signedIn({ options: { pollMs: 1_000 } })
  for (const status of [undefined, 'here', [], {}, { status_list: null }, ...[
    { uri }, { idx }, { idx: '5', uri }, { idx: -1, uri }, { idx: 1.5, uri }, { idx, uri: `https://lists.test/${'x'.repeat(2_000)}` },
  ].map((entry) => ({ status_list: entry }))]) {
    server.onSession = sessionAnswer({ active: true, sid, status })
    await device.clock.advance(1_000)
    expect(device.row()?.live).not.toHaveProperty('status')
  }
})
