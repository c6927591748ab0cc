/** What a wrong clock, a stepped one and a sleep do to a session: nothing but one question more. */
import { describe, expect, it, vi } from 'vitest'
import { api, outcome, sessionAnswer, signedIn } from '../test/scene.ts'
import { manualClock } from './testing/index.ts'
import { createTime } from './time.ts'

const hour = 3_600_000

describe('the wall clock is stepped', () => {
  it.each([-365 * 24, -48, -1, 1, 48, 365 * 24])('C1 P4 by %i hours: the refreshes are those of a right clock, one more at most', async (hours) => {
    const { first, server, device } = await signedIn()
    const rotate = server.onRefresh
    const storm = Promise.withResolvers<'storm'>()
    // A storm would never end here, since nothing in it waits for the clock.
    server.onRefresh = async (refresh, signal) => {
      if (server.refreshes.length <= 5) return rotate(refresh, signal)
      storm.resolve('storm')
      return new Promise<never>(() => {})
    }
    device.clock.stepWall(hours * hour)
    first.context.fetch = async (request) =>
      request.headers.get('authorization') === 'Bearer at-1' ? new Response('', { status: 401 }) : new Response('ok')
    for (let call = 0; call < 3; call += 1) expect(await Promise.race([outcome(first.session.fetch(`${api}/x`)), storm.promise])).toBe(200)
    expect(server.refreshes).toHaveLength(1)
    expect(first.ends).toEqual([])
  })

  it.each([-48, 48])('C1 by %i hours: the server is asked once, not for every request', async (hours) => {
    const { first, server, device, sid } = await signedIn({ lifetimeSeconds: 10_000_000 })
    const asked = vi.fn(sessionAnswer({ active: true, sid }))
    server.onSession = asked
    device.clock.stepWall(hours * hour)
    for (let call = 0; call < 10; call += 1) {
      await device.clock.advance(200)
      expect(await outcome(first.session.fetch(`${api}/x`))).toBe(200)
    }
    expect(asked.mock.calls.length).toBeLessThanOrEqual(2)
  })
})

describe('a time that was seen', () => {
  it('C1 by up to a minute ahead of the clock is gone on from, until the clock is believed again', async () => {
    const clock = manualClock(1_000_000)
    const time = createTime(clock)
    time.see(1_060_000)
    expect([time.now(), time.behind(1_060_000)]).toEqual([1_060_000, false])
    time.see(1_050_000)
    await clock.advance(10)
    expect(time.now()).toBe(1_060_010)
    time.rebase()
    expect(time.now()).toBe(1_000_010)
  })

  it('C1 further ahead is another clock: it is told, not gone on from', () => {
    const time = createTime(manualClock(1_000_000))
    time.see(1_060_001)
    expect([time.now(), time.behind(1_060_001)]).toEqual([1_000_000, true])
  })
})
