/** A sign-in by a code for another device, against a server that says anything: how often it is asked, and what ends it (RFC 8628). */
import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { createSession, type DevicePrompt, type SignInOptions } from '../../index.ts'
import { createDevice } from '../../testing/index.ts'
import { eventually } from '../../../test/eventually.ts'
import { watched } from '../../../test/scene.ts'
// Loaded when it is asked for, which takes longer than the clock of these tests waits.
import './device.ts'
import { oauth } from './index.ts'

const issuer = 'https://id.test'
const code = { device_code: 'the-device-code', user_code: 'WDJB-MJHT', verification_uri: `${issuer}/device`, verification_uri_complete: `${issuer}/device?user_code=WDJB-MJHT`, expires_in: 600, interval: 5 }
const tokens = { access_token: 'at-1', token_type: 'Bearer', expires_in: 300, refresh_token: 'rt-1' }
const json = (body: unknown, status = 200, headers: Record<string, string> = {}) => Response.json(body, { status, headers })
const error = (word: string, status = 400) => json({ error: word, error_description: 'with a secret of the server' }, status)
const html = (status: number) => new Response('<html>Please accept our terms</html>', { status, headers: { 'content-type': 'text/html' } })
type Say = (request: Request) => Response | Promise<Response>
/** What a network does that neither answers nor breaks. */
const never: Say = ({ signal }) => new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)))

/** A session whose server answers the polls one after another, and with the last one from then on. */
async function signingIn({ polls = [() => error('authorization_pending')], answer = () => json(code), more = {}, wish = {} }: {
  polls?: Say[]; answer?: Say; more?: Record<string, unknown>; wish?: SignInOptions
} = {}) {
  const device = createDevice()
  const context = device.context()
  const asked: { at: number; form: URLSearchParams; url: string; dpop: string | null }[] = []
  context.fetch = async (request) => {
    const path = new URL(request.url).pathname
    if (path.startsWith('/.well-known')) return json({ issuer, token_endpoint: `${issuer}/token`, device_authorization_endpoint: `${issuer}/device/auth`, ...more })
    asked.push({ at: device.clock.monotonic(), form: new URLSearchParams(await request.text()), url: request.url, dpop: request.headers.get('dpop') })
    if (path === '/device/auth') return answer(request)
    return (polls.length > 1 ? polls.shift() : polls[0])!(request)
  }
  const session = createSession({ authority: oauth({ issuer, clientId: 'uploader', redirectUri: 'http://127.0.0.1/', scope: 'uploads:write offline_access' }), platform: context.platform, origins: ['https://api.test'] })
  await session.start()
  const prompts: DevicePrompt[] = []
  const failures: unknown[] = []
  const call = session.signIn({ device: (prompt) => prompts.push(prompt), ...wish })
  call.catch((reason: unknown) => failures.push(reason))
  const over = watched(call)
  await device.clock.advance(0)
  /** When it was asked, in seconds since the code was shown. */
  const polled = () => asked.filter(({ url }) => url.endsWith('/token')).map(({ at }) => at / 1000)
  return { device, session, prompts, asked, polled, over, failures }
}

describe('a code for another device', () => {
  it('is shown once, with what the person needs, and the session begins when they have decided', async () => {
    const { device, session, prompts, asked, polled, over } = await signingIn({ polls: [() => error('authorization_pending'), () => json(tokens)] })
    const { device_code: _secret, ...shown } = code
    expect(prompts).toEqual([{ userCode: shown.user_code, verificationUri: shown.verification_uri, verificationUriComplete: shown.verification_uri_complete, expiresAt: device.clock.now() + 600_000 }])
    expect(Object.fromEntries(asked[0]!.form)).toEqual({ client_id: 'uploader', scope: 'uploads:write offline_access', prompt: 'consent' })
    await device.clock.advance(10_000)
    expect(polled()).toEqual([5, 10])
    expect(Object.fromEntries(asked[1]!.form)).toEqual({ client_id: 'uploader', grant_type: 'urn:ietf:params:oauth:grant-type:device_code', device_code: 'the-device-code' })
    // The session begins with a key, which the platform's own threads make: they know nothing of this clock.
    await eventually(() => expect([over.result, session.state.status, device.row()?.live?.tokens.accessToken]).toEqual([undefined, 'active', 'at-1']))
    await device.clock.advance(60_000)
    expect(polled()).toEqual([5, 10])
  })

  it('binds the tokens to a key where the server can, the same one for every question', async () => {
    const { device, asked } = await signingIn({ polls: [() => error('authorization_pending'), () => json({ ...tokens, token_type: 'DPoP' })], more: { dpop_signing_alg_values_supported: ['ES256'] } })
    // So are proofs: the clock may have moved on before the next question was planned.
    await eventually(async () => {
      await device.clock.advance(500)
      expect(asked.length).toBeGreaterThanOrEqual(3)
    })
    const keyOf = (proof: string | null) => (JSON.parse(atob(proof!.split('.')[0]!.replaceAll('-', '+').replaceAll('_', '/'))) as { jwk: unknown }).jwk
    expect(keyOf(asked[2]!.dpop)).toEqual(keyOf(asked[1]!.dpop))
    await eventually(() => expect(device.row()?.live?.keys).toBeDefined())
  })

  it('is asked for every five seconds where the server does not say how often', async () => {
    const { device, polled } = await signingIn({ answer: () => json({ ...code, interval: undefined }) })
    await device.clock.advance(15_000)
    expect(polled()).toEqual([5, 10, 15])
  })

  it('A14 is asked for five seconds more rarely, for good, each time the server says `slow_down`', async () => {
    const { device, polled } = await signingIn({ polls: [() => error('slow_down'), () => error('slow_down'), () => error('authorization_pending')] })
    await device.clock.advance(60_000)
    expect(polled()).toEqual([5, 15, 30, 45, 60])
  })

  it.each<[string, Say]>([
    ['no connection', () => Promise.reject(new TypeError('Failed to fetch'))], ['no answer in time', never], ['a portal\'s page', () => html(200)],
    ['an empty JSON', () => json({})], ['a gateway', () => html(502)], ['a proxy\'s own error', () => error('forbidden', 403)], ['a redirect', () => new Response(null, { status: 302, headers: { location: 'https://portal.test/' } })],
  ])('P4 B1 B2 %s ends nothing: it is asked for again, more and more rarely', async (_what, say) => {
    const { device, session, polled, over } = await signingIn({ polls: [say, say, say, say, say, () => json(tokens)] })
    await device.clock.advance(300_000)
    const gaps = polled().map((at, index, all) => at - (all[index - 1] ?? 0)).slice(0, 6)
    for (const [index, least] of [5, 10, 20, 40, 60, 60].entries()) {
      expect(gaps[index]).toBeGreaterThanOrEqual(least)
      // An answer that never came was waited for as well.
      expect(gaps[index]).toBeLessThanOrEqual(least + 10)
    }
    expect([over.result, session.state.status]).toEqual([undefined, 'active'])
  })

  it('A14 is not asked for before the `Retry-After` of a server that is busy', async () => {
    const { device, polled } = await signingIn({ polls: [() => json({}, 429, { 'retry-after': '42' }), () => json(tokens)] })
    await device.clock.advance(60_000)
    expect(polled()).toEqual([5, 47])
  })

  it.each(['access_denied', 'expired_token', 'invalid_grant', 'invalid_client'])('P8 a server that says `%s` ends the sign-in with this word and no other', async (word) => {
    const { device, session, polled, failures } = await signingIn({ polls: [() => error(word)] })
    await device.clock.advance(60_000)
    expect(failures).toMatchObject([{ code: 'sign-in-failed', details: { error: word } }])
    expect(inspect(failures, { depth: 10, showHidden: true })).not.toMatch(/the-device-code|secret|WDJB/)
    expect([polled(), session.state.status]).toEqual([[5], 'signed-out'])
  })

  it.each(['access_denied', 'slow_down', 'authorization_pending'])('understands `%s` under the status of a server that takes another one', async (word) => {
    const { device, polled, failures } = await signingIn({ polls: [() => error(word, 428)] })
    await device.clock.advance(15_000)
    expect(polled()).toEqual({ access_denied: [5], slow_down: [5, 15], authorization_pending: [5, 10, 15] }[word])
    expect(failures).toHaveLength(word === 'access_denied' ? 1 : 0)
  })

  it('is given up when its time is over, although nobody says so', async () => {
    const { device, failures, polled } = await signingIn({ answer: () => json({ ...code, expires_in: 12 }) })
    await device.clock.advance(60_000)
    expect(failures).toMatchObject([{ code: 'sign-in-failed', details: { error: 'expired_token' } }])
    expect(polled()).toEqual([5, 10])
  })

  it('is given up by its signal, by stop() and by the next sign-in, and not asked for again', async () => {
    const giveUp = new AbortController()
    const first = await signingIn({ wish: { signal: giveUp.signal } })
    giveUp.abort('changed my mind')
    const second = await signingIn()
    second.session.stop()
    const third = await signingIn()
    void third.session.signIn({ device: () => {} }).catch(() => undefined)
    for (const { device } of [first, second, third]) await device.clock.advance(0)
    third.session.stop()
    for (const { device } of [first, second, third]) await device.clock.advance(60_000)
    expect([first.failures, second.failures, third.failures]).toMatchObject([['changed my mind'], [{ code: 'fenced' }], [{ code: 'sign-in-failed', details: { error: 'superseded' } }]])
    expect([first.polled(), second.polled(), third.polled()]).toEqual([[], [], []])
  })

  it.each<[string, string, Say, Record<string, unknown>]>([
    ['misconfigured', 'has no endpoint for it', () => json(code), { device_authorization_endpoint: undefined }],
    ['misconfigured', 'has one that is not safe', () => json(code), { device_authorization_endpoint: 'http://id.test/device' }],
    ['sign-in-failed', 'does not know the client', () => error('unauthorized_client'), {}],
    ['sign-in-failed', 'sends the person to no web address', () => json({ ...code, verification_uri: 'javascript:alert(1)' }), {}],
    ['sign-in-failed', 'gives no code', () => json({ ...code, user_code: undefined }), {}],
    ['unreachable', 'is out of reach', () => Promise.reject(new TypeError('Failed to fetch')), {}],
    ['unreachable', 'is behind a portal', () => html(511), {}],
    ['unreachable', 'does not answer', never, {}],
  ])('nothing is shown, and it is `%s`, when the server %s', async (word, _what, answer, more) => {
    const { device, prompts, failures } = await signingIn({ answer, more })
    await device.clock.advance(10_000)
    expect(prompts).toEqual([])
    expect(failures).toMatchObject([{ code: word }])
    expect(inspect(failures, { depth: 10, showHidden: true })).not.toContain('the-device-code')
  })

  it('an address with the code in it that is no web address is left out', async () => {
    const { prompts } = await signingIn({ answer: () => json({ ...code, verification_uri_complete: 'javascript:alert(1)' }) })
    expect(prompts[0]).not.toHaveProperty('verificationUriComplete')
  })

  it('tokens with somebody else\'s word on who this is begin nothing', async () => {
    const part = (value: unknown) => btoa(JSON.stringify(value)).replaceAll('=', '')
    const idToken = `${part({ alg: 'ES256' })}.${part({ iss: 'https://evil.test', sub: 'x', aud: 'uploader', iat: 1_800_000_000, exp: 1_800_000_600 })}.x`
    const { device, session, failures } = await signingIn({ polls: [() => json({ ...tokens, id_token: idToken })] })
    await device.clock.advance(5_000)
    expect(failures).toMatchObject([{ code: 'sign-in-failed', details: { error: 'invalid_response' } }])
    expect(inspect(failures, { depth: 10, showHidden: true })).not.toMatch(/at-1|rt-1|the-device-code/)
    expect(session.state.status).toBe('signed-out')
  })

  it('what the application throws while it shows the code is its own', async () => {
    const own = new Error('no screen')
    const { device, failures, polled } = await signingIn({ wish: { device: () => { throw own } } })
    await device.clock.advance(60_000)
    expect([failures, polled()]).toEqual([[own], []])
  })
})
