/** The store of sessions in Redis: one row each, an index by subject, and a stream of changes that every node follows. */
import { entryOf } from '../entries.ts'
import type { SessionRow } from '../session.ts'
import type { SessionStore } from '../store.ts'
import { followChanges } from './changes.ts'
import { answered, connect, type RedisOptions, redisSettings, script } from './connection.ts'
import { parseRow, swapScript, touchScript } from './scripts.ts'

/** Options of {@link redisStore}. */
export interface RedisStoreOptions extends RedisOptions {
  /** Milliseconds for which a session that is over is remembered, so that its tokens still prove an end. @default 2592000000 (30 days) */
  readonly keepEndedMs?: number
}

/** A session store with connections of its own. */
export interface RedisStore extends SessionStore {
  /** Ends them; for a node that stops. */
  close(): Promise<void>
}

/** A node that is further behind than this reads again what its clients listen to. */
const keptChanges = 100_000

/**
 * Makes a store that many nodes share. A change on one is told to the feeds of all. Every call costs the same however many sessions there are, but for
 * `list()` without a subject, which reads them all, and `entries()`, which reads a whole list.
 *
 * Any call rejects with a `StoreUnavailableError` when Redis does not answer within `waitMs`; a change may have been written then, and asking again
 * tells. What Redis has said yes to is as durable as it is told to be: `appendonly yes`, with `appendfsync always` where a power cut counts.
 *
 * @throws TypeError naming the option that is wrong
 * @example
 * ```ts
 * import { createSessionServer } from '@3dimli/session-server'
 * import { redisStore } from '@3dimli/session-server/redis'
 * import { Redis } from 'ioredis'
 *
 * const store = redisStore({ client: new Redis('redis://127.0.0.1:6379') })
 * const server = createSessionServer({ issuer: 'https://id.example', store, authenticate: identify })
 * ```
 */
export function redisStore(options: RedisStoreOptions): RedisStore {
  const settings = redisSettings(options, ['keepEndedMs'])
  const { keepEndedMs = 2_592_000_000 } = options
  if (!Number.isSafeInteger(keepEndedMs) || keepEndedMs <= 0) throw new TypeError('"keepEndedMs" must be a whole number of milliseconds')
  const { prefix } = settings
  const [rowPrefix, indexPrefix, listPrefix, stream] = [`${prefix}session:`, `${prefix}subject:`, `${prefix}list:`, `${prefix}changes`]
  const redis = connect(settings)
  const changes = followChanges(settings, stream)
  const write = script(redis, 'swapSession', 4, swapScript)
  const see = script(redis, 'touchSession', 1, touchScript)

  async function get(sid: string): Promise<SessionRow | undefined> {
    const stored = await answered(redis.get(rowPrefix + sid))
    if (stored === null) return undefined
    const { json, seen } = parseRow(stored)
    return { ...(JSON.parse(json) as SessionRow), lastSeenAt: seen }
  }

  const all = async (sids: readonly string[]) => (await Promise.all(sids.map(get))).filter((row) => row !== undefined)

  async function everyone(): Promise<SessionRow[]> {
    const found = new Map<string, SessionRow>()
    const pattern = `${rowPrefix.replaceAll(/[\\*?[\]]/g, '\\$&')}*`
    let cursor = '0'
    do {
      const [next, keys] = await answered(redis.scan(cursor, 'MATCH', pattern, 'COUNT', 1000))
      // A scan may find a key twice.
      for (const row of await all(keys.map((key) => key.slice(rowPrefix.length)))) found.set(row.sid, row)
      cursor = next
    } while (cursor !== '0')
    return [...found.values()]
  }

  return {
    get,
    list: async (subject) => (subject === undefined ? everyone() : all(await answered(redis.zrange(indexPrefix + subject, '-inf', '+inf', 'BYSCORE')))),
    async swap(row, expected) {
      const limit = row.end ? row.end.at : row.expiresAt
      const idle = row.end ? undefined : row.idleMs
      const kept = (ms: number | undefined) => (ms === undefined ? '-' : ms + keepEndedMs)
      const { idx, uri } = row.statusList ?? {}
      const written = await write(
        rowPrefix + row.sid, indexPrefix + row.subject, stream, listPrefix + (uri ?? ''),
        row.sid, expected ?? '', row.version, crypto.randomUUID(), row.lastSeenAt, kept(limit), kept(idle), JSON.stringify(row), keptChanges,
        // Redis counts from the highest bits of a byte, a list from the lowest.
        idx === undefined ? '' : `#${idx ^ 3}`, entryOf(row),
      )
      return written === 1
    },
    async touch(sid, at) {
      await see(rowPrefix + sid, sid, at, indexPrefix)
    },
    subscribe: changes.subscribe,
    entries: async (uri) => (await answered(redis.getBuffer(listPrefix + uri))) ?? undefined,
    async close() {
      redis.disconnect()
      await changes.close()
    },
  }
}
