/** A token for one job: who gets it, when it is had anew, and that it is gone with its session. */
import { describe, expect, it, vi } from 'vitest'
import type { NarrowOptions } from './index.ts'
import type { TokenAnswer } from './authority.ts'
import { mergeTokens } from './tokens.ts'
import { eventually } from '../test/eventually.ts'
import { answering } from '../test/answering.ts'
import { api, outcome, problem, problems, revoked, scene, sessionAnswer, signedIn, signIn, statuses, turns, watched } from '../test/scene.ts'

const uploads = { scope: 'uploads:write' }
const spent = (): Response => new Response(null, { status: 401, headers: { 'www-authenticate': 'Bearer error="invalid_token"' } })

describe('narrow()', () => {
  it.each<readonly [string, unknown]>([
    ['scope', ''], ['scope', 7], ['scope', 'a  b'], ['scope', ' a'], ['scope', 'a"'], ['scope', null], ['resource', 'uploads'], ['resource', ''], ['resource', 7], ['resource', []],
    ['resource', ['https://a.test', '/b']], ['resource', 'https://a.test/#part'], ['resource', null], ['surprise', 1],
  ])('bad input: "%s" as %j is a TypeError that names it', (name, value) => {
    const { session } = scene().first
    expect(() => session.narrow({ [name]: value })).toThrow(TypeError)
    expect(() => session.narrow({ [name]: value })).toThrow(`"${name}"`)
  })

  it.each<readonly [unknown]>([[undefined], [null], ['uploads:write'], [{}], [{ scope: undefined }]])('bad input: %j is a TypeError that names both options', (given) => {
    const { session } = scene().first
    expect(() => session.narrow(given as NarrowOptions)).toThrow(TypeError)
    expect(() => session.narrow(given as NarrowOptions)).toThrow(/"scope".*"resource"/)
  })

  it('asks for nothing before it is used, and may be called before the start', async () => {
    const made = scene()
    const narrow = made.first.session.narrow(uploads)
    const call = watched(narrow.fetch(`${api}/x`))
    await turns()
    expect([call.result, made.server.refreshes]).toEqual(['pending', []])
    await signIn(made, made.first)
    await turns(20)
    expect([call.result, made.server.refreshes.length]).toEqual(['signed-out', 0])
    expect([await outcome(narrow.fetch(`${api}/x`)), made.server.refreshes.length]).toEqual([200, 1])
  })

  it('asks for the scope and the resources that were named, in one order', async () => {
    const { first, server } = await signedIn()
    await first.session.narrow({ scope: 'b a b', resource: [new URL('https://b.test/x'), 'https://a.test', 'urn:files'] }).fetch(`${api}/x`)
    await first.session.narrow({ resource: 'https://a.test' }).fetch(`${api}/x`)
    expect(server.refreshes.map(({ narrow }) => narrow)).toEqual([
      { scope: 'a b', resource: ['https://a.test', 'https://b.test/x', 'urn:files'] }, { resource: ['https://a.test'] },
    ])
  })
})

describe('a request with a token for one job', () => {
  it('P8 carries that token and no other, which is in no record and no message', async () => {
    const { first, device, server } = await signedIn()
    const own = device.row()?.live?.tokens.accessToken
    expect(await outcome(first.session.narrow(uploads).fetch(`${api}/x`))).toBe(200)
    await first.session.fetch(`${api}/x`)
    const [narrow = ''] = first.sent
    expect([first.sent, server.refreshes.length]).toEqual([[narrow, own], 1])
    expect(narrow).not.toBe(own)
    expect(JSON.stringify([device.row(), device.posted, first.session.diagnostics(), first.states])).not.toContain(narrow)
  })

  it('A2 shares it with all calls for the same job of this context', async () => {
    const { first, server } = await signedIn()
    const calls = ['b a', 'a b', 'a b'].map((scope) => outcome(first.session.narrow({ scope }).fetch(`${api}/x`)))
    expect([await Promise.all(calls), server.refreshes.length, new Set(first.sent).size]).toEqual([[200, 200, 200], 1, 1])
    expect(await first.session.narrow({ scope: 'a b' }).authorize({ method: 'PATCH', url: `${api}/x` })).toEqual({ authorization: `Bearer ${first.sent[0]}` })
    await first.session.narrow({ scope: 'a' }).fetch(`${api}/x`)
    expect([server.refreshes.length, new Set(first.sent).size]).toEqual([2, 2])
  })

  it('C3 has another when it is due, beside the request, and waits for one when it is spent', async () => {
    const { first, server, device } = await signedIn({ lifetimeSeconds: 3_600 })
    let made = 0
    server.onRefresh = async () => ({ tokens: mergeTokens(undefined, { access_token: `at-narrow-${(made += 1)}`, token_type: 'Bearer', expires_in: 10, scope: uploads.scope }, device.clock.now()) })
    const narrow = first.session.narrow(uploads)
    await narrow.fetch(`${api}/x`)
    await device.clock.advance(9_100)
    await narrow.fetch(`${api}/x`)
    await turns()
    expect([server.refreshes.length, first.sent[1]]).toEqual([2, first.sent[0]])
    await narrow.fetch(`${api}/x`)
    await device.clock.advance(11_000)
    await narrow.fetch(`${api}/x`)
    expect(first.sent).toEqual([1, 1, 2, 3].map((number) => `at-narrow-${number}`))
  })

  it('A5 that is refused as spent has another once, asks for the session once, and leaves the session\'s own token alone', async () => {
    const { first, server, asked, sent, device } = await answering([spent, spent, spent])
    expect(await outcome(first.session.narrow(uploads).fetch(`${api}/x`))).toBe(401)
    expect([sent.length, new Set(sent).size, server.refreshes.map(({ narrow }) => narrow), asked.mock.calls.length]).toEqual([2, 2, [uploads, uploads], 1])
    expect(device.row()).toMatchObject({ generation: 0, mints: 2 })
  })

  it('A3 that was refused after another call had a newer one is sent again with that, and nothing is asked', async () => {
    const { first, server } = await signedIn()
    const narrow = first.session.narrow(uploads)
    await narrow.fetch(`${api}/x`)
    const held = Promise.withResolvers<void>()
    const sent: (string | null)[] = []
    first.context.fetch = async (request) => {
      const number = sent.push(request.headers.get('authorization'))
      if (number === 1) await held.promise
      return number <= 2 ? spent() : new Response('ok')
    }
    const slow = watched(narrow.fetch(`${api}/slow`))
    await turns()
    expect(await outcome(narrow.fetch(`${api}/quick`))).toBe(200)
    held.resolve()
    await turns(20)
    expect([slow.result, server.refreshes.length, sent[0] === sent[1], sent[3]]).toEqual([200, 2, true, sent[2]])
  })

  it('F1 that is told of the end ends the session before its caller learns of it', async () => {
    const { first, sid, sent } = await answering([() => problem(revoked(sid)), spent])
    expect([await outcome(first.session.narrow(uploads).fetch(`${api}/x`)), first.session.state.status, sent.length]).toEqual(['session-ended', expect.stringMatching(/purging|signed-out/), 1])
  })

  it('P1 is held back by a fence, and goes to no other origin', async () => {
    const { first, server, sid, device } = await signedIn()
    const narrow = first.session.narrow(uploads)
    expect(await outcome(narrow.fetch('https://elsewhere.test/'))).toBe('origin-not-allowed')
    expect(await outcome(narrow.authorize({ method: 'GET', url: 'https://elsewhere.test/' }))).toBe('origin-not-allowed')
    server.onSession = sessionAnswer({ active: false, type: `${problems}/account-suspended`, sid })
    await first.session.confirm()
    const call = watched(narrow.fetch(`${api}/x`))
    await device.clock.advance(11_000)
    expect([call.result, server.refreshes, first.sent]).toEqual(['fenced', [], []])
  })

  it('has a stronger one after the sign-in was made stronger', async () => {
    const weak = () => new Response(null, { status: 401, headers: { 'www-authenticate': 'Bearer error="insufficient_user_authentication"' } })
    const stepUp = vi.fn(async () => undefined)
    const { first, sent } = await answering([weak], { stepUp })
    expect([await outcome(first.session.narrow(uploads).fetch(`${api}/x`)), stepUp.mock.calls.length, new Set(sent).size]).toEqual([200, 1, 2])
  })
})

describe('a token for one job is gone', () => {
  it('P1 P5 with the session, also for calls of before', async () => {
    const made = await signedIn()
    const { first, server } = made
    const narrow = first.session.narrow(uploads)
    await narrow.fetch(`${api}/x`)
    await first.session.signOut()
    expect([await outcome(narrow.fetch(`${api}/x`)), first.sent.length]).toEqual(['signed-out', 1])
    await signIn(made, first)
    await narrow.fetch(`${api}/x`)
    expect([server.refreshes.length, new Set(first.sent).size]).toEqual([2, 2])
  })

  it('P6 when somebody else signs in, in whichever tab', async () => {
    const made = await signedIn({ tabs: 2 })
    const { first, second, server } = made
    const narrow = first.session.narrow(uploads)
    await narrow.fetch(`${api}/x`)
    await signIn(made, second, 'jonas')
    await eventually(() => expect(first.session.state).toMatchObject({ status: 'active', session: { subject: 'jonas' } }))
    await narrow.fetch(`${api}/x`)
    expect([server.refreshes.length, new Set(first.sent).size]).toEqual([2, 2])
  })

  it('with stop()', async () => {
    const { first, server } = await signedIn()
    const narrow = first.session.narrow(uploads)
    await narrow.fetch(`${api}/x`)
    first.session.stop()
    expect(await outcome(narrow.fetch(`${api}/x`))).toBe('fenced')
    await first.session.start()
    await narrow.fetch(`${api}/x`)
    expect([server.refreshes.length, new Set(first.sent).size]).toEqual([2, 2])
  })

  it('P5 when it comes after the end: the refresh token that came with it is given back', async () => {
    const { first, server, device } = await signedIn()
    const answer = Promise.withResolvers<TokenAnswer>()
    server.onRefresh = () => answer.promise
    const call = watched(first.session.narrow(uploads).fetch(`${api}/x`))
    await turns(20)
    await first.session.signOut()
    answer.resolve({ tokens: mergeTokens(undefined, { access_token: 'at-late', token_type: 'Bearer', refresh_token: 'rt-late', scope: uploads.scope }, 0) })
    await statuses([first], 'signed-out')
    await eventually(() => expect(server.revoked).toContain('rt-late'))
    expect([call.result, first.sent, device.row()?.live]).toEqual(['session-ended', [], undefined])
  })

  it('P6 when it comes after somebody else has signed in: the call is not sent, and the token given back', async () => {
    const made = await signedIn({ tabs: 2 })
    const { first, second, server } = made
    const answer = Promise.withResolvers<TokenAnswer>()
    server.onRefresh = () => answer.promise
    const call = watched(first.session.narrow(uploads).fetch(`${api}/x`))
    await turns(20)
    await signIn(made, second, 'jonas')
    answer.resolve({ tokens: mergeTokens(undefined, { access_token: 'at-late', token_type: 'Bearer', refresh_token: 'rt-late', scope: uploads.scope }, 0) })
    await eventually(() => expect(server.revoked).toContain('rt-late'))
    expect([call.result, first.sent]).toEqual([expect.stringMatching(/^session-(ended|changed)$/), []])
  })
})
