/** The store of kept refresh answers in Redis, so that a client may repeat its request at another node. */
import type { ReplayStore } from '../replay-store.ts'
import { answered, connect, type RedisOptions, redisSettings, script } from './connection.ts'

/** Options of {@link redisReplayStore}. */
export type RedisReplayStoreOptions = RedisOptions

/** A store of kept answers with a connection of its own. */
export interface RedisReplayStore extends ReplayStore {
  /** Ends it; for a node that stops. */
  close(): Promise<void>
}

/** Keys: answer, successor, ages. Arguments: id, asked, successor, at, sealed or ''. */
const put = `
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], 'asked', ARGV[2], 'successor', ARGV[3], 'at', ARGV[4])
if ARGV[5] ~= '' then redis.call('HSET', KEYS[1], 'sealed', ARGV[5]) end
redis.call('SET', KEYS[2], ARGV[1])
redis.call('ZADD', KEYS[3], ARGV[4], ARGV[1])
`

/** Keys: successor. Arguments: what the keys of answers begin with. */
const present = `
local id = redis.call('GET', KEYS[1])
if id then redis.call('HDEL', ARGV[1] .. id, 'sealed') end
`

/** Keys: ages. Arguments: before, what the keys of answers and of successors begin with, how many at once. Returns how many were forgotten. */
const forget = `
local ids = redis.call('ZRANGE', KEYS[1], '-inf', '(' .. ARGV[1], 'BYSCORE', 'LIMIT', 0, ARGV[4])
for _, id in ipairs(ids) do
  local successor = redis.call('HGET', ARGV[2] .. id, 'successor')
  if successor then redis.call('DEL', ARGV[3] .. successor) end
  redis.call('DEL', ARGV[2] .. id)
  redis.call('ZREM', KEYS[1], id)
end
return #ids
`

/** Redis does nothing else meanwhile. */
const forgottenAtOnce = 500

/**
 * Makes a store of answers that many nodes share. It rejects like {@link redisStore} when Redis does not answer.
 *
 * @throws TypeError naming the option that is wrong
 * @example
 * ```ts
 * import { createRefreshReplay } from '@3dimli/session-server'
 * import { redisReplayStore } from '@3dimli/session-server/redis'
 * import { Redis } from 'ioredis'
 *
 * const store = redisReplayStore({ client: new Redis('redis://127.0.0.1:6379') })
 * const replay = createRefreshReplay({ store, refusal: (answer) => server.grantError(sidOf(answer)) })
 * ```
 */
export function redisReplayStore(options: RedisReplayStoreOptions): RedisReplayStore {
  const settings = redisSettings(options)
  const { prefix } = settings
  const [answers, successors, ages] = [`${prefix}answer:`, `${prefix}successor:`, `${prefix}answers`]
  const redis = connect(settings)
  const keep = script(redis, 'keepAnswer', 3, put)
  const use = script(redis, 'useAnswer', 1, present)
  const drop = script(redis, 'dropAnswers', 1, forget)
  return {
    async get(id) {
      const [asked, successor, at, sealed] = await answered(redis.hmgetBuffer(answers + id, 'asked', 'successor', 'at', 'sealed'))
      if (!asked || !successor) return undefined
      return { id, asked: String(asked), successor: String(successor), at: Number(String(at)), ...(sealed ? { sealed: new Uint8Array(sealed) } : {}) }
    },
    async put({ id, asked, successor, at, sealed }) {
      await keep(answers + id, successors + successor, ages, id, asked, successor, at, sealed ? Buffer.from(sealed) : '')
    },
    async present(successor) {
      await use(successors + successor, answers)
    },
    async forget(before) {
      while ((await drop(ages, before, answers, successors, forgottenAtOnce)) === forgottenAtOnce);
    },
    async close() {
      redis.disconnect()
    },
  }
}
