/** How often the server is asked, and how soon an end is known: focus, flapping and failing feeds cost little, and the promised bound holds. */
import { describe, expect, it, vi } from 'vitest'
import { api, outcome, revoked, scene, sessionAnswer, signedIn, signIn, turns } from '../test/scene.ts'

describe('looking at a page', () => {
  it('E6 a hundred times tells nobody anything, refreshes nothing, and asks the server once', async () => {
    const { tabs, first, server, device } = await signedIn({ tabs: 3 })
    await device.clock.advance(11_000)
    const asked = vi.spyOn(server, 'onSession')
    for (const { states } of tabs) states.length = 0
    device.posted.length = 0
    for (let look = 0; look < 100; look += 1) {
      first.context.look()
      await turns(1)
    }
    expect(asked.mock.calls.length).toBeLessThanOrEqual(1)
    expect([device.posted, server.refreshes, tabs.flatMap(({ states }) => states), tabs.flatMap(({ sent }) => sent)]).toEqual([[], [], [], []])
  })

  it('E6 one refresh in one of ten tabs makes the other nine ask nobody, tell nobody and show nothing', async () => {
    const { tabs, server, device } = await signedIn({ tabs: 10, lifetimeSeconds: 5 })
    await device.clock.advance(6_000)
    const asked = vi.spyOn(server, 'onSession')
    for (const { states } of tabs) states.length = 0
    device.posted.length = 0
    expect(await outcome(tabs[4]!.session.fetch(`${api}/x`))).toBe(200)
    await turns()
    expect([asked.mock.calls.length, server.refreshes.length]).toEqual([0, 1])
    expect(device.posted.map((message) => (message as { type: string }).type)).toEqual(['changed'])
    expect(tabs.flatMap(({ states }) => states)).toEqual([])
  })
})

describe('a page that is shown and hidden all the time while its feed fails', () => {
  it('F6 connects with growing pauses and asks at most every 10 s, however often it is looked at', async () => {
    const { first, server, device } = await signedIn()
    let connects = 0
    const connection = server.authority.connect({} as never)
    vi.spyOn(connection, 'feed').mockImplementation(async () => {
      connects += 1
      return { from: 'feed', failed: 'closed' }
    })
    server.features = { ...server.features, feed: true }
    await device.clock.advance(6_000)
    const asked = vi.spyOn(server, 'onSession')
    const before = connects
    for (let second = 0; second < 60; second += 1) {
      for (let flap = 0; flap < 5; flap += 1) {
        first.context.visible = !first.context.visible
        if (first.context.visible) first.context.look()
      }
      await device.clock.advance(1_000)
    }
    // Pauses of 0.25 s at least, doubling up to 15 s at least.
    expect(connects).toBeGreaterThan(2)
    expect(connects - before).toBeLessThanOrEqual(10)
    // One for each connection that failed, one every 30 s, one every 10 s for the looks.
    expect(asked.mock.calls.length).toBeLessThanOrEqual(connects - before + 2 + 6)
    expect([first.session.state.status, first.ends]).toEqual(['active', []])
  })
})

describe('a revocation is known within `detection.withinMs`', () => {
  it.each(['feed', 'poll', 'refresh'] as const)('P7 F1 by %s, in a tab that nobody looks at', async (via) => {
    const { first, server, device, sid } = await signedIn({ lifetimeSeconds: 40 })
    first.context.visible = false
    server.features = { ...server.features, session: via !== 'refresh', feed: via === 'feed' }
    first.session.stop()
    await first.session.start()
    await device.clock.advance(7_000)
    const { detection } = first.session
    expect(detection.via).toBe(via)
    const body = revoked(sid)
    server.onSession = sessionAnswer(body)
    server.onRefresh = async () => ({ answer: { from: 'token', status: 400, body: { error: 'invalid_grant' } } })
    const at = device.clock.monotonic()
    // The feed says nothing of it: a stream that went silent is the worst case.
    while (first.ends.length === 0 && device.clock.monotonic() - at <= detection.withinMs) await device.clock.advance(1_000)
    expect(first.ends).toEqual([via === 'refresh' ? 'expired' : 'revoked'])
  })

  it('P7 F1 at once by whoever asks before a payment', async () => {
    const { first, server, device, sid } = await signedIn()
    await device.clock.advance(1)
    server.onSession = sessionAnswer(revoked(sid))
    expect(await outcome(first.session.assertFresh({ withinMs: 0 }))).toBe('session-ended')
  })

  it('P7 F1 by whoever asks before a payment, also while an earlier question is still on its way', async () => {
    const { first, server, device, sid } = await signedIn()
    const alive = server.onSession
    const slow = Promise.withResolvers<void>()
    server.onSession = () => slow.promise.then(alive)
    const earlier = outcome(first.session.confirm())
    await device.clock.advance(5_000)
    server.onSession = sessionAnswer(revoked(sid))
    const calls = Promise.all([1, 2].map(() => outcome(first.session.assertFresh({ withinMs: 1_000 }))))
    await turns()
    slow.resolve()
    expect(await calls).toEqual(['session-ended', 'session-ended'])
    expect(await earlier).toBe('alive')
  })
})

describe('a pause that the server asked for', () => {
  it('P7 A14 is in `detection.withinMs` for as long as it lasts', async () => {
    const { first, server, device, sid } = await signedIn()
    server.onSession = async () => ({ from: 'session', status: 429, retryAfterMs: 300_000 })
    expect(await first.session.confirm()).toBe('unknown')
    expect(first.session.detection).toMatchObject({ via: 'poll', withinMs: 330_000 })
    await device.clock.advance(60_000)
    const { withinMs } = first.session.detection
    expect(withinMs).toBe(270_000)
    server.onSession = sessionAnswer(revoked(sid))
    const at = device.clock.monotonic()
    while (first.ends.length === 0 && device.clock.monotonic() - at <= withinMs) await device.clock.advance(5_000)
    expect(first.ends).toEqual(['revoked'])
  })

  it('A14 is one for refreshes alone: a sign-in in the middle of it is not held back, and works at once', async () => {
    const made = await signedIn({ lifetimeSeconds: 5 })
    const { first, server, device } = made
    const rotate = server.onRefresh
    server.onRefresh = async () => ({ answer: { from: 'token', status: 429, retryAfterMs: 600_000 } })
    await device.clock.advance(6_000)
    expect(await outcome(first.session.fetch(`${api}/x`))).toBe('unreachable')
    server.onRefresh = rotate
    await signIn(made, first)
    expect(await outcome(first.session.fetch(`${api}/x`))).toBe(200)
    expect(server.refreshes).toHaveLength(1)
  })
})

describe('no session', () => {
  it('F7 is told apart from one that could not be renewed, one that ended, and one that is not known yet', async () => {
    const { first } = scene()
    expect(first.session.state).toEqual({ status: 'restoring' })
    await first.session.start()
    expect(first.session.state).toEqual({ status: 'signed-out' })

    const made = await signedIn({ lifetimeSeconds: 5 })
    made.server.onRefresh = async () => ({ answer: { from: 'token', failed: 'network' } })
    await made.device.clock.advance(3_600_000 / 60)
    expect(await outcome(made.first.session.fetch(`${api}/x`))).toBe('unreachable')
    expect(made.first.session.state).toMatchObject({ status: 'active', session: { subject: 'mira' } })
    made.server.onSession = sessionAnswer(revoked(made.sid))
    expect(await made.first.session.confirm()).toBe('ended')
    expect(made.first.session.state).toMatchObject({ status: 'signed-out', end: { cause: 'revoked', by: 'admin' } })
  })
})
