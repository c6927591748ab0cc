/** The session on one device in memory: sign-in, requests, refresh, ends. */
import { describe, expect, it } from 'vitest'
import { createSession, isSessionError, type SessionState } from './index.ts'
import { createDevice, scriptedAuthority } from './testing/index.ts'
import { eventually } from '../test/eventually.ts'

const api = 'https://api.test'
const revoked = (sid: string) => ({ active: false, type: 'https://id.test/problems/session-revoked', sid, initiating_entity: 'admin', reason: 'password-changed', event_timestamp: 4_000_000_000 })

function setUp(contexts = 1) {
  const device = createDevice()
  const server = scriptedAuthority(() => device.clock.now())
  const tabs = Array.from({ length: contexts }, () => {
    const context = device.context()
    const session = createSession({ authority: server.authority, platform: context.platform, origins: [api] })
    const states: SessionState[] = []
    session.subscribe((state) => states.push(state))
    return { context, session, states }
  })
  return { device, server, tabs, first: tabs[0]! }
}

async function signedIn(contexts = 1, lifetimeSeconds = 300) {
  const all = setUp(contexts)
  for (const { session } of all.tabs) await session.start()
  all.server.pending = all.server.grant('mira', lifetimeSeconds)
  const grant = all.server.pending
  all.first.session.stop()
  await all.first.session.start()
  await eventually(() => expect(all.tabs.map(({ session }) => session.state.status)).toEqual(all.tabs.map(() => 'active')))
  return { ...all, sid: grant.sid!, grant }
}

describe('one context', () => {
  it('is signed out on a device where nobody signed in', async () => {
    const { first } = setUp()
    await first.session.start()
    expect(first.session.state).toEqual({ status: 'signed-out' })
    await expect(first.session.fetch(`${api}/x`)).rejects.toMatchObject({ code: 'signed-out' })
  })

  it('sends requests with its token, and only to its origins', async () => {
    const { first } = await signedIn()
    const seen: (string | null)[] = []
    first.context.fetch = async (request) => {
      seen.push(request.headers.get('authorization'))
      return new Response('ok')
    }
    expect(await (await first.session.fetch(`${api}/x`)).text()).toBe('ok')
    expect(seen).toEqual(['Bearer at-1'])
    await expect(first.session.fetch('https://evil.test/x')).rejects.toMatchObject({ code: 'origin-not-allowed' })
    expect(seen).toHaveLength(1)
  })

  it('adopt() begins a session with the tokens of an own sign-in page; the session endpoint names it, so that its end can be proven', async () => {
    const { first, server, device } = setUp()
    await first.session.start()
    const { sid } = server.grant()
    await first.session.adopt({ accessToken: 'own', refreshToken: 'own-rt', expiresAt: device.clock.now() + 60_000, subject: 'mira' })
    expect(first.session.state).toMatchObject({ status: 'active', session: { subject: 'mira', sid } })
    const seen: (string | null)[] = []
    first.context.fetch = async (request) => {
      seen.push(request.headers.get('authorization'))
      return new Response('ok')
    }
    await first.session.fetch(`${api}/x`)
    expect(seen).toEqual(['Bearer own'])
    server.onSession = async () => ({ from: 'session', status: 200, body: revoked(sid!) })
    expect(await first.session.confirm()).toBe('ended')
  })

  it('P7 F1 assertFresh() asks the server only when the last proof is too old, and rejects when there is none', async () => {
    const { first, server, device } = await signedIn()
    let asked = 0
    const alive = server.onSession
    server.onSession = async () => {
      asked += 1
      return alive()
    }
    await first.session.assertFresh({ withinMs: 60_000 })
    expect(asked).toBe(0)
    await device.clock.advance(10_000)
    await first.session.assertFresh({ withinMs: 5_000 })
    expect(asked).toBe(1)
    server.onSession = async () => ({ from: 'session', failed: 'network' })
    await device.clock.advance(10_000)
    await expect(first.session.assertFresh({ withinMs: 5_000 })).rejects.toMatchObject({ code: 'not-fresh' })
    expect(first.session.state.status).toBe('active')
  })

  it('P4 decision 8 a refresh token that is refused without a reason is not believed while the server says that the session lives', async () => {
    const { first, server, device } = await signedIn(1, 5)
    const rotate = server.onRefresh
    server.onRefresh = async (refresh, signal) =>
      server.refreshes.length === 1 ? { answer: { from: 'token', status: 400, body: { error: 'invalid_grant' } } } : rotate(refresh, signal)
    await device.clock.advance(6_000)
    await first.session.fetch(`${api}/x`).catch(() => undefined)
    expect(server.refreshes).toHaveLength(2)
    expect(first.session.state.status).toBe('active')
    expect((await first.session.fetch(`${api}/x`)).ok).toBe(true)
  })

  it('P3 A2 fifty requests that meet a 401 share one refresh', async () => {
    const { first, server } = await signedIn()
    first.context.fetch = async (request) =>
      request.headers.get('authorization') === 'Bearer at-1' ? new Response('', { status: 401 }) : new Response('ok')
    const answers = await Promise.all(Array.from({ length: 50 }, () => first.session.fetch(`${api}/x`)))
    expect(answers.every((answer) => answer.ok)).toBe(true)
    expect(server.refreshes).toHaveLength(1)
  })

  it('P4 A5 an endpoint that always says 401 gets two sends, and the caller its 401', async () => {
    const { first, server } = await signedIn()
    let sends = 0
    first.context.fetch = async () => {
      sends += 1
      return new Response('', { status: 401 })
    }
    expect((await first.session.fetch(`${api}/x`)).status).toBe(401)
    expect([sends, server.refreshes.length, first.session.state.status]).toEqual([2, 1, 'active'])
  })

  it('P1 a 401 with proof ends the session before the caller learns of it', async () => {
    const { first, sid, device } = await signedIn()
    const ends: unknown[] = []
    first.session.onEnd((end, report) => ends.push([end.cause, end.reason, report.complete]))
    first.context.fetch = async () => Response.json(revoked(sid), { status: 401, headers: { 'content-type': 'application/problem+json' } })
    const failure = await first.session.fetch(`${api}/x`).catch((error: unknown) => error)
    expect(isSessionError(failure, 'session-ended')).toBe(true)
    expect(device.row()?.live).toBeUndefined()
    await eventually(() => expect(ends).toEqual([['revoked', 'password-changed', true]]))
    expect(first.session.state.status).toBe('signed-out')
  })
})

describe('several contexts', () => {
  it('P1 E1 a sign-out in one ends all', async () => {
    const { tabs, server } = await signedIn(4)
    const result = await tabs[1]!.session.signOut()
    expect(result).toMatchObject({ remote: 'revoked', purge: { complete: true } })
    await eventually(() => expect(tabs.map(({ session }) => session.state.status)).toEqual(tabs.map(() => 'signed-out')))
    expect(server.revoked).toEqual(['rt-1'])
  })

  it('P3 A1 ten contexts refresh a spent token once', async () => {
    const { tabs, server, device } = await signedIn(10, 5)
    await device.clock.advance(6_000)
    await Promise.all(tabs.map(({ session }) => session.fetch(`${api}/x`)))
    expect(server.refreshes).toHaveLength(1)
    expect(device.row()?.generation).toBe(1)
  })

  it('P5 A15 a refresh that answers after the end is discarded and its token given back', async () => {
    const { tabs, server, device } = await signedIn(2, 5)
    const answer = Promise.withResolvers<void>()
    const rotate = server.onRefresh
    server.onRefresh = async (refresh, signal) => {
      await answer.promise
      return rotate(refresh, signal)
    }
    await device.clock.advance(6_000)
    const call = tabs[0]!.session.fetch(`${api}/x`).catch((error: unknown) => error)
    await eventually(() => expect(server.refreshes).toHaveLength(1))
    await tabs[1]!.session.signOut()
    answer.resolve()
    expect(isSessionError(await call, 'session-ended')).toBe(true)
    await eventually(() => expect(server.revoked).toEqual(['rt-1', 'rt-2']))
    expect(device.row()?.live).toBeUndefined()
  })

  it('P6 E9 a call held back as one account fails when another signs in; it is not sent on as the other', async () => {
    const { tabs, server, sid, device } = await signedIn(2)
    const [first, second] = tabs as [(typeof tabs)[number], (typeof tabs)[number]]
    const alive = server.onSession
    server.onSession = async () => ({ from: 'session', status: 200, body: { active: false, type: 'https://id.test/problems/account-suspended', sid } })
    await first.session.confirm()
    await device.clock.advance(200)
    const sent: (string | null)[] = []
    second.context.fetch = async (request) => {
      sent.push(request.headers.get('authorization'))
      return new Response('ok')
    }
    const call = second.session.fetch(`${api}/x`).then((answer) => answer.status, (error: { code: string }) => error.code)
    await eventually(() => expect(second.session.state).toMatchObject({ status: 'fenced', reason: 'suspended' }))
    // It sleeps through the change, and sees the other account in one look.
    second.context.freeze()
    server.onSession = alive
    server.pending = server.grant('jonas')
    first.session.stop()
    await first.session.start()
    second.context.thaw()
    await eventually(() => expect(second.session.state).toMatchObject({ status: 'active', session: { subject: 'jonas' } }))
    expect([await call, sent]).toEqual(['session-ended', []])
  })

  it('P6 E9 a call made as one account is never sent as another', async () => {
    const { tabs, server } = await signedIn(2)
    const sent: (string | null)[] = []
    tabs[1]!.context.fetch = async (request) => {
      sent.push(request.headers.get('authorization'))
      return new Response('ok')
    }
    const ends: string[] = []
    tabs[1]!.session.onEnd((end) => ends.push(end.cause))
    server.pending = server.grant('jonas')
    tabs[0]!.session.stop()
    const begun = tabs[0]!.session.start()
    await begun
    await eventually(() => expect(ends).toEqual(['replaced']))
    await tabs[1]!.session.fetch(`${api}/x`)
    expect(sent).toEqual(['Bearer at-2'])
    expect(tabs[1]!.session.state).toMatchObject({ status: 'active', session: { subject: 'jonas' } })
  })
})
