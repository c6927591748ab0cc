/** The OAuth authority against servers and networks that answer anything: only the server's own proof ends a session. */
import { describe, expect, it } from 'vitest'
import { createSession } from '../../index.ts'
import { createDevice } from '../../testing/index.ts'
import { outcome, turns, watched } from '../../../test/scene.ts'
import { oauth } from './index.ts'

const issuer = 'https://id.test'
const api = 'https://api.test'
const metadata = {
  issuer, authorization_endpoint: `${issuer}/authorize`, token_endpoint: `${issuer}/token`, revocation_endpoint: `${issuer}/revoke`,
  session_endpoint: `${issuer}/session`, session_events_endpoint: `${issuer}/events`, idempotency_supported: true,
}
const html = (status: number, text = '<html>Please accept our terms</html>') => new Response(text, { status, headers: { 'content-type': 'text/html' } })
const json = (body: unknown, status = 200, headers: Record<string, string> = {}) => Response.json(body, { status, headers })
type Answer = (request: Request) => Response | Promise<Response>

/** A session whose server answers by path; what is not given here answers as a good one. */
async function served({ lifetimeMs = 5_000, more = {} }: { lifetimeMs?: number; more?: Record<string, unknown> } = {}) {
  const device = createDevice()
  const context = device.context()
  const asked: Request[] = []
  const answers: Record<string, Answer> = {
    '/.well-known/openid-configuration': () => json({ ...metadata, ...more }),
    '/token': () => json({ access_token: `at.${asked.length}`, token_type: 'Bearer', expires_in: 300, refresh_token: `rt.${asked.length}` }),
    '/session': () => json({ active: true, sid: 'sid-1' }),
    '/events': () => html(404),
    '/revoke': () => new Response(''),
    '/x': (request) => new Response('', { status: request.headers.get('authorization') === 'Bearer at-own' ? 401 : 200 }),
  }
  context.fetch = async (request) => {
    asked.push(request.clone())
    return (answers[new URL(request.url).pathname] ?? (() => html(404)))(request)
  }
  const session = createSession({ authority: oauth({ issuer, clientId: 'shop', redirectUri: 'https://shop.test/' }), platform: context.platform, origins: [api] })
  await session.start()
  await session.adopt({ accessToken: 'at-own', refreshToken: 'rt-own', expiresAt: device.clock.now() + lifetimeMs, subject: 'mira', sid: 'sid-1' })
  const ends: string[] = []
  session.onEnd((end) => ends.push(end.cause))
  const at = (path: string) => asked.filter(({ url }) => new URL(url).pathname === path)
  return { device, context, session, answers, ends, at }
}

const refused = { error: 'invalid_grant', error_uri: `${issuer}/problems/session-revoked`, sid: 'sid-1' }
const over = { active: false, type: `${issuer}/problems/session-revoked`, sid: 'sid-1', event_timestamp: 4_000_000_000 }

/** Answers that say nothing of the session, whoever gives them. */
const noise: readonly (readonly [string, Answer])[] = [
  ['no connection', () => Promise.reject(new TypeError('Failed to fetch'))],
  ['a body that breaks off', () => new Response(new ReadableStream({ start: (controller) => controller.error(new TypeError('network error')) }), { status: 400, headers: { 'content-type': 'application/json' } })],
  ['200 and a portal\'s page', () => html(200)],
  ['200 and half a JSON', () => new Response('{"active":false,"ty', { headers: { 'content-type': 'application/json' } })],
  ['200 and a word of somebody else', () => json({ status: 'ok' })],
  ['a redirect to a portal', () => new Response(null, { status: 302, headers: { location: 'https://portal.test/' } })],
  ['an empty 401', () => new Response('', { status: 401 })],
  ['a gateway\'s 403', () => html(403)],
  ['404 while a gateway boots', () => html(404)],
  ['the proof, as a page', () => html(400, JSON.stringify(refused))],
  ...[407, 408, 425, 429, 500, 502, 503, 504, 511].map((status): readonly [string, Answer] => [`the proof under ${status}`, () => json({ ...refused, ...over }, status)]),
]

describe('an answer that proves nothing', () => {
  it.each(noise)('P4 B1 B2 %s of the token endpoint and of the session endpoint ends nothing, and the session goes on after it', async (_what, answer) => {
    const { device, session, answers, ends } = await served()
    const { '/token': token, '/session': alive } = answers
    Object.assign(answers, { '/token': answer, '/session': answer })
    await device.clock.advance(6_000)
    const call = watched(session.fetch(`${api}/x`))
    const asked = watched(session.confirm())
    await device.clock.advance(3_000)
    expect([asked.result, call.result, session.state.status, ends]).toEqual(['unknown', 'unreachable', 'active', []])
    Object.assign(answers, { '/token': token, '/session': alive })
    // A pause may have been asked for by a Retry-After; none here did.
    await device.clock.advance(5_000)
    expect(await session.confirm()).toBe('alive')
    expect(await outcome(session.fetch(`${api}/x`))).toBe(200)
  })

  it('P4 B1 and the proof itself does', async () => {
    const { session, answers, ends } = await served()
    answers['/session'] = () => json(over)
    expect(await session.confirm()).toBe('ended')
    await turns()
    expect(ends).toEqual(['revoked'])
  })
})

describe('a token response whose lifetime is', () => {
  it.each([0, -5, '300', 'soon', 1e6, 4e6, 1e12, null])('C4 %j: its tokens are kept and used, and no loop begins', async (seconds) => {
    const { device, session, answers, at } = await served()
    answers['/token'] = () => json({ access_token: `at.${at('/token').length}`, token_type: 'Bearer', expires_in: seconds, refresh_token: `rt.${at('/token').length}` })
    await device.clock.advance(6_000)
    for (let call = 0; call < 10; call += 1) {
      expect(await outcome(session.fetch(`${api}/x`))).toBe(200)
      await device.clock.advance(1_000)
    }
    expect(at('/token')).toHaveLength(1)
    expect(device.row()?.live?.tokens.refreshToken).toBe('rt.1')
  })
})

describe('a token response', () => {
  it.each<Record<string, unknown>>([{}, { refresh_token: null }, { refresh_token: '' }, { scope: null }])('A12 without what it need not have, as %j, keeps the refresh token that is there', async (more) => {
    const { device, session, answers, at } = await served()
    answers['/token'] = () => json({ access_token: `at.${at('/token').length}`, token_type: 'Bearer', expires_in: 300, ...more })
    await device.clock.advance(6_000)
    expect(await outcome(session.fetch(`${api}/x`))).toBe(200)
    expect(device.row()?.live?.tokens).toMatchObject({ accessToken: 'at.1', refreshToken: 'rt-own' })
  })

  it('P8 whose access token no header can carry is none, and no error shows it', async () => {
    const { device, session, answers } = await served()
    answers['/token'] = () => json({ access_token: 'canary\n2', token_type: 'Bearer', expires_in: 300, refresh_token: 'rt.2' })
    await device.clock.advance(6_000)
    expect(await outcome(session.fetch(`${api}/x`))).toBe('unreachable')
  })
})

describe('the feed', () => {
  const stream = (...events: string[]) => new Response(new Blob(events).stream(), { headers: { 'content-type': 'text/event-stream' } })

  it('F3 carries a new token and the last event id at each connection, and neither in its address', async () => {
    const { device, session, answers, at } = await served({ lifetimeMs: 300_000 })
    answers['/events'] = () => (at('/events').length === 1 ? stream('event: session\nid: 7\ndata: {"active":true,"sid":"sid-1"}\n\n') : new Response('', { status: 401 }))
    await device.clock.advance(6_000)
    await device.clock.advance(10_000)
    const [first, second, third] = at('/events')
    expect([first, second].map((request) => request?.headers.get('authorization'))).toEqual(['Bearer at-own', 'Bearer at-own'])
    expect([first?.headers.get('last-event-id'), second?.headers.get('last-event-id')]).toEqual([null, '7'])
    // The 401 brought one refresh, and the next connection its token.
    expect(third?.headers.get('authorization')).toMatch(/^Bearer at\.\d+$/)
    expect(at('/token')).toHaveLength(1)
    for (const { url } of at('/events')) expect(url).toBe(`${issuer}/events`)
    expect(session.state.status).toBe('active')
  })

  it.each([['ö'], ['漢'], ['x'.repeat(5_000)]])('F3 whose event id no header can carry is opened again without it (%#)', async (id) => {
    const { device, answers, at } = await served({ lifetimeMs: 300_000 })
    answers['/events'] = () => stream(`event: session\nid: 7\ndata: {"active":true,"sid":"sid-1"}\n\nevent: session\nid: ${id}\ndata: {"active":true,"sid":"sid-1"}\n\n`)
    await device.clock.advance(6_000)
    await device.clock.advance(10_000)
    expect(at('/events').length).toBeGreaterThan(1)
    expect(at('/events')[1]?.headers.get('last-event-id')).toBe(null)
  })

  it('that says goodbye is opened again when its server wants it to be, and the endpoint is not asked at once', async () => {
    const { device, answers, at } = await served({ lifetimeMs: 300_000 })
    answers['/events'] = () => stream('retry: 4000\n\nevent: session\nid: 7\ndata: {"active":true,"sid":"sid-1"}\n\n', 'retry: 20000\nevent: bye\ndata: {}\n\n')
    await device.clock.advance(6_000)
    expect(at('/events')).toHaveLength(1)
    const asked = at('/session').length
    await device.clock.advance(13_000)
    expect([at('/events').length, at('/session').length]).toEqual([1, asked])
    await device.clock.advance(12_000)
    expect(at('/events')).toHaveLength(2)
  })
})

describe('sign-ins that nobody finishes', () => {
  it('D5 B7 leave a few notes in the tab, however many there were, and the last one can still be finished', async () => {
    const { device, context, session } = await served({ lifetimeMs: 300_000 })
    const notes = new Map<string, string>()
    const { open } = context.platform
    const flows = { put: (name: string, value: string) => void notes.set(name, value), take: (name: string) => {
      const value = notes.get(name)
      notes.delete(name)
      return value
    } }
    session.stop()
    const again = createSession({
      authority: oauth({ issuer, clientId: 'shop', redirectUri: 'https://shop.test/', scope: 'library' }), origins: [api],
      platform: { name: context.platform.name, open: () => ({ ...open(), flows }) },
    })
    await again.start()
    for (let attempt = 0; attempt < 100; attempt += 1) await again.signIn()
    expect(context.visited).toHaveLength(100)
    expect(notes.size).toBeLessThanOrEqual(20)
    const state = new URL(context.visited.at(-1) ?? '').searchParams.get('state')
    again.stop()
    context.url = `https://shop.test/?code=one&state=${state}`
    expect(await again.start()).not.toHaveProperty('signInError')
    expect([again.state.status, context.url, device.row()?.live?.tokens.accessToken]).toEqual(['active', 'https://shop.test/', expect.stringMatching(/^at\./)])
    again.stop()
  })
})
