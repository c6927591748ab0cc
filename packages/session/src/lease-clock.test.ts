/** Leases over restarts and wrong clocks, what of them is written down, and what an application is told. */
import { describe, expect, it, vi } from 'vitest'
import { allUsable, hour, offline, until, usable, use } from '../test/offline.ts'
import { eventually } from '../test/eventually.ts'
import { api, outcome, revoked, turns, type Scene, type Tab } from '../test/scene.ts'
import { createSession } from './index.ts'
import { createDevice, scriptedAuthority } from './testing/index.ts'

// The clock is moved by hand; a slow machine only makes the moving slow.
vi.setConfig({ testTimeout: 60_000 })

/** Holds back what the session endpoint answers, until what is returned is called. */
function holdSession(server: Scene['server']): () => void {
  const { onSession } = server
  const answer = Promise.withResolvers<void>()
  server.onSession = async (...asked) => {
    await answer.promise
    return onSession(...asked)
  }
  return () => answer.resolve()
}

describe('after a restart', () => {
  /** The same device with a new page; the one before is gone. */
  async function restart(made: Scene): Promise<Tab> {
    for (const { session } of made.tabs) session.stop()
    const tab = made.open()
    await tab.session.start()
    return tab
  }

  it('P7 a lease goes on where it was', async () => {
    const made = await offline()
    await until(made, 9_000)
    const tab = await restart(made)
    await until(made, 9_999)
    expect(await allUsable(tab)).toEqual(['default', 'downloads', 'checkout'])
    await until(made, 10_000)
    expect(await allUsable(tab)).toEqual(['default', 'downloads'])
  })

  it('P7 C1 a clock set back a little gives nothing of what was used', async () => {
    const made = await offline()
    await until(made, 30_000)
    expect(await usable(made.first, 'downloads')).toBe(true)
    made.device.clock.stepWall(-29_000)
    const tab = await restart(made)
    const access = tab.session.detection.lease.downloads
    expect(access).toEqual({ withinMs: 40_000, leftMs: 10_000 })
    await made.device.clock.advance(9_999)
    expect(await usable(tab, 'downloads')).toBe(true)
    await made.device.clock.advance(1)
    expect(await usable(tab, 'downloads')).toBe(false)
    made.online()
    expect(await use(tab, 'downloads')).toBe('used')
  })

  it.each([61_000, 48 * hour])('P7 C1 a clock set back by %i ms holds everything until a proof; nothing is erased', async (ms) => {
    const made = await offline()
    made.device.clock.stepWall(-ms)
    const tab = await restart(made)
    expect([await allUsable(tab), tab.session.state]).toMatchObject([[], { status: 'fenced', reason: 'lease' }])
    expect(tab.session.detection.lease).toEqual({ default: { withinMs: 20_000, leftMs: 0 }, downloads: { withinMs: 40_000, leftMs: 0 }, checkout: { withinMs: 10_000, leftMs: 0 } })
    made.online()
    expect(await tab.session.confirm()).toBe('alive')
    expect(await allUsable(tab)).toEqual(['default', 'downloads', 'checkout'])
  })

  it('P7 C2 an answer that slept with the device for two days is no proof', async () => {
    const made = await offline()
    made.online()
    const answer = holdSession(made.server)
    const confirmed = made.first.session.confirm()
    await turns()
    made.device.clock.stepWall(48 * hour)
    answer()
    expect(await confirmed).toBe('unknown')
    expect(made.first.session.detection.lease.downloads.leftMs).toBe(0)
    expect(await made.first.session.confirm()).toBe('alive')
    expect(await allUsable(made.first)).toEqual(['default', 'downloads', 'checkout'])
  })

  it('P7 an answer of the session endpoint that was long on its way counts from when it was asked for', async () => {
    const made = await offline()
    await until(made, 6_000)
    made.online()
    const answer = holdSession(made.server)
    const confirmed = made.first.session.confirm()
    await turns()
    await made.device.clock.advance(9_000)
    answer()
    expect(await confirmed).toBe('alive')
    expect(made.first.session.detection.lease.downloads.leftMs).toBe(31_000)
  })

  it('P7 C1 tokens that come when nobody waits for them any more count from when they were asked for', async () => {
    const made = await offline({ lifetimeSeconds: 5 })
    const { onRefresh } = made.server
    const answer = Promise.withResolvers<void>()
    made.server.onRefresh = async (...asked) => {
      await answer.promise
      return onRefresh(...asked)
    }
    await until(made, 6_000)
    const call = outcome(made.first.session.fetch(`${api}/x`))
    await turns()
    await made.device.clock.advance(15_000)
    expect(await call).toBe('unreachable')
    answer.resolve()
    await eventually(() => expect(made.device.row()?.generation).toBe(1))
    expect(made.first.session.detection.lease.downloads.leftMs).toBe(25_000)
  })

  it.each([true, false])('P7 C2 what a feed that slept with the device says is no proof, but an end is one (alive: %s)', async (alive) => {
    const made = await offline()
    made.server.features = { ...made.server.features, feed: true }
    await made.device.clock.advance(6_000)
    const [listener] = made.server.feeds
    if (!listener) throw new Error('no feed')
    made.device.clock.stepWall(48 * hour)
    listener.heard()
    listener.event({ from: 'feed', status: 200, body: alive ? { active: true, sid: made.sid } : revoked(made.sid) }, undefined)
    await turns()
    expect([made.first.session.detection.lease.downloads.leftMs, made.first.ends, made.first.session.diagnostics().feed]).toEqual([0, alive ? [] : ['revoked'], 'closed'])
  })

  it('P7 C1 a clock that is set back while the page runs gives nothing either', async () => {
    const made = await offline()
    await until(made, 5_000)
    made.device.clock.stepWall(-4_000)
    await made.device.clock.advance(4_999)
    expect(await usable(made.first, 'checkout')).toBe(true)
    await made.device.clock.advance(1)
    expect(await usable(made.first, 'checkout')).toBe(false)
  })
})

describe('how far time has come', () => {
  it('is written down at most every 10 s of use, and not again by a store that refuses', async () => {
    const writes: string[] = []
    const made = await offline({ options: { lease: { default: '1h' } }, ports: (ports) => ({ ...ports, store: { ...ports.store, change: (decide, durability) => {
      writes.push(durability)
      return ports.store.change(decide, durability)
    } } }) })
    writes.length = 0
    await until(made, 9_999)
    for (let call = 0; call < 5; call += 1) expect(await usable(made.first, 'default')).toBe(true)
    expect(writes).toEqual([])
    await made.device.clock.advance(1)
    for (let call = 0; call < 5; call += 1) expect(await usable(made.first, 'default')).toBe(true)
    expect([writes, made.device.row()?.seenAt]).toEqual([['relaxed'], made.device.clock.now()])
    made.device.storageMode = 'refuses-writes'
    for (let use = 0; use < 3; use += 1) {
      await made.device.clock.advance(10_000)
      expect(await usable(made.first, 'default')).toBe(use > 0)
    }
    expect(writes).toHaveLength(2)
  })

  it('C1 after a clock was set right and one tab had a proof, every tab believes it, and nobody asks again', async () => {
    const made = await offline({ tabs: 2, options: { lease: { default: '10h' } } })
    made.online()
    made.device.clock.stepWall(-2 * hour)
    await made.first.session.confirm()
    await made.device.clock.advance(15_000)
    const before = made.asked.count
    for (let use = 0; use < 4; use += 1) {
      for (const tab of made.tabs) expect(await usable(tab, 'default')).toBe(true)
      await made.device.clock.advance(11_000)
    }
    expect([made.asked.count - before, made.tabs.map(({ session }) => session.state.status)]).toEqual([0, ['active', 'active']])
  })
})

describe('`session.detection`', () => {
  it('P7 tells of each kind how long at most, and how long from now', async () => {
    const made = await offline()
    const { first } = made
    const bounds = (left: readonly [number, number, number]) => ({ default: { withinMs: 20_000, leftMs: left[0] }, downloads: { withinMs: 40_000, leftMs: left[1] }, checkout: { withinMs: 10_000, leftMs: left[2] } })
    expect(first.session.detection.lease).toEqual(bounds([20_000, 40_000, 10_000]))
    await until(made, 15_000)
    expect(first.session.detection.lease).toEqual(bounds([5_000, 25_000, 0]))
    made.online()
    await first.session.signOut()
    expect(first.session.detection).toEqual({ via: 'none', withinMs: 0, lease: bounds([0, 0, 0]) })
  })

  it('is known before the start', () => {
    const device = createDevice()
    const { detection } = createSession({ authority: scriptedAuthority(device.clock.now).authority, platform: device.context().platform })
    expect(detection.lease.checkout).toEqual({ withinMs: 86_400_000, leftMs: 0 })
  })
})

it('stop() takes the timer of a lease with it', async () => {
  const made = await offline({ options: { lease: { default: '1h' } } })
  const asked = vi.fn<() => void>()
  await made.device.clock.advance(200)
  made.first.session.subscribe(asked)
  made.first.session.stop()
  await made.device.clock.advance(60_000)
  expect([asked.mock.calls, made.device.clock.pending()]).toEqual([[], 0])
})
