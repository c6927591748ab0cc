// What ten thousand idle feeds cost one node, beside bare node:http; and what a revocation costs as sessions grow, in Redis.
import { spawn, type ChildProcess } from 'node:child_process'
import { createInterface } from 'node:readline'
import { join } from 'node:path'
import { redisStore } from '../../../packages/session-server/src/redis/index.ts'
import { createSessionServer } from '../../../packages/session-server/src/index.ts'
import { startRedis } from '../../../packages/session-server/test/redis.ts'
import type { Figure } from '../figure.ts'
import { inPairs, median, verdict, type Paired } from '../pairs.ts'

const clients = 10_000
const pairs = 30
const ends = 300
const sizes = [1_000, 10_000, 100_000, 1_000_000]

interface Feeds {
  /** From the publication to the last client, ms. */
  readonly told: Paired
  /** Resident memory per connection, bytes, and processor time per publication, ms. */
  readonly memory: { readonly ours: number; readonly theirs: number }
  readonly cpuMs: { readonly ours: number; readonly theirs: number }
  /** Of one end in Redis, by how many sessions there are: the median and the 95th percentile, ms, and what Redis holds for a session, bytes. */
  readonly ends: readonly { readonly sessions: number; readonly ms: number; readonly p95Ms: number; readonly bytes: number }[]
}

/** A program and the lines it prints, each read once. */
function program(name: string, args: readonly (string | number)[]): { readonly child: ChildProcess; next(): Promise<Record<string, number>>; say(line: string): void } {
  const child = spawn(process.execPath, ['--expose-gc', '--disable-warning=ExperimentalWarning', join(import.meta.dirname, `../programs/${name}.ts`), ...args.map(String)], { stdio: ['pipe', 'pipe', 'inherit'] })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  return {
    child,
    async next() {
      const { value, done } = await lines.next()
      if (done) throw new Error(`${name} ended`)
      return JSON.parse(value) as Record<string, number>
    },
    say: (line) => void child.stdin.write(`${line}\n`),
  }
}

/** A server and its clients. */
async function side(way: 'ours' | 'floor') {
  const node = program('feed-node', [way])
  const { port } = await node.next()
  const ask = async (line: string) => {
    node.say(line)
    return node.next()
  }
  const before = await ask('memory')
  const crowd = program('feed-clients', [port!, clients])
  await crowd.next()
  const after = await ask('memory')
  let serial = 0
  return {
    perConnection: (after['bytes']! - before['bytes']!) / clients,
    cpu: async () => (await ask('memory'))['cpuMs']!,
    async publish() {
      serial += 1
      const all = crowd.next()
      const { at } = await ask(String(serial))
      return (await all)['at']! - at!
    },
    close() {
      for (const { child } of [node, crowd]) child.kill()
    },
  }
}

async function measureFeeds(say: (line: string) => void): Promise<Omit<Feeds, 'ends'>> {
  const sides: Awaited<ReturnType<typeof side>>[] = []
  try {
    for (const way of ['ours', 'floor'] as const) {
      sides.push(await side(way))
      say(`${way}: ${(sides.at(-1)!.perConnection / 1024).toFixed(1)} KiB a connection`)
    }
    const [ours, floor] = sides as [typeof sides[number], typeof sides[number]]
    const before = [await ours.cpu(), await floor.cpu()] as const
    const told = await inPairs(pairs, ours.publish, floor.publish)
    const cpu = (now: number, then: number) => (now - then) / (pairs + 1)
    say(`to the last of ${clients}: ${told.ours.toFixed(0)} ms, floor ${told.theirs.toFixed(0)} ms`)
    return {
      told, memory: { ours: ours.perConnection, theirs: floor.perConnection },
      cpuMs: { ours: cpu(await ours.cpu(), before[0]), theirs: cpu(await floor.cpu(), before[1]) },
    }
  } finally {
    for (const one of sides) one.close()
  }
}

/** Arguments: prefix, from, to. Copies of the row that the store wrote first, under their own names. */
const copies = `
local row = redis.call('GET', ARGV[1] .. 'session:session-of-device-0000000')
for n = tonumber(ARGV[2]), tonumber(ARGV[3]) - 1 do
  local name = string.format('%07d', n)
  redis.call('SET', ARGV[1] .. 'session:session-of-device-' .. name, (string.gsub(row, '0000000', name)))
  redis.call('ZADD', ARGV[1] .. 'subject:account-of-buyer-' .. name, '+inf', 'session-of-device-' .. name)
end`

async function measureEnds(say: (line: string) => void): Promise<Feeds['ends']> {
  const redis = await startRedis({ appendfsync: 'no' })
  const store = redisStore({ client: redis.client(), waitMs: 60_000 })
  try {
    const server = createSessionServer({ issuer: 'https://id.example', store, authenticate: async () => undefined })
    const nameOf = (index: number): string => String(index).padStart(7, '0')
    const client = redis.client()
    const used = async () => Number(/used_memory:(\d+)/.exec(await client.info('memory'))?.[1])
    const empty = await used()
    const measured: Feeds['ends'][number][] = []
    await server.begin({ sid: `session-of-device-${nameOf(0)}`, subject: `account-of-buyer-${nameOf(0)}`, client: 'Storefront', device: 'Chrome on Linux', location: 'Graz, Austria' })
    let count = 1
    for (const sessions of sizes) {
      for (; count < sessions; count = Math.min(sessions, count + 10_000)) await client.eval(copies, 0, 'sessions:', count, Math.min(sessions, count + 10_000))
      const times: number[] = []
      const bytes = ((await used()) - empty) / sessions
      for (let one = 0; one < ends; one++) {
        const sid = `session-of-device-${nameOf(Math.floor(((one + 0.5) * sessions) / ends))}`
        const from = performance.now()
        const { changed } = await server.end(sid, { initiatingEntity: 'admin', reason: 'policy' })
        if (changed) times.push(performance.now() - from)
      }
      times.sort((a, b) => a - b)
      measured.push({ sessions, ms: median(times), p95Ms: times[Math.floor(times.length * 0.95)] ?? NaN, bytes })
      say(`${sessions} sessions: an end takes ${median(times).toFixed(2)} ms, a session ${bytes.toFixed(0)} bytes`)
    }
    return measured
  } finally {
    await store.close()
    await redis.close()
  }
}

export const feeds: Figure<Feeds> = {
  name: 'feeds',
  peers: [],
  async measure(say) {
    return { ...(await measureFeeds(say)), ends: await measureEnds(say) }
  },
  table({ told, memory, cpuMs, ends: ended }) {
    const kib = (bytes: number): string => `${(bytes / 1024).toFixed(1)} KiB`
    const share = memory.ours / memory.theirs
    return [
      '### Feeds',
      '',
      `One node with ${clients.toLocaleString('en')} idle feeds on loopback, and bare node:http that writes the same event; ${told.pairs} pairs.`,
      '',
      '| | ours | bare node:http | ratio | 95 % | target | |',
      '|---|--:|--:|--:|--:|--:|---|',
      `| from publication to the last client | ${told.ours.toFixed(0)} ms | ${told.theirs.toFixed(0)} ms | ${told.ratio.toFixed(2)} × | ${told.low.toFixed(2)}–${told.high.toFixed(2)} | ≤ 1.5 × | ${verdict(told, { atMost: 1.5 })} |`,
      `| memory per connection | ${kib(memory.ours)} | ${kib(memory.theirs)} | ${share.toFixed(2)} × | one run | ≤ 2 × | ${share <= 2 ? 'met' : 'missed'} |`,
      `| processor time of a publication | ${cpuMs.ours.toFixed(0)} ms | ${cpuMs.theirs.toFixed(0)} ms | ${(cpuMs.ours / cpuMs.theirs).toFixed(2)} × | | | |`,
      '',
      'An end through the store in Redis, from the call to its answer, one at a time, as sessions grow:',
      '',
      '| sessions | median | 95 % within | Redis holds for each |',
      '|--:|--:|--:|--:|',
      ...ended.map(({ sessions, ms, p95Ms, bytes }) => `| ${sessions.toLocaleString('en')} | ${ms.toFixed(2)} ms | ${p95Ms.toFixed(2)} ms | ${bytes.toFixed(0)} B |`),
    ]
  },
}
