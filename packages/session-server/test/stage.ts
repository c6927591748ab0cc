/** What tests of the stores in Redis begin with: a Redis for the file, stores over it, and a look from outside. */
import { afterAll, beforeAll, beforeEach, expect, type Mock, onTestFinished, vi } from 'vitest'
import { redisStore, type RedisStore, type RedisStoreOptions } from '../src/redis/index.ts'
import type { SessionRow } from '../src/session.ts'
import { createGate, type Gate } from './gate.ts'
import { noRedis, startRedis, type TestRedis } from './redis.ts'

/** For vi.waitFor: longer than a busy machine takes. */
export const eventually = { timeout: 60_000, interval: 20 }
/** So long that a busy machine never calls an answer late. */
export const patient = 60_000

export const now: number = Date.now()

/** A row of a live session. */
export const row = (sid: string, more: Partial<SessionRow> = {}): SessionRow => ({
  sid, subject: 'u1', client: 'Storefront', establishedAt: now, authenticatedAt: now, lastSeenAt: now, version: 1, ...more,
})

/** One Redis for the tests of a file, each of which begins with an empty one. */
export interface Stage {
  readonly redis: TestRedis
  /** Looks at what the stores do. */
  readonly admin: ReturnType<TestRedis['client']>
  /** A store that is closed with the test. */
  open(options?: Partial<RedisStoreOptions>, path?: string): RedisStore
  gate(): Promise<Gate>
  /** Listens, and resolves once the store is sure of hearing whatever comes. */
  listen(store: RedisStore, sid: string): Promise<Mock<() => void>>
}

/** Sets the stage of a file; its tests are skipped where there is no Redis. */
export function setStage(): Stage {
  let redis: TestRedis
  let admin: Stage['admin']
  beforeAll(async () => {
    if (noRedis !== undefined) return
    redis = await startRedis()
    admin = redis.client()
  })
  afterAll(() => redis?.close())
  beforeEach(async ({ skip }) => {
    if (noRedis !== undefined) skip(noRedis)
    await admin.flushall()
  })
  return {
    get redis() {
      return redis
    },
    get admin() {
      return admin
    },
    open(options = {}, path) {
      const store = redisStore({ client: redis.client(path), waitMs: patient, ...options })
      onTestFinished(() => store.close())
      return store
    },
    async gate() {
      const way = await createGate(redis.path)
      onTestFinished(() => way.close())
      return way
    },
    async listen(store, sid) {
      const told = vi.fn<() => void>()
      store.subscribe(sid, told)
      await vi.waitFor(() => expect(told).toHaveBeenCalled(), eventually)
      // Until a read is waiting, what comes next might be met by the look that a read begins with.
      await vi.waitFor(async () => expect(await admin.info('clients')).toMatch(/blocked_clients:1\b/), eventually)
      told.mockClear()
      return told
    },
  }
}
