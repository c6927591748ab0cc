/** Ten thousand sessions that were created, started and stopped leave nothing: no heap, timer, listener, channel or lock. */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import { createCheckout } from '../../src/checkout/index.ts'
import { createDownloads } from '../../src/downloads/index.ts'
import { createHttp } from '../../src/http/index.ts'
import { createSession } from '../../src/index.ts'
import { createDevice, scriptedAuthority } from '../../src/testing/index.ts'
import { api, signedIn, turns } from '../scene.ts'
import { counted, none, type Open } from './counted.ts'
import { queueLock } from '../../src/queue.ts'

setFlagsFromString('--expose-gc')
// What the engine throws away of old code would hide what is left behind.
setFlagsFromString('--no-flush-bytecode')
const collect = runInNewContext('gc') as () => void

/**
 * Bytes a cycle may leave on average. A started session weighs tens of kilobytes and an abort signal half a one; the engine's own tables
 * grow by some hundred kilobytes in a run, which is little for each of 10,000 cycles and more for each of 2,000.
 */
const flat = { over10000: 64, over2000: 768 }

/** The heap after the collector ran until nothing more goes. */
async function heap(): Promise<number> {
  let last = Number.POSITIVE_INFINITY
  for (let look = 0; look < 8; look += 1) {
    // What waits for a turn of the event loop, such as finalizers, holds on to things.
    await turns(3)
    collect()
    const now = process.memoryUsage().heapUsed
    if (now >= last) break
    last = now
  }
  return last
}

/** Some cycles come first, while the engine still compiles and keeps what it learned. */
const warmUp = (cycles: number): number => Math.min(cycles, 4_000)

/** How many bytes each of so many cycles left, after the first that warm up. */
async function growth(cycles: number, cycle: (index: number) => Promise<void>): Promise<number> {
  let before = 0
  for (let index = 0; index < warmUp(cycles) + cycles; index += 1) {
    if (index === warmUp(cycles)) before = await heap()
    await cycle(index)
    if (index % 100 === 0) await turns(1)
  }
  return ((await heap()) - before) / cycles
}

describe('J12 D11 the heap and all that is open stay flat', () => {
  it('over 10,000 sessions with every feature, created, started and stopped where somebody is signed in', { timeout: 180_000 }, async () => {
    const open: Open = { ...none }
    const { device, server, first } = await signedIn()
    server.features = { ...server.features, feed: true }
    first.session.stop()
    const context = device.context()
    const platform = { name: 'test', open: () => counted(context.platform.open(), open) }
    let active = 0
    const left = await growth(10_000, async (index) => {
      const session = createSession({ authority: server.authority, platform, origins: [api] })
      createDownloads(session)
      createCheckout(session, { submit: async () => ({}), find: async () => undefined })
      createHttp(session)
      session.subscribe(() => undefined)
      session.onEnd(() => undefined)
      session.register(() => undefined)
      await session.start()
      if (session.state.status === 'active') active += 1
      if (index % 10 === 0) await session.fetch(`${api}/x`)
      session.stop()
      device.posted.length = 0
    })
    await turns()
    expect([active, open, server.feeds.size, device.clock.pending()]).toEqual([warmUp(10_000) + 10_000, none, 0, 0])
    expect(left).toBeLessThan(flat.over10000)
  })

  it('over 2,000 starts and stops of one session, and a living tab beside it that hears of none', { timeout: 120_000 }, async () => {
    const open: Open = { ...none }
    const lock = queueLock()
    const made = await signedIn({ tabs: 2, ports: (ports, tab) => (tab === 1 ? counted({ ...ports, lock }, open) : { ...ports, lock }) })
    const { first, second, device } = made
    second.session.stop()
    await turns()
    const timers = device.clock.pending()
    const left = await growth(2_000, async () => {
      second.session.stop()
      await second.session.start()
      second.states.length = device.posted.length = 0
    })
    second.session.stop()
    await turns()
    expect([open, first.session.state.status, device.clock.pending()]).toEqual([none, 'active', timers])
    expect(left).toBeLessThan(flat.over2000)
  })

  it('over 2,000 sign-ins and sign-outs, each of a session and a device of its own', { timeout: 120_000 }, async () => {
    const open: Open = { ...none }
    const left = await growth(2_000, async () => {
      const device = createDevice()
      const server = scriptedAuthority(() => device.clock.now())
      server.pending = server.grant()
      const context = device.context()
      const session = createSession({ authority: server.authority, platform: { name: 'test', open: () => counted(context.platform.open(), open) }, origins: [api] })
      await session.start()
      const { remote, purge } = await session.signOut()
      expect([remote, purge?.complete]).toEqual(['revoked', true])
      session.stop()
    })
    await turns()
    expect(open).toEqual(none)
    expect(left).toBeLessThan(flat.over2000)
  })

  it('over 20,000 sessions that are created, hold callers that wait, and are dropped without ever being started', { timeout: 120_000 }, async () => {
    const { authority } = scriptedAuthority(() => 0)
    const { platform } = createDevice().context()
    const left = await growth(20_000, async () => {
      const session = createSession({ authority, platform, origins: [api] })
      createDownloads(session)
      session.fetch(`${api}/x`).catch(() => undefined)
    })
    expect(left).toBeLessThan(flat.over10000)
  })

  it('which one kept signal for each cycle, a session that is not stopped, or a listener that stays is not', async () => {
    const signals: AbortSignal[] = []
    expect(await growth(10_000, async () => void signals.push(new AbortController().signal))).toBeGreaterThan(flat.over10000)

    const { device, server, first } = await signedIn()
    const context = device.context()
    const open: Open = { ...none }
    const sessions: unknown[] = []
    const left = await growth(250, async () => {
      const session = createSession({ authority: server.authority, platform: { name: 'test', open: () => counted(context.platform.open(), open) }, origins: [api] })
      await session.start()
      sessions.push(session)
      device.posted.length = 0
    })
    expect(left).toBeGreaterThan(10 * flat.over2000)
    expect([open.channels, open.listeners, open.timers >= 500, open.locks >= 500, first.session.state.status]).toEqual([500, 500, true, true, 'active'])
  })
})
