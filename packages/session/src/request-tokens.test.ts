/** The token a request is sent with: renewed in time, or not at all, and given to nobody else. */
import { describe, expect, it } from 'vitest'
import { answering } from '../test/answering.ts'
import { api, problems, sessionAnswer, signedIn, turns, watched } from '../test/scene.ts'
import type { Answer, Authority, Credentials } from './authority.ts'

describe('a token that ends soon', () => {
  it('C3 is used, and renewed beside the request', async () => {
    const { device, sent, server, call } = await answering([])
    await device.clock.advance(275_000)
    expect([await call(), sent]).toEqual([200, ['at-1']])
    await turns()
    expect(server.refreshes).toHaveLength(1)
    expect([await call(), sent[1] === 'at-1', server.refreshes.length]).toEqual([200, false, 1])
  })

  it('C1 and whose successor is spent when it comes is renewed once, and used', async () => {
    const { device, call, server } = await answering([])
    await device.clock.advance(301_000)
    const renew = server.onRefresh
    server.onRefresh = async (...asked) => {
      const answer = await renew(...asked)
      return 'tokens' in answer ? { tokens: { ...answer.tokens, receivedAt: 1, expiresAt: 2 } } : answer
    }
    expect([await call(), server.refreshes.length]).toEqual([200, 1])
  })

  it('P1 and that a suspension keeps from being renewed: the call goes on when it is lifted', async () => {
    const made = await answering([])
    await made.device.clock.advance(301_000)
    const { onRefresh, onSession } = made.server
    const suspension = { type: `${problems}/account-suspended`, sid: made.sid }
    made.server.onSession = sessionAnswer({ active: false, ...suspension })
    made.server.onRefresh = async () => ({ answer: { from: 'token', status: 400, body: { error: 'invalid_grant', error_uri: suspension.type, sid: made.sid } } })
    const call = watched(made.first.session.fetch(`${api}/x`))
    await turns()
    expect([call.result, made.sent]).toEqual(['pending', []])
    Object.assign(made.server, { onRefresh, onSession })
    await made.device.clock.advance(5_000)
    expect(call.result).toBe(200)
  })

  it('P4 A5 and whose renewal is answered about another session fails the call and ends nothing; the server is asked again after a pause', async () => {
    const { device, first, server, sent, call } = await answering([])
    await device.clock.advance(301_000)
    const { onRefresh } = server
    let asked = 0
    server.onRefresh = async () => (asked += 1, { answer: { from: 'token', status: 400, body: { error: 'invalid_grant', sid: 'another' } } })
    expect([await call(), await call(), asked]).toEqual(['unreachable', 'unreachable', 1])
    expect([first.session.state.status, first.session.diagnostics().ignored.foreign, sent]).toEqual(['active', 1, []])
    server.onRefresh = onRefresh
    await device.clock.advance(2_000)
    expect(await call()).toBe(200)
  })

  it.each<readonly [string, Answer, Record<string, unknown>]>([
    ['for now', { from: 'token', status: 503, retryAfterMs: 7_000 }, { code: 'unreachable', details: { retryAfterMs: 7_000 } }],
    ['for now, not saying for how long', { from: 'token', failed: 'network' }, { code: 'unreachable', details: {} }],
    ['for good', { from: 'token', status: 401, body: { error: 'invalid_client' } }, { code: 'misconfigured', details: { error: 'invalid_client' } }],
  ])('A4 and cannot be renewed %s fails the call, and is not sent', async (_what, answer, error) => {
    const { device, first, server, sent } = await answering([])
    await device.clock.advance(301_000)
    server.onRefresh = async () => ({ answer })
    const failure = await first.session.fetch(`${api}/x`).catch((thrown: unknown) => thrown)
    expect({ ...(failure as object) }).toMatchObject({ code: error['code'] })
    expect((failure as { details: unknown }).details).toStrictEqual(error['details'])
    expect(sent).toEqual([])
  })
})

describe('headers for one request', () => {
  it('P8 are made with what the tokens are bound to, for an address that may have them, and for no other', async () => {
    const given: (Credentials & { readonly method: string; readonly url: URL })[] = []
    const noted: number[] = []
    const spying = (authority: Authority): Authority => ({
      ...authority,
      connect(io) {
        const connection = authority.connect(io)
        return { ...connection, headers: (input) => (given.push(input), connection.headers(input)), noteNonce: ({ status }) => void noted.push(status) }
      },
    })
    const { first } = await signedIn({ authority: spying })
    const pair = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign', 'verify'])
    await first.session.adopt({ accessToken: 'at-bound', tokenType: 'DPoP', subject: 'mira', keys: pair })
    expect(await first.session.authorize({ method: 'PUT', url: `${api}/file` })).toEqual({ authorization: 'DPoP at-bound' })
    await first.session.fetch(`${api}/x`)
    expect(given).toMatchObject([{ method: 'PUT', url: new URL(`${api}/file`), keys: pair }, { method: 'GET', url: new URL(`${api}/x`), keys: pair }])
    expect(noted).toEqual([200])
    await expect(first.session.authorize({ method: 'GET', url: 'https://evil.test/x' })).rejects.toMatchObject({ code: 'origin-not-allowed', details: { origin: 'https://evil.test' } })
    const caller = new AbortController()
    caller.abort(new Error('no more'))
    await expect(first.session.authorize({ method: 'GET', url: `${api}/x`, signal: caller.signal })).rejects.toThrow('no more')
  })
})
