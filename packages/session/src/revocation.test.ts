/** What ends a session, what only fences it, and what does neither. */
import { describe, expect, it, vi } from 'vitest'
import type { Answer } from './authority.ts'
import type { Ports } from './ports.ts'
import { eventually } from '../test/eventually.ts'
import { api, outcome, problem, problems, revoked, scene, sessionAnswer, signedIn, signIn, statuses, turns, watched, type Scene } from '../test/scene.ts'

/** Tokens without a refresh token, as an application with its own sign-in may have. */
async function accessOnly(session: boolean): Promise<Scene> {
  const made = scene()
  made.server.features = { ...made.server.features, session }
  await made.first.session.start()
  await made.first.session.adopt({ accessToken: 'at-own', subject: 'mira' })
  return made
}

describe('no false end', () => {
  it('P4 asking a server that has no session endpoint, without a refresh token, ends nothing', async () => {
    const { first, device } = await accessOnly(false)
    await device.clock.advance(1_000)
    expect(await first.session.confirm()).toBe('unknown')
    expect(await outcome(first.session.assertFresh({ withinMs: 0 }))).toBe('not-fresh')
    expect(first.session.state.status).toBe('active')
  })

  it.each([true, false])('P4 B2 a bare 401 without a refresh token goes to the caller and ends nothing (session endpoint: %s)', async (endpoint) => {
    const { first } = await accessOnly(endpoint)
    first.context.fetch = async () => new Response('', { status: 401 })
    expect(await outcome(first.session.fetch(`${api}/x`))).toBe(401)
    expect(first.session.state.status).toBe('active')
  })

  it.each([
    ['503', { from: 'token', status: 503 }],
    ['429', { from: 'token', status: 429, retryAfterMs: 5_000 }],
    ['no network', { from: 'token', failed: 'network' }],
  ] as const)('P4 an unknown token stays a doubt while the refresh in between meets %s', async (_name, answer) => {
    const { first, server, device, sid } = await signedIn()
    server.onSession = sessionAnswer({ active: false })
    const rotate = server.onRefresh
    server.onRefresh = async () => ({ answer })
    await first.session.confirm()
    expect(first.session.state).toMatchObject({ status: 'fenced', reason: 'suspect' })
    server.onRefresh = rotate
    server.onSession = sessionAnswer({ active: true, sid })
    await device.clock.advance(10_000)
    expect(first.session.state.status).toBe('active')
  })

  it('B4 a 401 whose body happens to have a `sid` of something else is still an expired token', async () => {
    const { first } = await signedIn()
    first.context.fetch = async (request) =>
      request.headers.get('authorization') === 'Bearer at-1' ? problem({ type: 'about:blank', sid: 'request-7' }) : new Response('ok')
    expect(await outcome(first.session.fetch(`${api}/x`))).toBe(200)
  })
})

describe('suspended', () => {
  it('P7 fences every tab, also one that only read of it, and lifts in every tab', async () => {
    const { tabs, server, device, sid } = await signedIn({ tabs: 3 })
    const [first, , third] = tabs
    server.onSession = sessionAnswer({ active: false, type: `${problems}/account-suspended`, sid })
    expect(await first?.session.confirm()).toBe('suspended')
    await device.clock.advance(200)
    const call = watched(third!.session.fetch(`${api}/x`))
    await eventually(() => expect(third?.session.state).toMatchObject({ status: 'fenced', reason: 'suspended' }))
    expect(third?.sent).toEqual([])
    server.onSession = sessionAnswer({ active: true, sid })
    await device.clock.advance(5_000)
    expect(tabs.map(({ session }) => session.state.status)).toEqual(['active', 'active', 'active'])
    expect(call.result).toBe(200)
  })
})

describe('asking', () => {
  it('A13 a session endpoint that never answers, not even to its signal, is not waited for longer than 10 s, and asked again', async () => {
    const { first, server, device, sid } = await signedIn()
    server.onSession = () => new Promise(() => {})
    const asked = watched(first.session.confirm())
    await device.clock.advance(10_100)
    expect(asked.result).toBe('unknown')
    server.onSession = sessionAnswer({ active: true, sid })
    expect(await first.session.confirm()).toBe('alive')
  })

  it('P7 many questions at once are one', async () => {
    const { first, server } = await signedIn()
    const asked = vi.fn(server.onSession)
    server.onSession = asked
    expect(await Promise.all(Array.from({ length: 20 }, () => first.session.confirm()))).toEqual(Array.from({ length: 20 }, () => 'alive'))
    expect(asked).toHaveBeenCalledTimes(1)
  })

  it('P1 P6 a proof that is written down after somebody else signed in lifts no fence of theirs', async () => {
    let slow: Promise<void> | undefined
    const slowly = (ports: Ports): Ports => ({ ...ports, store: { ...ports.store, change: (...change) => Promise.resolve(slow).then(() => ports.store.change(...change)) } })
    const made = await signedIn({ tabs: 2, ports: (ports, tab) => (tab === 0 ? slowly(ports) : ports) })
    const { first, second, server, device } = made
    // The last proof is too old to do for this one.
    await device.clock.advance(6_000)
    const { promise, resolve } = Promise.withResolvers<void>()
    slow = promise
    const asked = outcome(first.session.confirm())
    await turns()
    slow = undefined
    await signIn(made, second, 'otto')
    await eventually(() => expect(first.session.state).toMatchObject({ status: 'active', session: { subject: 'otto' } }))
    server.onSession = async () => ({ from: 'session', failed: 'network' })
    first.context.fetch = async () => problem({ type: `${problems}/session-revoked` })
    const call = watched(first.session.fetch(`${api}/x`))
    await statuses([first], 'fenced')
    resolve()
    expect(await asked).toBe('ended')
    await turns()
    expect([first.session.state.status, call.result]).toEqual(['fenced', 'pending'])
  })

  it('P6 an answer that arrives after somebody else signed in ends nothing', async () => {
    const made = await signedIn()
    const { first, server, sid } = made
    const answer = Promise.withResolvers<void>()
    const late = vi.fn(async (): Promise<Answer> => {
      await answer.promise
      return { from: 'session', status: 200, body: revoked(sid) }
    })
    const alive = server.onSession
    server.onSession = late
    const asked = watched(first.session.confirm())
    await eventually(() => expect(late).toHaveBeenCalledTimes(1))
    server.onSession = alive
    await signIn(made, first, 'jonas')
    answer.resolve()
    await turns()
    expect(first.session.state).toMatchObject({ status: 'active', session: { subject: 'jonas' } })
    expect([asked.result, first.ends]).toEqual(['ended', ['replaced']])
  })
})

describe('doubt', () => {
  it('P4 about a session that lives is lifted by the first answer that says so', async () => {
    const { first, server, device, sid } = await signedIn()
    server.onSession = async () => ({ from: 'session', status: 503 })
    first.context.fetch = async () => problem(revoked(undefined))
    const call = watched(first.session.fetch(`${api}/x`))
    await turns()
    expect(first.session.state).toMatchObject({ status: 'fenced', reason: 'suspect' })
    server.onSession = sessionAnswer({ active: true, sid })
    await device.clock.advance(3_000)
    expect([first.session.state.status, call.result, first.ends]).toEqual(['active', 401, []])
  })

  it('P4 that the server repeats after a refresh is the end, as an expiry', async () => {
    const { first, server, device } = await signedIn()
    server.onSession = sessionAnswer({ active: false })
    expect(await first.session.confirm()).toBe('ended')
    expect([first.ends, device.row()?.vault.length, server.refreshes.length]).toEqual([['expired'], 1, 1])
  })

  it('P4 F7 of a plain server that refuses the grant is the end, as an expiry', async () => {
    const { first, server, device } = await signedIn({ lifetimeSeconds: 5 })
    server.features = { ...server.features, session: false }
    server.onRefresh = async () => ({ answer: { from: 'token', status: 400, body: { error: 'invalid_grant' } } })
    await device.clock.advance(6_000)
    expect(await outcome(first.session.fetch(`${api}/x`))).toBe('session-ended')
    await eventually(() => expect(first.ends).toEqual(['expired']))
  })

  it('P4 of a plain server that says the account is suspended is no end', async () => {
    const { first, server, device, sid } = await signedIn({ lifetimeSeconds: 5 })
    server.features = { ...server.features, session: false }
    const rotate = server.onRefresh
    server.onRefresh = async () => ({ answer: { from: 'token', status: 400, body: { error: 'invalid_grant', error_uri: `${problems}/account-suspended`, sid } } })
    await device.clock.advance(6_000)
    const call = watched(first.session.fetch(`${api}/x`))
    await device.clock.advance(3_000)
    expect(first.session.state).toMatchObject({ status: 'fenced', reason: 'suspended' })
    server.onRefresh = rotate
    await device.clock.advance(6_000)
    expect([first.session.state.status, call.result, first.ends]).toEqual(['active', 200, []])
  })
})
