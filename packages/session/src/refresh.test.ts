/** One refresh per generation, whatever the server, the network and the other tabs do. */
import { describe, expect, it } from 'vitest'
import { api, outcome, signedIn, turns, watched } from '../test/scene.ts'

describe('a server that asks for patience', () => {
  it.each([true, false])('P3 A14 ten tabs that meet one 429 send one refresh until its Retry-After is over (repeatable: %s)', async (idempotent) => {
    const { tabs, server, device } = await signedIn({ tabs: 10, lifetimeSeconds: 5 })
    server.features = { ...server.features, idempotent }
    const rotate = server.onRefresh
    server.onRefresh = async () => ({ answer: { from: 'token', status: 429, retryAfterMs: 10_000 } })
    await device.clock.advance(5_100)
    const calls = tabs.map(({ session }) => watched(session.fetch(`${api}/x`)))
    await device.clock.advance(9_000)
    expect(server.refreshes).toHaveLength(1)
    expect(calls.map(({ result }) => result)).toEqual(tabs.map(() => 'unreachable'))
    server.onRefresh = rotate
    await device.clock.advance(2_000)
    expect(await outcome(tabs[3]!.session.fetch(`${api}/x`))).toBe(200)
    expect(server.refreshes).toHaveLength(2)
  })
})

describe('a refresh that fails', () => {
  it('A13 one that never answers, not even to its signal, is over at its deadline and the next works', async () => {
    const { first, server, device } = await signedIn({ lifetimeSeconds: 5 })
    await device.clock.advance(6_000)
    const rotate = server.onRefresh
    server.onRefresh = () => new Promise(() => {})
    const call = watched(first.session.fetch(`${api}/x`))
    await device.clock.advance(11_000)
    expect(call.result).toBe('unreachable')
    server.onRefresh = rotate
    await device.clock.advance(5_000)
    expect(await outcome(first.session.fetch(`${api}/x`))).toBe(200)
  })

  it('A4 P8 one that throws rejects every waiter with an error of ours, and the next works', async () => {
    const { first, server, device } = await signedIn({ lifetimeSeconds: 5 })
    await device.clock.advance(6_000)
    const rotate = server.onRefresh
    server.onRefresh = async ({ refreshToken }) => {
      throw new Error(`no route for ${refreshToken}`)
    }
    const calls = await Promise.all(Array.from({ length: 5 }, () => outcome(first.session.fetch(`${api}/x`))))
    expect(calls).toEqual(Array.from({ length: 5 }, () => 'unreachable'))
    server.onRefresh = rotate
    await device.clock.advance(5_000)
    expect(await outcome(first.session.fetch(`${api}/x`))).toBe(200)
  })
})

describe('an attempt that was answered', () => {
  it.each([true, false])('P3 A4 stands in nobody\'s way (repeatable: %s)', async (idempotent) => {
    const { first, server, device } = await signedIn({ lifetimeSeconds: 5 })
    server.features = { ...server.features, idempotent }
    await device.clock.advance(6_000)
    const rotate = server.onRefresh
    server.onRefresh = async () => ({ answer: { from: 'token', status: 503 } })
    expect(await outcome(first.session.fetch(`${api}/x`))).toBe('unreachable')
    server.onRefresh = rotate
    await device.clock.advance(1_600)
    // No more time passes: whoever waits for an answer that has come waits for ever.
    const call = watched(first.session.fetch(`${api}/x`))
    await turns()
    expect(call.result).toBe(200)
  })
})

describe('many requests', () => {
  it('P3 A3 that learn one by one that their token is spent cause one refresh', async () => {
    const { first, server } = await signedIn()
    const gates = Array.from({ length: 10 }, () => Promise.withResolvers<void>())
    let sends = 0
    first.context.fetch = async (request) => {
      if (request.headers.get('authorization') !== 'Bearer at-1') return new Response('ok')
      await gates[sends++]?.promise
      return new Response('', { status: 401 })
    }
    const calls = gates.map(() => outcome(first.session.fetch(`${api}/x`)))
    for (const gate of gates) {
      gate.resolve()
      await turns(2)
    }
    expect(await Promise.all(calls)).toEqual(calls.map(() => 200))
    expect([sends, server.refreshes.length]).toEqual([10, 1])
  })

  it('P3 A4 that wait for a refresh of which nothing comes are all told, and none waits behind itself', async () => {
    const { first, server, device } = await signedIn({ lifetimeSeconds: 5 })
    await device.clock.advance(6_000)
    const refuse = Promise.withResolvers<void>()
    server.onRefresh = async () => {
      await refuse.promise
      return { answer: { from: 'token', status: 401, body: { error: 'invalid_client' } } }
    }
    const calls = Array.from({ length: 20 }, () => outcome(first.session.fetch(`${api}/x`)))
    await turns()
    refuse.resolve()
    expect(await Promise.all(calls)).toEqual(calls.map(() => 'misconfigured'))
    expect([server.refreshes.length, first.session.state.status]).toEqual([1, 'active'])
  })

  it('A5 the token endpoint is never asked with what a resource said about it', async () => {
    const { first, server, device } = await signedIn({ lifetimeSeconds: 5 })
    await device.clock.advance(6_000)
    server.onRefresh = async () => ({ answer: { from: 'token', status: 401 } })
    expect(await outcome(first.session.fetch(`${api}/x`))).toBe('unreachable')
    expect([server.refreshes.length, first.sent, first.ends]).toEqual([1, [], []])
  })
})

describe('a token that is due', () => {
  it('C3 is used while the next one is fetched: nobody waits', async () => {
    const { first, server, device } = await signedIn({ lifetimeSeconds: 20 })
    await device.clock.advance(18_500)
    const answer = Promise.withResolvers<void>()
    const rotate = server.onRefresh
    server.onRefresh = async (refresh, signal) => {
      await answer.promise
      return rotate(refresh, signal)
    }
    expect(await outcome(first.session.fetch(`${api}/x`))).toBe(200)
    await turns()
    expect([first.sent, server.refreshes.length]).toEqual([['at-1'], 1])
    answer.resolve()
    await turns()
    expect(device.row()?.generation).toBe(1)
  })

  it('C2 after eight hours of sleep the first request goes out with a new one, and nothing ends', async () => {
    const { first, server, device } = await signedIn()
    first.context.freeze()
    device.clock.stepWall(8 * 3_600_000)
    first.context.thaw()
    expect(await outcome(first.session.fetch(`${api}/x`))).toBe(200)
    expect([first.sent, server.refreshes.length, first.ends]).toEqual([['at-2'], 1, []])
  })
})
