// A fleet: three nodes over one Redis, nginx in front of them in four ways, and one more that keeps their status lists. Each part is a process that can be killed and started again.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { startRedis, type TestRedis } from '../../packages/session-server/test/redis.ts'
import { tied } from '../driver/processes.ts'
import { createCertificate } from '../hostile/certificate.ts'
import { startNginx } from '../hostile/nginx.ts'

/** One way to the nodes. */
export interface Front {
  readonly name: string
  readonly port: number
  readonly http2: boolean
}

/** One node. */
export interface Node {
  readonly socket: string
  kill(): Promise<void>
  start(): Promise<void>
}

export interface Fleet {
  readonly issuer: string
  readonly redis: TestRedis
  readonly nodes: readonly Node[]
  readonly fronts: readonly Front[]
  /** The port of an nginx that keeps status lists for as long as they say. */
  readonly cache: number
  close(): Promise<void>
}

const ways = [false, true].flatMap((buffering) => [false, true].map((http2) => ({ buffering, http2 })))

/** Starts all of it; resolves when every node answers. */
export async function startFleet(size = 3): Promise<Fleet> {
  // The nodes' own address stands for the issuer: its path is what counts.
  const issuer = 'https://id.example'
  const closers: (() => Promise<unknown>)[] = []
  const close = async () => {
    for (const one of closers.reverse()) await one()
  }
  try {
    const folder = await mkdtemp(join(tmpdir(), 'fleet-'))
    closers.push(() => rm(folder, { recursive: true, force: true }))
    const redis = await startRedis()
    closers.push(() => redis.close())
    const sockets = Array.from({ length: size }, (_, index) => join(folder, `node-${index}`))
    const nodes = sockets.map((socket) => createNode({ socket, redis: redis.path, issuer }))
    closers.push(() => Promise.all(nodes.map((node) => node.kill())))
    await Promise.all(nodes.map((node) => node.start()))
    const certificate = await createCertificate()
    closers.push(() => certificate.remove())
    const fronts: Front[] = []
    for (const { buffering, http2 } of ways) {
      const tls = http2 ? { tls: { key: certificate.key, certificate: certificate.certificate, http2 } } : {}
      const nginx = await startNginx({ routes: [['^/', sockets]], buffering, idleSeconds: 600, ...tls })
      closers.push(() => nginx.close())
      fronts.push({ name: `${http2 ? 'h2' : 'http/1.1'}, buffering ${buffering ? 'on' : 'off'}`, port: nginx.port, http2 })
    }
    const cache = await startNginx({ routes: [['^/', sockets]], buffering: true, cache: true })
    closers.push(() => cache.close())
    return { issuer, redis, nodes, fronts, cache: cache.port, close }
  } catch (error) {
    await close()
    throw error
  }
}

function createNode(input: { readonly socket: string; readonly redis: string; readonly issuer: string }): Node {
  const program = fileURLToPath(new URL('node.ts', import.meta.url))
  let child: ChildProcess | undefined
  return {
    socket: input.socket,
    async start() {
      child = spawn(...tied(process.execPath, ['--disable-warning=ExperimentalWarning', program, JSON.stringify(input)]), { stdio: ['ignore', 'pipe', 'inherit'] })
      const ended = once(child, 'exit').then(([code]) => Promise.reject(new Error(`a node ended (${code}) before it was ready`)))
      ended.catch(() => undefined)
      await Promise.race([once(createInterface(child.stdout!), 'line'), ended])
    },
    async kill() {
      if (!child || child.exitCode !== null || child.signalCode !== null) return
      const gone = once(child, 'exit')
      child.kill('SIGKILL')
      await gone
    },
  }
}
