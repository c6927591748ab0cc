// What it costs to save a large file encrypted and to read it again, beside a plain JavaScript stream into and out of the same storage.
import { randomBytes } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { serve } from '../../../test/driver/index.ts'
import { createWorld } from '../../../test/world/world.ts'
import type { Figure } from '../figure.ts'
import { added, inTurns, inverse, median, paired, verdict, type Paired } from '../pairs.ts'
import type { SavedAndRead } from '../pages/files.ts'
import { begin, opened } from '../scene.ts'

/** A round moves 600 MB: thirty of them are three runs. */
const rounds = 10
const megabytes = 200
const bytes = megabytes * 1024 * 1024
const atLeast = 0.8
const steps = { save: 'saved', open: 'opened and read' } as const
type Step = keyof typeof steps

/** What each round took. */
type Rounds = Readonly<Record<'session' | 'stream' | 'put' | 'crypto', readonly SavedAndRead[]>>

const times = (found: Rounds, way: keyof Rounds, step: Step): number[] => found[way].map((took) => took[step])
const besideStream = (found: Rounds, step: Step): Paired => paired(times(found, 'session', step), times(found, 'stream', step))

/** Sends so many bytes as fast as they are taken. */
function send(response: ServerResponse): void {
  const piece = randomBytes(1024 * 1024)
  response.writeHead(200, { 'content-type': 'model/gltf-binary', 'content-length': String(bytes) })
  Readable.from((function* pieces() {
    for (let at = 0; at < megabytes; at += 1) yield piece
  })()).pipe(response)
}

export const files: Figure<Rounds> = {
  name: 'files',
  peers: [],
  async measure(say, before) {
    const links = await serve({ routes: { '/large.glb': (_request, response) => send(response) }, headers: { 'access-control-allow-origin': '*' } })
    const world = await createWorld({ accessTokenSeconds: 3600, entry: '../bench/src/pages/files.ts' })
    try {
      const [tab] = await opened(world, 1)
      await begin(world, [tab!])
      const url = `${links.origin}/large.glb`
      const way = (name: 'session' | 'stream' | 'put') => (): Promise<SavedAndRead> => tab!.evaluate((which, from, size) => large.once(which, from, size), name, url, bytes)
      const found = await inTurns(rounds, { session: way('session'), stream: way('stream'), put: way('put'), crypto: () => tab!.evaluate((size) => large.crypto(size), bytes) })
      for (const step of Object.keys(steps) as Step[]) say(`${steps[step]}: ${rate(median(times(found, 'session', step)))}, a plain stream ${rate(median(times(found, 'stream', step)))}`)
      return before ? added(before, found) : found
    } finally {
      await world.close()
      await links.close()
    }
  },
  readme: (found) => (Object.keys(steps) as Step[]).map((step) => {
    const beside = besideStream(found, step)
    return { what: `${megabytes} MB ${steps[step]}`, ours: rate(beside.ours), beside: `a plain stream ${rate(beside.theirs)}`, ratio: inverse(beside), target: `≥ ${atLeast} ×`, verdict: verdict(inverse(beside), { atLeast }) }
  }),
  table: (found) => [
    '### Large files',
    '',
    `A file of ${megabytes} MB from another loopback server, without a credential, into Cache Storage and out again, in Chromium; ${found.session.length} rounds. A plain stream is \`put\` and \`match\` with a \`TransformStream\` of JavaScript that passes everything on; a bare \`put\` leaves the bytes to the browser. Encryption alone is AES-GCM over the same bytes in records of 512 KiB, with no stream.`,
    '',
    '| | ours | plain stream | bare `put` | encryption alone | throughput | 95 % | target | |',
    '|---|--:|--:|--:|--:|--:|--:|--:|---|',
    ...(Object.keys(steps) as Step[]).map((step) => {
      const beside = besideStream(found, step)
      const throughput = inverse(beside)
      return `| ${steps[step]} | ${rate(beside.ours)} | ${rate(beside.theirs)} | ${rate(median(times(found, 'put', step)))} | ${rate(median(times(found, 'crypto', step)))} | ${throughput.ratio.toFixed(2)} × | ${throughput.low.toFixed(2)}–${throughput.high.toFixed(2)} | ≥ ${atLeast} × | ${verdict(throughput, { atLeast })} |`
    }),
  ],
}

const rate = (ms: number): string => `${((megabytes * 1000) / ms).toFixed(0)} MB/s`
