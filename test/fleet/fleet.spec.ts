// A thousand revocations while the nodes and their Redis are killed: what each device is told, through nginx in four ways, and what the status lists say.
import { beforeEach, expect, test } from 'vitest'
import { createSessionServer } from '@3dimli/session-server'
import { redisStore } from '@3dimli/session-server/redis'
import { createStatusLists } from '@3dimli/session-server/status-list'
import { findNginx, findOpenssl } from '../../scripts/setup/programs.mjs'
import { generator } from '../../packages/session/test/junk.ts'
import { noRedis } from '../../packages/session-server/test/redis.ts'
import { until } from '../driver/index.ts'
import { createDevice, type Device } from './device.ts'
import { type Front, startFleet } from './fleet.ts'
import { listOptions, ttlMs } from './list-options.ts'
import { readLists } from './lists.ts'
import { createWire, type Wire } from './wire.ts'

const [rounds, endsEach, spared] = [10, 100, 100]
const seed = Number(process.env['TEST_SEED'] ?? Math.floor(Math.random() * 2 ** 31))

beforeEach(({ skip }) => {
  const missing = [noRedis, !findNginx() && 'nginx is not installed', !findOpenssl() && 'openssl is not installed'].filter(Boolean)
  if (missing.length > 0) skip(missing.join(', '))
})

/** Asks until it is told that it is done; resolves with how often it was refused. */
async function insist(wire: Wire, front: () => Front, path: string): Promise<number> {
  let refused = -1
  await until(async () => {
    refused += 1
    const { status, body } = await wire.send(front(), path, { method: 'POST', signal: AbortSignal.timeout(10_000) })
    body.resume()
    return status === 200
  }, { what: `${path} to be done`, timeoutMs: 60_000, lookMs: 12_000 })
  return refused
}

test('P4 P6 P7 a thousand ends while nodes and Redis are killed: every device learns its own once, and nothing else, and no list is old', async ({ onTestFinished }) => {
  console.log(`fleet: TEST_SEED=${seed}`)
  const random = generator(seed)
  const fleet = await startFleet()
  onTestFinished(() => fleet.close())
  const wire = createWire()
  onTestFinished(() => wire.close())
  const { nodes, fronts, redis } = fleet

  const sids = Array.from({ length: rounds * endsEach + spared }, (_, index) => `s${index}`)
  const store = redisStore({ client: redis.client(), waitMs: 60_000 })
  onTestFinished(() => store.close())
  const lists = createStatusLists(listOptions(fleet.issuer))
  const server = createSessionServer({ issuer: fleet.issuer, store: lists.keep(store), authenticate: async () => undefined })
  await Promise.all(sids.map((sid) => server.begin({ sid, subject: `subject of ${sid}`, client: 'Storefront' })))

  const devices = sids.map((sid) => createDevice(sid, random.pick(fronts), wire, () => 20 + 200 * Math.random()))
  onTestFinished(() => devices.forEach((device) => device.switchOff()))
  const shuffled = (list: readonly Device[]) => list.map((device) => ({ device, key: random.next() })).sort((a, b) => a.key - b.key).map(({ device }) => device)
  const doomed = shuffled(devices).slice(0, rounds * endsEach)
  // A tenth is away when it begins.
  for (const device of devices) if (random.chance(0.9)) device.switchOn()
  await until(() => devices.every(({ isOn, isConnected }) => isConnected === isOn), { what: 'the feeds to be open', timeoutMs: 60_000 })

  const restart = async (part: { kill(): Promise<void>; start(): Promise<void> }) => {
    await part.kill()
    await part.start()
  }
  const ends = (device: Device) => device.told.filter(({ object }) => !object.active && object.type === `${fleet.issuer}/problems/session-revoked`)
  const counted = { refused: 0, killed: 0 }
  const [asked, committed] = [new Set<string>(), new Map<string, number>()]

  const entries = new Map((await server.list()).map(({ sid, statusList }) => [sid, statusList!]))
  const uris = [...new Set([...entries.values()].map(({ uri }) => uri))]
  expect(uris).toHaveLength(2)
  const mayEnd = new Set(doomed.map(({ sid }) => sid))
  const sources = [...nodes.map(({ socket }) => ({ socketPath: socket })), { host: '127.0.0.1', port: fleet.cache }]
  // `lateMs`: for how long an end had been answered, at most, when a list was asked for that did not say it.
  const said = sources.map(() => ({ lateMs: 0, wrong: new Set<string>(), last: new Map<string, number>() }))
  const readers = sources.map((source, index) => readLists(source, uris, (uri, askedAt, says) => {
    const { last, wrong } = said[index]!
    for (const [sid, entry] of entries) {
      if (entry.uri !== uri) continue
      const status = says(entry.idx)
      last.set(sid, status)
      if (status === 1 ? !asked.has(sid) : status !== 0 && !mayEnd.has(sid)) wrong.add(sid)
      if (status !== 1) said[index]!.lateMs = Math.max(said[index]!.lateMs, askedAt - (committed.get(sid) ?? askedAt))
    }
  }))
  onTestFinished(async () => void (await Promise.all(readers.map((reader) => reader.stop()))))

  for (let round = 0; round < rounds; round++) {
    const ofRound = doomed.slice(round * endsEach, (round + 1) * endsEach)
    const queue = [...ofRound]
    const starting = Promise.withResolvers<void>()
    const blow = random.below(endsEach / 2)
    let done = 0
    const work = async () => {
      for (let device = queue.pop(); device; device = queue.pop()) {
        if (random.chance(0.1)) for (const act of ['suspend', 'resume']) counted.refused += await insist(wire, () => random.pick(fronts), `/${act}/${device.sid}`)
        asked.add(device.sid)
        counted.refused += await insist(wire, () => random.pick(fronts), `/end/${device.sid}`)
        committed.set(device.sid, Date.now())
        done += 1
        if (done > blow) starting.resolve()
      }
    }
    const harm = async () => {
      await starting.promise
      for (const device of devices) if (random.chance(0.03)) device[device.isOn ? 'switchOff' : 'switchOn']()
      const victims = [random.pick(nodes), ...(round % 3 === 0 ? [redis] : []), ...(round === 5 ? [nodes[0]!, nodes[1]!] : [])]
      counted.killed += new Set(victims).size
      await Promise.all([...new Set(victims)].map(restart))
    }
    await Promise.all([harm(), ...Array.from({ length: 16 }, work)])
    // Before the next blow, which would make many come back and ask: what they were not told must not be hidden by that.
    await until(() => ofRound.every((device) => !device.isOn || ends(device).length > 0), { what: `all that are on to learn in round ${round}`, timeoutMs: 60_000 })
  }

  const away = devices.filter(({ isOn }) => !isOn).length
  for (const device of devices) device.switchOn()
  await until(() => doomed.every((device) => ends(device).length > 0), { what: `all of ${doomed.length} to learn`, timeoutMs: 60_000 })
  const living = devices.filter((device) => !doomed.includes(device))
  await until(() => living.every(({ isConnected, told }) => isConnected && told.at(-1)?.object.active), { what: 'the others to be served', timeoutMs: 60_000 })

  // As they are now: a node may not have been asked since it was killed.
  for (const { last } of said) last.clear()
  await until(() => said.every(({ last }) => devices.every(({ sid }) => last.get(sid) === (mayEnd.has(sid) ? 1 : 0))), { what: 'every list to say what is so', timeoutMs: 60_000 })
  console.log(`fleet: lists of ${said.map(({ lateMs }, index) => `${index < nodes.length ? `node ${index}` : 'the cache'} read ${readers[index]!.reads} times (${readers[index]!.refused} refused), at most ${lateMs} ms late`).join(', ')}`)
  expect(said.map(({ wrong }) => [...wrong]), 'listed without cause').toEqual(said.map(() => []))
  // Each node looks after a list that is a second old. A device learns within 2.1 × `ttl` and 10 s, of which 1.1 × `ttl` pass between two of its looks.
  for (const { lateMs } of said.slice(0, -1)) expect(lateMs).toBeLessThanOrEqual(1000)
  expect(said.at(-1)!.lateMs).toBeLessThanOrEqual(ttlMs + 10_000)

  const delays = doomed.filter(({ isOn }) => isOn).map((device) => ends(device)[0]!.at - committed.get(device.sid)!).sort((a, b) => a - b)
  console.log(`fleet: ${doomed.length} ends, ${counted.killed} processes killed, ${counted.refused} times refused and asked again, ${away} away at the end; told ${delays[delays.length >> 1]} ms after the answer (median)`)
  expect(doomed.filter((device) => ends(device).length !== 1).map(({ sid }) => sid), 'learned other than once').toEqual([])
  expect(living.filter((device) => ends(device).length > 0).map(({ sid }) => sid), 'ended without cause').toEqual([])
  expect(devices.flatMap(({ sid, told }) => told.filter(({ object }) => object.sid !== sid)), 'told of others').toEqual([])
  expect(devices.flatMap(({ sid, told }) => told.filter((one, index) => repeats(told[index - 1], one)).map((one) => ({ sid, ...one }))), 'told twice, or of the past').toEqual([])
  const rows = new Map((await server.list()).map((row) => [row.sid, row]))
  expect(devices.filter((device) => doomed.includes(device) !== (rows.get(device.sid)?.end !== undefined)).map(({ sid }) => sid), 'not as written').toEqual([])
}, 240_000)

/** On one connection each id is newer than the one before; a new connection begins with where things stand, which may be known, but never older. */
function repeats(before: Device['told'][number] | undefined, one: Device['told'][number]): boolean {
  const version = (id: string) => Number.parseInt(id, 10)
  if (!before || version(one.id) > version(before.id)) return false
  return one.connection === before.connection || version(one.id) < version(before.id)
}
