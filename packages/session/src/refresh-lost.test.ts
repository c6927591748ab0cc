/** An answer that is lost after the server spent the grant, and a tab that dies while it waits for one. */
import { describe, expect, it, vi } from 'vitest'
import type { Answer } from './authority.ts'
import { rotating } from '../test/rotation.ts'
import { api, outcome, signedIn, turns, watched, type SceneOptions } from '../test/scene.ts'

/** Tabs whose access token is spent, over a server that takes a repeated token for theft. */
async function spent(idempotent: boolean, given: SceneOptions = {}) {
  const made = await signedIn({ lifetimeSeconds: 5, ...given })
  const rotation = rotating(made.server, { idempotent, first: made.device.row()?.live?.tokens.refreshToken ?? '' })
  await made.device.clock.advance(5_100)
  return { ...made, rotation, first: made.tabs[0]!, second: made.tabs[1]! }
}

describe('a lost answer', () => {
  it('P3 A11 costs nothing where the server repeats it', async () => {
    const { first, device, server, rotation } = await spent(true)
    rotation.faults.push('lost')
    expect(await outcome(first.session.fetch(`${api}/x`))).toBe('unreachable')
    await device.clock.advance(2_000)
    expect(await outcome(first.session.fetch(`${api}/x`))).toBe(200)
    expect(server.refreshes.map(({ attemptId }) => attemptId)).toEqual([server.refreshes[0]?.attemptId, server.refreshes[0]?.attemptId])
    expect([rotation.thefts, rotation.spent, first.ends, first.sent]).toEqual([0, 1, [], ['at.1']])
  })

  it('P3 A11 costs nothing however many in a row are lost', async () => {
    const { first, device, server, rotation } = await spent(true)
    rotation.faults.push('lost')
    const rotate = server.onRefresh
    server.onRefresh = async (refresh, signal) => {
      const answer = await rotate(refresh, signal)
      return server.refreshes.length < 4 ? { answer: { from: 'token', failed: 'network' } } : answer
    }
    for (let call = 0; call < 3; call += 1) {
      expect(await outcome(first.session.fetch(`${api}/x`))).toBe('unreachable')
      await device.clock.advance(10_000)
    }
    expect(await outcome(first.session.fetch(`${api}/x`))).toBe(200)
    expect([rotation.thefts, new Set(server.refreshes.map(({ attemptId }) => attemptId)).size]).toEqual([0, 1])
  })

  it.each<readonly [string, Answer]>([
    ['502', { from: 'token', status: 502 }], ['429', { from: 'token', status: 429, retryAfterMs: 1_000 }],
    ['a page of a portal', { from: 'token', status: 200 }],
  ])('P3 A11 B2 costs nothing either where a gateway says %s in its place', async (_what, answer) => {
    const { first, device, server, rotation } = await spent(true)
    const rotate = server.onRefresh
    server.onRefresh = async (refresh, signal) => {
      const given = await rotate(refresh, signal)
      return server.refreshes.length === 1 ? { answer } : given
    }
    expect(await outcome(first.session.fetch(`${api}/x`))).toBe('unreachable')
    await device.clock.advance(2_000)
    expect(await outcome(first.session.fetch(`${api}/x`))).toBe(200)
    expect([rotation.thefts, rotation.spent, new Set(server.refreshes.map(({ attemptId }) => attemptId)).size]).toEqual([0, 1, 1])
  })

  it('P3 P10 A11 can cost the session where the server does not: it expires, and work is locked rather than lost', async () => {
    const { first, device, server, rotation } = await spent(false)
    rotation.faults.push('lost')
    server.features = { ...server.features, session: false }
    await outcome(first.session.fetch(`${api}/x`))
    device.clock.stepWall(15_000)
    expect(await outcome(first.session.fetch(`${api}/x`))).toBe('session-ended')
    await turns()
    expect([rotation.thefts > 0, first.ends]).toEqual([true, ['expired']])
    expect(device.row()?.vault).toHaveLength(1)
  })

  it('P3 A11 is asked for by another tab under the same key', async () => {
    const { first, second, device, server, rotation } = await spent(true, { tabs: 2 })
    rotation.faults.push('lost')
    await outcome(first.session.fetch(`${api}/x`))
    first.session.stop()
    await device.clock.advance(2_000)
    expect(await outcome(second.session.fetch(`${api}/x`))).toBe(200)
    expect([rotation.thefts, new Set(server.refreshes.map(({ attemptId }) => attemptId)).size]).toEqual([0, 1])
  })

  it('C1 its token is as old as the attempt that was first answered', async () => {
    const { first, device, rotation } = await spent(true)
    rotation.faults.push('lost')
    const at = device.clock.now()
    await outcome(first.session.fetch(`${api}/x`))
    await device.clock.advance(30_000)
    await first.session.fetch(`${api}/x`)
    expect(device.row()?.live?.tokens.expiresAt).toBeLessThanOrEqual(at + 300_000)
  })
})

describe('a tab that dies in the middle', () => {
  it('P3 A8 A11 holds nobody back for more than 2 s where the server repeats its answers', async () => {
    const { first, second, device, rotation } = await spent(true, { tabs: 2 })
    rotation.faults.push('never')
    const dead = watched(first.session.fetch(`${api}/x`))
    await turns()
    first.context.freeze()
    const call = watched(second.session.fetch(`${api}/x`))
    await device.clock.advance(2_100)
    expect([dead.result, call.result, rotation.thefts, rotation.spent]).toEqual(['pending', 200, 0, 1])
  })

  it('P3 A8 holds nobody back for more than 12 s where it does not, and the session lives if nothing had reached the server', async () => {
    const { first, second, device, server, rotation } = await spent(false, { tabs: 2 })
    const rotate = server.onRefresh
    server.onRefresh = () => new Promise(() => {})
    const dead = watched(first.session.fetch(`${api}/x`))
    await turns()
    server.onRefresh = rotate
    first.session.stop()
    const call = watched(second.session.fetch(`${api}/x`))
    await device.clock.advance(12_500)
    // The tab is dead: whatever its own timers did is nobody's business.
    expect(call.result === 200 || (await outcome(second.session.fetch(`${api}/x`))) === 200).toBe(true)
    expect([rotation.thefts, rotation.spent, second.ends, dead.result === 200]).toEqual([0, 1, [], false])
  })
})

describe('who loses a race', () => {
  it('P3 A1 a refusal is not believed while another tab has the next generation', async () => {
    const { first, second, device, server, rotation } = await spent(true, { tabs: 2 })
    const rotate = server.onRefresh
    const answer = Promise.withResolvers<void>()
    // The first answer takes so long that another tab has asked under the same key, and its token was used.
    server.onRefresh = async (refresh, signal) => {
      if (server.refreshes.length > 1) return rotate(refresh, signal)
      await rotate(refresh, signal)
      await answer.promise
      return { answer: { from: 'token', status: 400, body: { error: 'invalid_grant' } } }
    }
    const slow = watched(first.session.fetch(`${api}/x`))
    await turns()
    const quick = watched(second.session.fetch(`${api}/x`))
    await device.clock.advance(2_100)
    expect(quick.result).toBe(200)
    answer.resolve()
    await device.clock.advance(100)
    expect([slow.result, first.ends, second.ends, rotation.thefts]).toEqual([200, [], [], 0])
  })

  it('P3 409 for an answer that was used, while the record has moved on, is no end', async () => {
    const { first, second, device, server } = await spent(true, { tabs: 2 })
    const rotate = server.onRefresh
    const answer = Promise.withResolvers<void>()
    server.onRefresh = async (refresh, signal) => {
      if (server.refreshes.length > 1) return rotate(refresh, signal)
      await rotate(refresh, signal)
      await answer.promise
      return { answer: { from: 'token', status: 409 } }
    }
    const slow = watched(first.session.fetch(`${api}/x`))
    await turns()
    await Promise.all([outcome(second.session.fetch(`${api}/x`)), device.clock.advance(2_100)])
    answer.resolve()
    await device.clock.advance(100)
    expect([slow.result, first.ends]).toEqual([200, []])
  })
})

describe('tokens that come while the record cannot be written', () => {
  it('P3 A11 D5 are written as soon as it can, and nothing is asked again', async () => {
    const { first, device, rotation, server } = await spent(false)
    const rotate = server.onRefresh
    server.onRefresh = async (refresh, signal) => {
      device.storageMode = 'refuses-writes'
      return rotate(refresh, signal)
    }
    const call = watched(first.session.fetch(`${api}/x`))
    await device.clock.advance(5_000)
    // Nobody waits for a disk: the call is told, and the tokens are not forgotten.
    expect(call.result).toBe('unreachable')
    device.storageMode = 'works'
    await device.clock.advance(9_000)
    expect(await outcome(first.session.fetch(`${api}/x`))).toBe(200)
    expect([rotation.thefts, rotation.spent, first.ends, device.row()?.generation]).toEqual([0, 1, [], 1])
  })
})

describe('a grant that is dead', () => {
  it('P4 is refused twice, and the server says after each that the session lives, before it is over', async () => {
    const { first, device, rotation, server } = await spent(false)
    rotation.faults.push('lost')
    expect(await outcome(first.session.fetch(`${api}/x`))).toBe('unreachable')
    await device.clock.advance(13_000)
    const asked = vi.spyOn(server, 'onSession')
    const call = watched(first.session.fetch(`${api}/x`))
    await device.clock.advance(3_000)
    expect([call.result, first.ends]).toEqual(['session-ended', ['expired']])
    // The lost one, and two refusals.
    expect([server.refreshes.length, asked.mock.calls.length]).toEqual([3, 2])
  })

  it('P3 P4 is refused twice and then over, whichever of five tabs asks, and nobody waits for an attempt that was answered', async () => {
    const { tabs, device, rotation, server } = await spent(false, { tabs: 5 })
    rotation.faults.push('lost')
    expect(await outcome(tabs[0]!.session.fetch(`${api}/x`))).toBe('unreachable')
    await device.clock.advance(13_000)
    const calls = tabs.map(({ session }) => watched(session.fetch(`${api}/x`)))
    await device.clock.advance(3_000)
    expect(calls.map(({ result }) => result)).toEqual(tabs.map(() => 'session-ended'))
    expect(tabs.map(({ ends }) => ends)).toEqual(tabs.map(() => ['expired']))
    // The lost one, and at most two refusals for each tab.
    expect(server.refreshes.length).toBeLessThanOrEqual(1 + 2 * tabs.length)
  })
})
