/** Timers that never ran and lifetimes no server should give: nothing is decided by a timer, and nothing turns into a loop. */
import { describe, expect, it } from 'vitest'
import { api, outcome, signedIn, turns } from '../test/scene.ts'
import { mergeTokens } from './tokens.ts'

const hour = 3_600_000

describe('a machine that slept and told nobody', () => {
  it('C2 eight hours later no timer has fired: one request makes one refresh, and nothing ends', async () => {
    const { first, server, device } = await signedIn()
    first.context.fetch = async (request) => {
      first.sent.push(request.headers.get('authorization')?.replace('Bearer ', '') ?? 'none')
      return first.sent.at(-1) === 'at-1' ? new Response('', { status: 401 }) : new Response('ok')
    }
    const timers = device.clock.pending()
    device.clock.stepWall(8 * hour)
    expect(await outcome(first.session.fetch(`${api}/x`))).toBe(200)
    expect([first.sent, server.refreshes.length, first.ends]).toEqual([['at-2'], 1, []])
    await turns()
    expect([first.session.state.status, device.clock.pending() <= timers + 1]).toEqual(['active', true])
  })

  it('C3 a tab that was hidden for ten minutes lets nothing out with its old token: all wait for one refresh', async () => {
    const { first, server, device } = await signedIn({ lifetimeSeconds: 300 })
    first.context.visible = false
    device.clock.stepWall(600_000)
    first.context.visible = true
    first.context.look()
    const calls = await Promise.all(Array.from({ length: 20 }, () => outcome(first.session.fetch(`${api}/x`))))
    expect(calls).toEqual(calls.map(() => 200))
    expect([new Set(first.sent), server.refreshes.length, first.ends]).toEqual([new Set(['at-2']), 1, []])
  })
})

describe('a lifetime of', () => {
  it.each<readonly [unknown, number]>([[0, 0], [-5, 0], [Number.NaN, 0], ['300', 0], [1e6, 0], [4e6, 0], [1e12, 0], [1, 20]])('C4 %s: no loop of refreshes, and the session goes on', async (seconds, most) => {
    const { first, server, device } = await signedIn({ lifetimeSeconds: 1 })
    server.onRefresh = async ({ attemptId }) => ({
      tokens: mergeTokens(undefined, { access_token: `at.${attemptId}`, token_type: 'Bearer', expires_in: seconds, refresh_token: `rt.${attemptId}` }, device.clock.now()),
    })
    await device.clock.advance(2_000)
    expect(await outcome(first.session.fetch(`${api}/x`))).toBe(200)
    const before = server.refreshes.length
    for (let second = 0; second < 20; second += 1) {
      expect(await outcome(first.session.fetch(`${api}/x`))).toBe(200)
      await device.clock.advance(1_000)
    }
    expect(server.refreshes.length - before).toBeLessThanOrEqual(most)
    expect([first.session.state.status, first.ends]).toEqual(['active', []])
  })
})
