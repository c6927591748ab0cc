/** What the host hears of an end, and how often a use is written. */
import { expect, test, vi } from 'vitest'
import type { SessionServerOptions } from './options.ts'
import { createSessionServer, type SessionServer } from './server.ts'
import type { SessionRow } from './session.ts'
import { memoryStore } from './store.ts'
import { handClock } from './testing/hand-clock.ts'

const issuer = 'https://id.example'

function make(options: Partial<SessionServerOptions>) {
  const clock = handClock()
  const who = { sid: 's3', subject: 'u1' }
  return { clock, server: createSessionServer({ issuer, store: memoryStore(), authenticate: async () => who, authorize: async () => who, clock, ...options }) }
}

const begin = (server: SessionServer, sid: string, more = {}) => server.begin({ sid, subject: 'u1', client: 'Storefront', ...more })

test('an end of which the host could not be told is told when it is ended again, by whatever node, and then no more', async () => {
  const store = memoryStore()
  let broken = true
  const told: string[] = []
  const onEnd = async ({ sid, untold }: SessionRow) => {
    if (broken) throw new Error('no grants')
    told.push(`${sid} ${untold}`)
  }
  const [{ server: one }, { server: two }] = [make({ store, onEnd }), make({ store, onEnd })]
  for (const sid of ['s1', 's2', 's3']) await begin(one, sid)
  await expect(one.end('s1', { initiatingEntity: 'admin' })).rejects.toThrow('no grants')
  expect(await two.standing('s1')).toBe('session-revoked')
  await expect(one.end('s1', { initiatingEntity: 'admin' })).rejects.toThrow('no grants')
  await expect(one.end('s2', { initiatingEntity: 'admin' })).rejects.toThrow('no grants')
  broken = false
  expect(await two.end('s1', { initiatingEntity: 'user' })).toEqual({ committedAt: 1_700_000_000_000, changed: false })
  expect((await one.handle(new Request(`${issuer}/sessions?except=current`, { method: 'DELETE' })))!.status).toBe(204)
  expect(told).toEqual(['s1 undefined', 's2 undefined'])
  for (const sid of ['s1', 's2']) for (const server of [one, two]) await server.end(sid, { initiatingEntity: 'admin' })
  expect(told).toEqual(['s1 undefined', 's2 undefined'])
  expect((await one.get('s1'))!.end).toMatchObject({ initiatingEntity: 'admin' })
  expect(await one.get('s1')).not.toHaveProperty('untold')
})

test('a host that ends the session again when it is told of the end is told once', async () => {
  const onEnd = vi.fn(async ({ sid }: SessionRow) => {
    if (onEnd.mock.calls.length === 1) await server.end(sid, { initiatingEntity: 'system' })
  })
  const { server } = make({ onEnd })
  await begin(server, 's1')
  expect(await server.end('s1', { initiatingEntity: 'admin' })).toMatchObject({ changed: true })
  expect(onEnd).toHaveBeenCalledOnce()
})

test('uses are noted at most twenty times in an idle limit, and as often as that where it is short', async () => {
  const store = memoryStore()
  const touch = vi.fn(store.touch)
  const { server, clock } = make({ store: { ...store, touch } })
  await begin(server, 's1', { idleMs: 3_600_000 })
  await begin(server, 's2', { idleMs: 2000 })
  await begin(server, 's3')
  for (let second = 0; second < 3600; second += 1) {
    clock.advance(1000)
    for (const sid of ['s1', 's2', 's3']) await server.touch(sid)
  }
  const times = (sid: string) => touch.mock.calls.filter(([touched]) => touched === sid).length
  expect([times('s1'), times('s2'), times('s3')]).toEqual([20, 3600, 60])
  expect(await server.standing('s2')).toBe('live')
})
