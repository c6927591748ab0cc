/** A connection like the host's, on which nothing waits without an end. */
import type { Redis } from 'ioredis'
import { storeUnavailable } from '../unavailable.ts'

/** What both stores are told about their Redis. */
export interface RedisOptions {
  /** Says where Redis is and how to sign in there. The stores open connections of their own like it, and leave this one alone. */
  readonly client: Redis
  /** What every key begins with. @default 'sessions:' */
  readonly prefix?: string
  /** Milliseconds after which a call is rejected as unavailable. @default 2000 */
  readonly waitMs?: number
}

/** Where the stores' keys lie, and how long a call may take. */
export interface RedisSettings {
  readonly client: Redis
  readonly prefix: string
  readonly waitMs: number
}

const names = ['client', 'prefix', 'waitMs']

/** Checks the options; `more` are those of one store. @throws TypeError that names the one that is wrong */
export function redisSettings(options: RedisOptions, more: readonly string[] = []): RedisSettings {
  for (const name of Object.keys(options)) if (![...names, ...more].includes(name)) throw new TypeError(`"${name}" is not an option`)
  const { client, prefix = 'sessions:', waitMs = 2000 } = options
  if (typeof client?.duplicate !== 'function' || client.isCluster) throw new TypeError('"client" must be an ioredis client of one server, not of a cluster')
  if (typeof prefix !== 'string' || prefix === '') throw new TypeError('"prefix" must be a string that is not empty')
  if (!Number.isFinite(waitMs) || waitMs <= 0 || waitMs > 60_000) throw new TypeError('"waitMs" must be a number of milliseconds up to 60000')
  // The client's own prefix would stand before keys, but neither in scripts nor in what a scan finds.
  return { client, prefix: `${client.options.keyPrefix ?? ''}${prefix}`, waitMs }
}

/**
 * Opens a connection for calls that take `waitMs` at most, or as much more as `blockMs` says. A call that meets a short restart is sent again; one that
 * cannot be sent is given up, so that nothing is written long after its caller was told that it failed.
 */
export function connect({ client, waitMs }: RedisSettings, blockMs?: number): Redis {
  const connection = client.duplicate({
    keyPrefix: '',
    replyMapping: 'legacy',
    stringNumbers: false,
    lazyConnect: true,
    connectTimeout: waitMs,
    commandTimeout: waitMs + (blockMs ?? 0),
    // A peer that has vanished sends nothing, not even a refusal.
    socketTimeout: 2 * waitMs + (blockMs ?? 0),
    enableOfflineQueue: true,
    autoResendUnfulfilledCommands: blockMs === undefined,
    // Five attempts take about a second.
    maxRetriesPerRequest: blockMs === undefined ? 5 : 0,
    retryStrategy: (times: number) => Math.min(1000, 50 * 2 ** (times - 1)) * (0.5 + Math.random()),
  })
  // A call that was given up stays in the queue, to be sent when Redis is back.
  const { sendCommand } = connection
  connection.sendCommand = (command, stream) => (command.isSettled ? command.promise : sendCommand.call(connection, command, stream))
  // Every call is told why it failed; the event would say it again, on the console.
  connection.on('error', () => undefined)
  return connection
}

/** Resolves as the call does; rejects with what may be shown: ioredis' own errors carry the arguments of the call. */
export async function answered<Answer>(call: Promise<Answer>): Promise<Answer> {
  try {
    return await call
  } catch (error) {
    throw storeUnavailable(error instanceof Error ? error.message : 'no answer')
  }
}

/** Gives a connection a Lua script as a call; sent by its hash once Redis knows it. */
export function script(connection: Redis, name: string, keys: number, lua: string): (...values: (string | number | Uint8Array)[]) => Promise<unknown> {
  connection.defineCommand(name, { numberOfKeys: keys, lua })
  const calls = connection as unknown as Record<string, (...values: unknown[]) => Promise<unknown>>
  return (...values) => answered(calls[name]!(...values))
}
