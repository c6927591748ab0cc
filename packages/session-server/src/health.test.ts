import { expect, test, vi } from 'vitest'
import { createSessionServer } from './server.ts'
import { memoryStore } from './store.ts'

vi.setConfig({ testTimeout: 60_000 })

const make = (get = memoryStore().get) => createSessionServer({ issuer: 'https://id.example', store: { ...memoryStore(), get }, authenticate: async () => undefined })

test('a node is ready while its store answers, and lives when it does not', async () => {
  let broken = false
  const inner = memoryStore()
  const server = make((sid) => (broken ? Promise.reject(new Error('the password of the store')) : inner.get(sid)))
  expect((await server.ready()).status).toBe(200)
  broken = true
  const unready = await server.ready()
  expect([unready.status, unready.headers.get('cache-control'), await unready.text()]).toEqual([503, 'no-store', 'unavailable\n'])
  expect(server.live().status).toBe(200)
  broken = false
  expect((await server.ready()).status).toBe(200)
})

test('a node whose store says nothing at all is not ready', async () => {
  vi.useFakeTimers()
  try {
    const asked = make(() => new Promise(() => {})).ready()
    await vi.advanceTimersByTimeAsync(2000)
    expect((await asked).status).toBe(503)
  } finally {
    vi.useRealTimers()
  }
})

test('a node that drains is not ready, and lives', async () => {
  const server = make()
  server.drain()
  expect([(await server.ready()).status, server.live().status]).toEqual([503, 200])
})
