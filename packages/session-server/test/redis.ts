/** A Redis of a test's own: its folder, its socket, and a process that can be killed and started again with what it had written. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { findRedis } from '../../../scripts/setup/programs.mjs'

/** Why there is no Redis to test with, or undefined. */
export const noRedis: string | undefined = findRedis() ? undefined : 'redis-server is not installed'

/** A running Redis. */
export interface TestRedis {
  /** Where it listens: no port that another test could take while it is away. */
  readonly path: string
  /** A client that is closed with it. */
  client(path?: string): Redis
  readonly pid: number
  /** Ends it as a crash does. */
  kill(): Promise<void>
  /** Starts it again on what is in its folder; resolves when it is ready. */
  start(): Promise<void>
  close(): Promise<void>
}

/** Starts one that writes every change to its log before it answers, and to the disk too unless told otherwise. */
export async function startRedis({ appendfsync = 'always' }: { appendfsync?: 'always' | 'no' } = {}): Promise<TestRedis> {
  const folder = mkdtempSync(join(tmpdir(), 'redis-'))
  const path = join(folder, 'socket')
  const clients: Redis[] = []
  let child: ChildProcess | undefined
  let gone = Promise.resolve()

  async function start(): Promise<void> {
    const options = ['--port', '0', '--unixsocket', path, '--dir', folder, '--appendonly', 'yes', '--appendfsync', appendfsync, '--save', '', '--daemonize', 'no']
    // Ended by the system when this process is, however that came.
    const own = spawn('setpriv', ['--pdeathsig', 'KILL', '--', findRedis() ?? 'redis-server', ...options], { stdio: ['ignore', 'pipe', 'inherit'] })
    child = own
    gone = new Promise((resolve) => own.once('exit', () => resolve()))
    let said = ''
    await new Promise<void>((resolve, reject) => {
      own.once('error', reject).once('exit', (code) => reject(new Error(`redis-server ended (${code}): ${said}`)))
      own.stdout.setEncoding('utf8').on('data', (chunk: string) => {
        said = (said + chunk).slice(-4000)
        if (/ready to accept connections/i.test(said)) resolve()
      })
    })
  }

  async function kill(): Promise<void> {
    child?.kill('SIGKILL')
    await gone
  }

  await start()
  return {
    path, start, kill,
    get pid() {
      return child!.pid!
    },
    client(at = path) {
      const client = new Redis({ path: at, lazyConnect: true })
      client.on('error', () => undefined)
      clients.push(client)
      return client
    },
    async close() {
      for (const client of clients) client.disconnect()
      await kill()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
