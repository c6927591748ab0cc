/** What is written of an end, what the host hears of it, and how often a use is written. */
import { setImmediate as turn } from 'node:timers/promises'
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

test('P7 the list of sessions says that one is ended only when the host knows, though another call is telling it', async () => {
  const telling = Promise.withResolvers<void>()
  const onEnd = vi.fn(async () => {}).mockReturnValueOnce(telling.promise)
  const { server } = make({ onEnd })
  for (const sid of ['s1', 's3']) await begin(server, sid)
  const ask = () => Promise.all(['/sessions/s1', '/sessions?except=current'].map(async (path) => (await server.handle(new Request(`${issuer}${path}`, { method: 'DELETE' })))!.status))
  const first = server.end('s1', { initiatingEntity: 'admin' })
  await vi.waitFor(() => expect(onEnd).toHaveBeenCalledOnce())
  const asked = ask()
  // Whoever does not wait has answered by then.
  await turn()
  telling.reject(new Error('no grants'))
  await expect(first).rejects.toThrow('no grants')
  expect([await asked, onEnd.mock.calls.length]).toEqual([[503, 503], 1])
  expect(await ask()).toEqual([204, 204])
  expect(await server.get('s1')).not.toHaveProperty('untold')
})

test('P5 what a node does to a session that has run out by its clock is written, for by the clock of another the session is used on', async () => {
  const store = memoryStore()
  const onEnd = vi.fn()
  const [{ server: ahead, clock }, { server: behind, clock: late }] = [make({ store, onEnd }), make({ store })]
  for (const sid of ['s1', 's2', 's4']) await begin(behind, sid, { idleMs: 600_000 })
  await begin(behind, 's3')
  late.advance(570_000)
  clock.advance(630_000)
  expect(await ahead.standing('s1')).toBe('session-expired')
  expect(await ahead.end('s1', { initiatingEntity: 'admin' })).toEqual({ committedAt: clock.now(), changed: true })
  expect(onEnd).toHaveBeenCalledOnce()
  await ahead.suspend('s2')
  for (const sid of ['s1', 's2', 's4']) await behind.touch(sid)
  expect(await Promise.all(['s1', 's2', 's4'].map(behind.standing))).toEqual(['session-revoked', 'account-suspended', 'live'])
  clock.advance(600_000)
  expect((await ahead.handle(new Request(`${issuer}/sessions?except=current`, { method: 'DELETE' })))!.status).toBe(204)
  expect(await Promise.all(['s2', 's3', 's4'].map(behind.standing))).toEqual(['session-revoked', 'live', 'session-revoked'])
})

test('P2 a session that has just run out is wiped when it is ended so', async () => {
  const { server, clock } = make({})
  await begin(server, 's3', { expiresAt: clock.now() + 1000 })
  clock.advance(1000)
  await server.end('s3', { initiatingEntity: 'admin', reason: 'credential-compromised' })
  const told = await (await server.handle(new Request(`${issuer}/session`)))!.json()
  expect(told).toMatchObject({ active: false, type: `${issuer}/problems/session-revoked`, reason: 'credential-compromised', disposition: 'wipe' })
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
