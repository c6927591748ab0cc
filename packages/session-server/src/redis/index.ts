/** The stores for many nodes, over one Redis (7 or later) that all of them reach. @module */
export { redisStore, type RedisStore, type RedisStoreOptions } from './store.ts'
export { redisReplayStore, type RedisReplayStore, type RedisReplayStoreOptions } from './replay-store.ts'
