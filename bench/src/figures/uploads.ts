// What uploading costs through the SDK, beside bare tus-js-client: the same file, the same pieces, the same server in a process of its own.
import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface, type Interface } from 'node:readline'
import { createVisitor } from '../../../examples/authority/src/testing/visitor.ts'
import { freePort, until } from '../../../test/driver/index.ts'
import type { Figure } from '../figure.ts'
import { inPairs, inverse, verdict, type Paired } from '../pairs.ts'

const megabyte = 1024 * 1024
const fileMb = 64
const largeMb = 2048
const pairs = 30
const storefront = 'http://localhost:4999'

interface Uploads {
  /** Times, ms. */
  readonly paired: Paired
  /** The most memory the program had while it sent a small and a large file, MB. */
  readonly memory: readonly { readonly fileMb: number; readonly mostMb: number }[]
  /** From the start to the end of `uploader status`, and of a Node process that does nothing, ms. */
  readonly status: Paired
}

const nodeArguments = ['--disable-warning=ExperimentalWarning']

/** A program that answers each line with one. */
function conversation(file: string, input: unknown): { readonly child: ChildProcess; ask(line: unknown): Promise<{ ms: number; mostBytes: number }>; readonly ready: Promise<void> } {
  const child = spawn(process.execPath, [...nodeArguments, file, JSON.stringify(input)], { stdio: ['pipe', 'pipe', 'inherit'] })
  const lines: Interface = createInterface({ input: child.stdout })
  const over = new Promise<never>((_, reject) => void child.once('exit', () => reject(new Error('the program ended'))))
  over.catch(() => undefined)
  const next = (): Promise<string> => Promise.race([over, new Promise<string>((resolve) => void lines.once('line', resolve))])
  return {
    child,
    ready: next().then(() => undefined),
    async ask(line) {
      const answer = next()
      child.stdin.write(`${JSON.stringify(line)}\n`)
      const said = JSON.parse(await answer) as { ms: number; mostBytes: number; failed?: string }
      if (said.failed !== undefined) throw new Error(said.failed)
      return said
    },
  }
}

/** How long a Node process takes from its start to its end, ms. */
function lifetime(args: readonly string[]): Promise<number> {
  const begin = performance.now()
  return new Promise((resolve, reject) => {
    spawn(process.execPath, args, { stdio: 'ignore' }).once('error', reject).once('exit', () => resolve(performance.now() - begin))
  })
}

export const uploads: Figure<Uploads> = {
  name: 'uploads',
  peers: ['tus-js-client'],
  async measure(say) {
    const folder = mkdtempSync(join(tmpdir(), 'bench-'))
    const port = await freePort()
    const issuer = `http://localhost:${port}`
    const server = spawn(process.execPath, [
      ...nodeArguments, join(import.meta.dirname, '../../../examples/authority/src/main.ts'),
      '--port', String(port), '--storefront', storefront, '--data', join(folder, 'server'), '--no-dpop', '--access-token-seconds', '36000',
    ], { stdio: ['ignore', 'ignore', 'inherit'] })
    let program: ReturnType<typeof conversation> | undefined
    try {
      await until(() => fetch(`${issuer}/.well-known/openid-configuration`).then(({ ok }) => ok), { what: 'the provider to answer', timeoutMs: 30_000 })
      const { access_token: accessToken, refresh_token: refreshToken } = await createVisitor(issuer, storefront).signIn({ email: 'sela@example.test', scope: 'openid offline_access uploads:write' })
      const { sub: subject } = JSON.parse(Buffer.from(accessToken.split('.')[1] ?? '', 'base64url').toString()) as { sub: string }
      program = conversation(join(import.meta.dirname, '../programs/upload.ts'), { issuer, directory: join(folder, 'device'), tokens: { accessToken, refreshToken, subject, expiresAt: Date.now() + 36_000_000 } })
      await program.ready
      const fileOf = (name: string, mb: number): string => {
        const path = join(folder, name)
        writeFileSync(path, '')
        truncateSync(path, mb * megabyte)
        return path
      }
      const [small, large] = [fileOf('small.glb', fileMb), fileOf('large.glb', largeMb)]
      const { ask } = program
      const time = (way: string) => async (): Promise<number> => (await ask([way, small])).ms
      const paired = await inPairs(pairs, time('ours'), time('bare'))
      say(`${fileMb} MB: ${paired.ours.toFixed(0)} ms, bare ${paired.theirs.toFixed(0)} ms, ${(1 / paired.ratio).toFixed(2)} × the throughput`)
      const memory: { fileMb: number; mostMb: number }[] = []
      for (const [path, mb] of [[small, fileMb], [large, largeMb]] as const) {
        memory.push({ fileMb: mb, mostMb: Math.round((await ask(['ours', path])).mostBytes / megabyte) })
        say(`memory while ${mb} MB are sent: ${memory.at(-1)?.mostMb} MB`)
      }
      const uploader = join(import.meta.dirname, '../../../examples/uploader/src/main.ts')
      const status = await inPairs(pairs, () => lifetime([...nodeArguments, uploader, 'status', '--json', '--data', join(folder, 'status'), '--server', issuer]), () => lifetime(['-e', '']))
      say(`status: ${status.ours.toFixed(0)} ms, a bare process ${status.theirs.toFixed(0)} ms`)
      return { paired, memory, status }
    } finally {
      program?.child.kill()
      server.kill()
      rmSync(folder, { recursive: true, force: true })
    }
  },
  readme: ({ paired }) => [{
    what: `an upload of ${fileMb} MB in pieces`, ours: `${((fileMb * 1000) / paired.ours).toFixed(0)} MB/s`, beside: `bare tus-js-client ${((fileMb * 1000) / paired.theirs).toFixed(0)} MB/s`, ratio: inverse(paired), target: '≥ 0.95 ×', verdict: verdict(inverse(paired), { atLeast: 0.95 }),
  }],
  table({ paired, memory, status }) {
    const throughput = inverse(paired)
    const rate = (ms: number): string => `${((fileMb * 1000) / ms).toFixed(0)} MB/s`
    return [
      '### Uploads',
      '',
      `A file of ${fileMb} MB in pieces of 8 MB to @tus/server on loopback, which makes the checksum of the whole file at its end; ${paired.pairs} pairs. Ours also makes the checksum while it sends, and asks for a token that can only upload for each piece.`,
      '',
      '| | ours | bare tus-js-client | ratio | 95 % | target | |',
      '|---|--:|--:|--:|--:|--:|---|',
      `| throughput | ${rate(paired.ours)} | ${rate(paired.theirs)} | ${throughput.ratio.toFixed(2)} × | ${throughput.low.toFixed(2)}–${throughput.high.toFixed(2)} | ≥ 0.95 × | ${verdict(throughput, { atLeast: 0.95 })} |`,
      '',
      `The program's memory at its most: ${memory.map(({ fileMb: mb, mostMb }) => `${mostMb} MB while ${mb} MB were sent`).join(', ')}.`,
      `\`uploader status\` of a machine on which nobody is signed in, from its TypeScript sources: ${status.ours.toFixed(0)} ms; a Node process that does nothing: ${status.theirs.toFixed(0)} ms (${status.ratio.toFixed(1)} ×, ${status.pairs} pairs).`,
    ]
  },
}
