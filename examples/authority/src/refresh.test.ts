import { decodeJwt } from 'jose'
import { afterEach, expect, test } from 'vitest'
import { type Authority, type AuthorityEvent, startAuthority } from './index.ts'
import { createVisitor, type Tokens, type Visitor } from './testing/visitor.ts'

const storefront = 'http://localhost:4999'
let authority: Authority
let visitor: Visitor
let events: AuthorityEvent[]
afterEach(() => authority.close())

async function start(options: Parameters<typeof startAuthority>[0] = {}): Promise<Tokens> {
  events = []
  authority = await startAuthority({ port: 0, storefront, observe: (event) => events.push(event), ...options })
  visitor = createVisitor(authority.issuer, storefront)
  return visitor.signIn()
}
const outcomes = () => events.filter((event) => event.type === 'refresh').map((event) => event.outcome)
const sidOf = (tokens: Tokens) => decodeJwt(tokens.id_token)['sid'] as string
const ping = (tokens: Tokens) => fetch(`${authority.issuer}/api/ping`, { headers: { authorization: `Bearer ${tokens.access_token}` } })

test('a refresh rotates the token and stays in the session', async () => {
  const first = await start()
  const second = (await (await visitor.refresh(first.refresh_token)).json()) as Tokens
  expect(second.refresh_token).not.toBe(first.refresh_token)
  expect(sidOf(second)).toBe(sidOf(first))
  expect((await ping(second)).status).toBe(200)
  expect(outcomes()).toEqual(['rotated'])
})

test('a spent token used again ends the session for token reuse', async () => {
  const first = await start()
  const second = (await (await visitor.refresh(first.refresh_token)).json()) as Tokens
  const reuse = await visitor.refresh(first.refresh_token)
  expect(reuse.status).toBe(400)
  expect(await reuse.json()).toMatchObject({ error: 'invalid_grant', error_uri: `${authority.issuer}/problems/session-revoked`, sid: sidOf(first), reason: 'token-reuse', disposition: 'lock' })
  expect(outcomes()).toEqual(['rotated', 'reuse'])
  expect((await visitor.refresh(second.refresh_token)).status).toBe(400)
  expect((await ping(second)).status).toBe(401)
  expect(await authority.sessions()).toMatchObject([{ end: { reason: 'token-reuse' } }])
})

test('of two refreshes at once with one token, one is reuse', async () => {
  const first = await start({ idempotentRefresh: false })
  const answers = await Promise.all([visitor.refresh(first.refresh_token), visitor.refresh(first.refresh_token)])
  expect(answers.map(({ status }) => status)).toContain(400)
  expect(outcomes()).toContain('reuse')
  expect(await authority.sessions()).toMatchObject([{ end: { reason: 'token-reuse', disposition: 'lock' } }])
})

test('a refresh with the same key gets the same tokens until its successor is used', async () => {
  const first = await start()
  const one = (await (await visitor.refresh(first.refresh_token, '"k1"')).json()) as Tokens
  const two = (await (await visitor.refresh(first.refresh_token, '"k1"')).json()) as Tokens
  expect(two.refresh_token).toBe(one.refresh_token)
  expect((await visitor.refresh(one.refresh_token, '"k2"')).status).toBe(200)
  expect((await visitor.refresh(first.refresh_token, '"k1"')).status).toBe(409)
  expect(outcomes()).toEqual(['rotated', 'replayed', 'rotated', 'superseded'])
  expect((await ping(one)).status).toBe(200)
})

test('repeats that arrive together are one rotation', async () => {
  const first = await start()
  const answers = await Promise.all(Array.from({ length: 5 }, async () => (await visitor.refresh(first.refresh_token, '"k"')).json() as Promise<Tokens>))
  expect(new Set(answers.map((tokens) => tokens.refresh_token)).size).toBe(1)
  expect(outcomes().sort()).toEqual(['replayed', 'replayed', 'replayed', 'replayed', 'rotated'])
})

test('an answer lost on the way is given again', async () => {
  let drops = 1
  const first = await start({ beforeRefreshAnswer: async () => (drops-- > 0 ? 'drop' : 'send') })
  await expect(visitor.refresh(first.refresh_token, '"k"')).rejects.toThrow()
  const again = await visitor.refresh(first.refresh_token, '"k"')
  expect(again.status).toBe(200)
  expect(outcomes()).toEqual(['rotated', 'replayed'])
})

test('without idempotent refresh a key means nothing and is not advertised', async () => {
  const first = await start({ idempotentRefresh: false })
  const metadata = (await (await fetch(`${authority.issuer}/.well-known/oauth-authorization-server`)).json()) as Record<string, unknown>
  expect(metadata).not.toHaveProperty('idempotency_supported')
  expect(metadata).toHaveProperty('session_endpoint', `${authority.issuer}/session`)
  await visitor.refresh(first.refresh_token, '"k"')
  expect((await visitor.refresh(first.refresh_token, '"k"')).status).toBe(400)
  expect(outcomes()).toEqual(['rotated', 'reuse'])
})

test('nothing is replayed into a session that has ended', async () => {
  const first = await start()
  await visitor.refresh(first.refresh_token, '"k"')
  await authority.end(sidOf(first), { reason: 'password-changed' })
  const repeat = await visitor.refresh(first.refresh_token, '"k"')
  expect(repeat.status).toBe(400)
  expect(await repeat.json()).toMatchObject({ error: 'invalid_grant', error_uri: `${authority.issuer}/problems/session-revoked` })
  expect(outcomes()).toEqual(['rotated', 'refused'])
})

test('a session that ends while its refresh is being answered gets no tokens it could use', async () => {
  const first = await start({
    async beforeRefreshAnswer({ sid }) {
      await authority.end(sid!)
      return 'send'
    },
  })
  const late = (await (await visitor.refresh(first.refresh_token)).json()) as Tokens
  expect((await visitor.refresh(late.refresh_token)).status).toBe(400)
  expect((await ping(late)).status).toBe(401)
})

test('revoking the refresh token signs out, and revoking it again or an older one does nothing', async () => {
  const first = await start()
  const second = (await (await visitor.refresh(first.refresh_token)).json()) as Tokens
  expect((await visitor.revoke(first.refresh_token)).status).toBe(200)
  expect((await visitor.revoke('never-given-out')).status).toBe(200)
  expect((await ping(second)).status).toBe(200)
  expect((await visitor.revoke(second.refresh_token)).status).toBe(200)
  expect((await ping(second)).status).toBe(401)
  expect(await authority.sessions()).toMatchObject([{ end: { reason: 'signed-out-elsewhere', initiatingEntity: 'user', disposition: 'wipe' } }])
  expect((await visitor.authorize()).at).toBe('form')

  const next = await visitor.signIn()
  expect((await visitor.revoke(second.refresh_token)).status).toBe(200)
  expect((await ping(next)).status).toBe(200)
  expect(events.filter((event) => event.type === 'revocation').map(({ known }) => known)).toEqual([false, false, true, false])
})

test('a suspended session gets no tokens and loses none', async () => {
  const first = await start()
  await authority.suspend(sidOf(first))
  const refused = await visitor.refresh(first.refresh_token, '"k"')
  expect(await refused.json()).toMatchObject({ error: 'invalid_grant', error_uri: `${authority.issuer}/problems/account-suspended` })
  expect((await ping(first)).status).toBe(401)
  await authority.resume(sidOf(first))
  expect((await ping(first)).status).toBe(200)
  expect((await visitor.refresh(first.refresh_token, '"k"')).status).toBe(200)
})
