/** A token for one job that the server does not grant, or grants otherwise: it fails its caller and costs the session nothing. */
import { describe, expect, it } from 'vitest'
import type { TokenAnswer } from './authority.ts'
import { mergeTokens } from './tokens.ts'
import { api, outcome, signedIn } from '../test/scene.ts'

const uploads = { scope: 'uploads:write' }
const refused = (error: string): TokenAnswer => ({ answer: { from: 'token', status: 400, body: { error } } })

describe('a job that is not granted', () => {
  it.each(['invalid_scope', 'invalid_target', 'unauthorized_client'])('P4 because of %s fails its caller, and costs the session neither its life nor a pause', async (error) => {
    const { first, server, device } = await signedIn({ lifetimeSeconds: 5 })
    const rotate = server.onRefresh
    server.onRefresh = async (refresh, signal) => (refresh.narrow ? refused(error) : rotate(refresh, signal))
    const failure = await first.session.narrow(uploads).fetch(`${api}/x`).catch((thrown: unknown) => thrown)
    expect(failure).toMatchObject({ code: 'misconfigured', details: { error } })
    for (const member of ['attempt', 'retryAt', 'retries', 'mints']) expect(device.row()).not.toHaveProperty(member)
    await device.clock.advance(5_100)
    expect([await outcome(first.session.fetch(`${api}/x`)), first.ends, device.row()?.generation]).toEqual([200, [], 1])
  })

  it('A14 is not asked for again within a minute', async () => {
    const { first, server, device } = await signedIn({ lifetimeSeconds: 3_600 })
    server.onRefresh = async () => refused('invalid_scope')
    const narrow = first.session.narrow(uploads)
    for (let call = 0; call < 3; call += 1) expect(await outcome(narrow.fetch(`${api}/x`))).toBe('misconfigured')
    expect(server.refreshes.length).toBe(1)
    await device.clock.advance(61_000)
    expect([await outcome(narrow.fetch(`${api}/x`)), server.refreshes.length]).toEqual(['misconfigured', 2])
  })

  it('P4 and an answer under a used key pauses all, as it does for a refresh', async () => {
    const { first, server, device } = await signedIn()
    server.onRefresh = async () => ({ answer: { from: 'token', status: 422, body: { error: 'invalid_request' } } })
    expect(await outcome(first.session.narrow(uploads).fetch(`${api}/x`))).toBe('misconfigured')
    expect(device.row()).toMatchObject({ retries: 1, attempt: { narrow: uploads } })
  })

  it.each(['uploads:write library', 'library'])('but more of it, "%s", is handed to nobody, and its refresh token is kept', async (scope) => {
    const { first, server, device } = await signedIn()
    server.onRefresh = async () => ({ tokens: mergeTokens(undefined, { access_token: 'at-all', token_type: 'Bearer', expires_in: 300, refresh_token: 'rt-next', scope }, device.clock.now()) })
    const failure = await first.session.narrow(uploads).fetch(`${api}/x`).catch((thrown: unknown) => thrown)
    expect(failure).toMatchObject({ code: 'misconfigured', details: { error: 'scope_not_narrowed' } })
    expect([first.sent, device.row()?.live?.tokens.refreshToken]).toEqual([[], 'rt-next'])
  })

  it('in part is handed out', async () => {
    const { first, server, device } = await signedIn()
    server.onRefresh = async () => ({ tokens: mergeTokens(undefined, { access_token: 'at-less', token_type: 'Bearer', expires_in: 300, scope: 'a' }, device.clock.now()) })
    expect([await outcome(first.session.narrow({ scope: 'a b' }).fetch(`${api}/x`)), first.sent]).toEqual([200, ['at-less']])
  })

  it('because nothing was given to ask with says so', async () => {
    const { first, server } = await signedIn()
    await first.session.adopt({ accessToken: 'at-alone', subject: 'mira' })
    const failure = await first.session.narrow(uploads).fetch(`${api}/x`).catch((thrown: unknown) => thrown)
    expect(failure).toMatchObject({ code: 'misconfigured', details: { error: 'no_refresh_token' } })
    expect([server.refreshes, first.sent]).toEqual([[], []])
  })

  it('P4 for now, because the server is away, fails the call and ends nothing', async () => {
    const { first, server } = await signedIn()
    server.onRefresh = async () => ({ answer: { from: 'token', status: 503 } })
    expect([await outcome(first.session.narrow(uploads).fetch(`${api}/x`)), await outcome(first.session.fetch(`${api}/x`)), first.ends]).toEqual(['unreachable', 200, []])
  })
})
