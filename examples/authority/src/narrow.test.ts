/** Tokens for one job of the client SDK, granted by a real provider that takes a spent refresh token for theft. */
import { createSession, type Session } from '@3dimli/session'
import { oauth } from '@3dimli/session/authorities/oauth'
import { createDevice, type Device } from '@3dimli/session/testing'
import { generateKeyPair, generateProof } from 'dpop'
import { decodeJwt } from 'jose'
import { afterEach, expect, test } from 'vitest'
import { type Authority, type AuthorityEvent, type AuthorityOptions, startAuthority } from './index.ts'
import { createVisitor } from './testing/visitor.ts'

const storefront = 'http://localhost:4999'
const uploads = { scope: 'uploads:write' }
let authority: Authority
let events: AuthorityEvent[]
let sessions: Session[]
afterEach(async () => {
  for (const session of sessions) session.stop()
  await authority.close()
})

/** Contexts of one device with somebody signed in, by tokens bound to a key where the provider binds them. */
async function signedIn(count: number, options: AuthorityOptions = {}): Promise<{ device: Device; tabs: readonly Session[]; sid: string }> {
  events = []
  authority = await startAuthority({ port: 0, storefront, observe: (event) => events.push(event), ...options })
  const { issuer } = authority
  const bound = options.dpop !== false
  const keys = await generateKeyPair('ES256')
  const visitor = createVisitor(issuer, storefront)
  const tokens = await visitor.signIn({
    scope: 'openid offline_access library uploads:write', ...(bound && { headers: { dpop: await generateProof(keys, `${issuer}/token`, 'POST') } }),
  })
  const sid = decodeJwt(tokens.id_token)['sid'] as string
  const device = createDevice()
  sessions = Array.from({ length: count }, () => {
    const context = device.context()
    context.fetch = (request) => fetch(request)
    return createSession({ authority: oauth({ issuer, clientId: 'storefront', redirectUri: `${storefront}/signed-in` }), platform: context.platform, origins: [issuer] })
  })
  for (const session of sessions) await session.start()
  await sessions[0]!.adopt({
    accessToken: tokens.access_token, refreshToken: tokens.refresh_token, expiresAt: device.clock.now() + 300_000, subject: decodeJwt(tokens.id_token).sub!, sid,
    ...(bound && { tokenType: 'DPoP' as const, keys }),
  })
  await expect.poll(() => sessions.map(({ state }) => state.status), { timeout: 60_000 }).toEqual(sessions.map(() => 'active'))
  return { device, tabs: sessions, sid }
}

const outcomes = () => events.filter((event) => event.type === 'refresh').map((event) => event.outcome)
const get = async (by: Pick<Session, 'fetch'>, path: string) => (await by.fetch(`${authority.issuer}/api${path}`)).status
const claims = async (by: Pick<Session, 'authorize'>) => decodeJwt((await by.authorize({ method: 'GET', url: `${authority.issuer}/api/ping` }))['authorization']!.split(' ')[1]!)

test('a token for one job has that scope only, names the session and dies with it', async () => {
  const { tabs: [session], sid } = await signedIn(1)
  const narrow = session!.narrow(uploads)
  const own = await claims(session!)
  expect(await claims(narrow)).toMatchObject({ scope: 'uploads:write', sid, cnf: own['cnf'] })
  expect(own['scope']).toBe('library uploads:write')
  expect([await get(narrow, '/ping'), await get(narrow, '/library'), await get(session!, '/library')]).toEqual([200, 403, 200])
  await authority.end(sid)
  await expect(get(narrow, '/ping')).rejects.toMatchObject({ code: 'session-ended' })
  expect(outcomes()).toEqual(['rotated'])
})

test('it rotates the refresh token, and the session goes on: a token that is refused is refreshed as before', async () => {
  const { device, tabs: [session] } = await signedIn(1)
  const before = device.row()!
  await get(session!.narrow(uploads), '/ping')
  const minted = device.row()!
  expect(minted.live!.tokens).toEqual({ ...before.live!.tokens, refreshToken: minted.live!.tokens.refreshToken })
  expect([minted.generation, minted.live!.tokens.refreshToken === before.live!.tokens.refreshToken]).toEqual([0, false])
  device.clock.stepWall(301_000)
  expect([await get(session!, '/library'), device.row()!.generation, outcomes()]).toEqual([200, 1, ['rotated', 'rotated']])
  expect((await claims(session!))['scope']).toBe('library uploads:write')
})

test.each([true, false])('P3 eight contexts with jobs and refreshes at once, answers repeated: %s, are no reuse', async (idempotentRefresh) => {
  const { device, tabs } = await signedIn(8, { idempotentRefresh })
  device.clock.stepWall(301_000)
  const answers = await Promise.all(tabs.flatMap((session) => [get(session.narrow(uploads), '/ping'), get(session, '/library'), get(session.narrow({ scope: 'library' }), '/library')]))
  expect(answers).toEqual(answers.map(() => 200))
  expect(outcomes()).toEqual(Array.from({ length: 17 }, () => 'rotated'))
  expect(device.row()).toMatchObject({ generation: 1, mints: 16 })
  expect((await authority.sessions())[0]).not.toHaveProperty('end')
})

test('P3 A11 a lost answer is repeated as it was by another context that wants to refresh', async () => {
  let drops = 1
  const { device, tabs: [first, second] } = await signedIn(2, { beforeRefreshAnswer: async () => (drops-- > 0 ? 'drop' : 'send') })
  await expect(get(first!.narrow(uploads), '/ping')).rejects.toMatchObject({ code: 'unreachable' })
  first!.stop()
  device.clock.stepWall(301_000)
  expect([await get(second!, '/library'), outcomes()]).toEqual([200, ['rotated', 'replayed', 'rotated']])
  expect((await claims(second!))['scope']).toBe('library uploads:write')
})

test.each([
  ['scope', { scope: 'checkout' }, 'invalid_scope'], ['resource', { resource: 'https://elsewhere.test/' }, 'invalid_target'],
])('P4 a %s that was not granted is refused, and costs the session nothing', async (_what, job, error) => {
  const { tabs: [session], device } = await signedIn(1, { dpop: false })
  await expect(get(session!.narrow(job), '/ping')).rejects.toMatchObject({ code: 'misconfigured', details: { error } })
  device.clock.stepWall(301_000)
  expect([await get(session!, '/library'), outcomes()]).toEqual([200, ['refused', 'rotated']])
})

test('the resource may be named', async () => {
  const { tabs: [session] } = await signedIn(1)
  const narrow = session!.narrow({ ...uploads, resource: `${authority.issuer}/api` })
  expect(await claims(narrow)).toMatchObject({ scope: 'uploads:write', aud: `${authority.issuer}/api` })
})
