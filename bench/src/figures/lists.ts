// What a status list of a million sessions costs the node that makes it and the client that reads it, beside zlib alone over the same bytes.
import { generateKeyPairSync, randomInt, sign as signature } from 'node:crypto'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { deflateSync, inflateSync } from 'node:zlib'
import { withEntry } from '../../../packages/session-server/src/entries.ts'
import { createPublication, type StatusListClaims } from '../../../packages/session-server/src/status-list/publication.ts'
import { readStatusList } from '../../../packages/session/src/status-list.ts'
import type { Figure } from '../figure.ts'
import { inPairs, type Paired } from '../pairs.ts'

const pairs = 30
const size = 2 ** 20
const over = 10_000
const uri = 'https://id.example/status-lists/1'
const ttlMs = 300_000

interface Lists {
  readonly build: Paired
  readonly update: Paired
  readonly check: Paired
  readonly compressedBytes: number
  readonly tokenBytes: number
  /** More heap and buffers than before, at their most. */
  readonly checkBytes: number
}

export const lists: Figure<Lists> = {
  name: 'lists',
  peers: [],
  async measure(say) {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const sign = async (claims: StatusListClaims): Promise<string> => {
      const content = [{ alg: 'ES256', typ: 'statuslist+jwt' }, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')
      return `${content}.${signature('sha256', Buffer.from(content), { key: privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`
    }
    // All of them are somebody's and live, but for one in a hundred; as the store keeps them, and as readers get them.
    const kept = new Uint8Array(size / 4).fill(0b11111111)
    const published = new Uint8Array(size / 4)
    const end = (idx: number): void => [kept, published].forEach((entries) => withEntry(entries, idx, 1))
    for (let count = 0; count < over; count += 1) end(randomInt(size))
    let now = Date.now()
    // Each look finds the list old enough to be looked at again.
    const clock = { now: () => (now += 2_000), every: () => () => {} }
    const publish = () => createPublication({ uri, size, entries: async () => kept, ttlMs, clock, sign })

    const build = await inPairs(pairs, () => timed(() => publish().current()), () => timed(() => deflateSync(published, { level: 9 })))
    say(`built and signed: ${build.ours.toFixed(1)} ms`)
    const publication = publish()
    await publication.current()
    const update = await inPairs(pairs, () => (end(randomInt(size)), timed(() => publication.current())), () => timed(() => deflateSync(published, { level: 9 })))
    say(`made again after one end: ${update.ours.toFixed(1)} ms`)

    const { token } = await publication.current()
    const { lst } = (JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as StatusListClaims).status_list
    const deflated = Buffer.from(lst, 'base64url')
    const read = async (): Promise<void> => {
      const reading = await readStatusList({ uri, idx: randomInt(size) }, undefined, { fetch: async () => new Response(token), now: () => now, signal: AbortSignal.timeout(60_000) })
      if (!reading) throw new Error('the list was not read')
    }
    const check = await inPairs(pairs, () => timed(read), () => timed(() => inflateSync(deflated)))
    const checkBytes = await mostOf(read)
    say(`read by a client: ${check.ours.toFixed(1)} ms, ${(checkBytes / 1024).toFixed(0)} KiB`)
    return { build, update, check, compressedBytes: deflated.length, tokenBytes: token.length, checkBytes }
  },
  table: ({ build, update, check, compressedBytes, tokenBytes, checkBytes }) => [
    '### Status list',
    '',
    `A list of ${size.toLocaleString('en')} sessions of which ${over.toLocaleString('en')} are over, in Node; ${build.pairs} pairs. Ours makes, signs (ES256) and names the list; a client reads the token, inflates it to its end and takes one entry. Beside it zlib alone over the same bytes, in one call.`,
    '',
    '| | ours | zlib alone | ratio | 95 % |',
    '|---|--:|--:|--:|--:|',
    ...([['built', build], ['made again after one end', update], ['read by a client', check]] as const).map(([what, { ours, theirs, ratio, low, high }]) =>
      `| ${what} | ${ours.toFixed(1)} ms | ${theirs.toFixed(1)} ms | ${ratio.toFixed(2)} × | ${low.toFixed(2)}–${high.toFixed(2)} |`),
    '',
    `Compressed, before base64, it has ${(compressedBytes / 1000).toFixed(1)} KB (target: at most 16.5 KB, ${compressedBytes <= 16_500 ? 'met' : 'missed'}); the signed token ${(tokenBytes / 1000).toFixed(1)} KB. A client that reads it needs ${(checkBytes / 1024 / 1024).toFixed(1)} MB more of heap and buffers at the most.`,
  ],
}

async function timed(work: () => unknown): Promise<number> {
  const from = performance.now()
  await work()
  return performance.now() - from
}

/** The most of some rounds. Looks between any two turns of the event loop, so that what one turn makes and drops at once is not seen. */
async function mostOf(work: () => Promise<void>): Promise<number> {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const used = (): number => {
    const { heapUsed, external } = process.memoryUsage()
    return heapUsed + external
  }
  let most = 0
  for (let round = 0; round < pairs; round += 1) {
    collect()
    const before = used()
    let isDone = false
    const look = (): void => {
      most = Math.max(most, used() - before)
      if (!isDone) setImmediate(look)
    }
    look()
    await work()
    isDone = true
  }
  return most
}
