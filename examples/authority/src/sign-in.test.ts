import { request as ask } from 'node:http'
import { decodeJwt } from 'jose'
import { afterEach, expect, test } from 'vitest'
import { type Authority, startAuthority } from './index.ts'
import { createVisitor } from './testing/visitor.ts'

const storefront = 'http://localhost:4999'
let authority: Authority
afterEach(() => authority.close())
const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } })

test('a sign-in ends at the storefront with tokens that name its session', async () => {
  authority = await startAuthority({ port: 0, storefront })
  const visitor = createVisitor(authority.issuer, storefront)
  const form = await visitor.authorize()
  expect(form.at === 'form' && form.html).toContain('name="password"')
  const arrival = await visitor.submit(form)
  expect(String(arrival.address)).toContain(`${storefront}/signed-in?code=`)
  const tokens = await visitor.redeem(arrival)
  const { sid } = decodeJwt(tokens.id_token)
  expect(decodeJwt(tokens.access_token)).toMatchObject({ sid, aud: `${authority.issuer}/api`, sub: 'acc_mira' })
  expect(await authority.sessions()).toMatchObject([{ sid, subject: 'acc_mira' }])
  expect(await (await fetch(`${authority.issuer}/api/ping`, bearer(tokens.access_token))).json()).toEqual({ ok: true, sub: 'acc_mira', sid })
})

test('a wrong password shows the form again with the problem', async () => {
  authority = await startAuthority({ port: 0, storefront })
  const visitor = createVisitor(authority.issuer, storefront)
  const again = await visitor.submit(await visitor.authorize(), { password: 'guess' })
  expect(again.at === 'form' && again.html).toContain('role="alert"')
  expect((await visitor.submit(again)).at).toBe('storefront')
})

test('a second sign-in of a browser needs no password and is another session', async () => {
  authority = await startAuthority({ port: 0, storefront })
  const visitor = createVisitor(authority.issuer, storefront)
  const [first, second] = [await visitor.signIn(), await visitor.redeem(await visitor.authorize())]
  expect(decodeJwt(second.id_token)['sid']).not.toBe(decodeJwt(first.id_token)['sid'])
  expect(await authority.sessions()).toHaveLength(2)
})

test('consent is never asked for, and login is asked for when demanded', async () => {
  authority = await startAuthority({ port: 0, storefront })
  const visitor = createVisitor(authority.issuer, storefront)
  const tokens = await visitor.signIn({ prompt: 'consent' })
  expect(tokens.refresh_token).toBeTypeOf('string')
  expect((await visitor.authorize({ prompt: 'consent' })).at).toBe('storefront')
  const form = await visitor.authorize({ prompt: 'login' })
  expect(form.at).toBe('form')
  expect((await visitor.submit(form)).at).toBe('storefront')
  const both = await visitor.authorize({ prompt: 'login consent' })
  expect((await visitor.submit(both)).at).toBe('storefront')
})

test('after an end the password is asked for, and the new session has a new name', async () => {
  authority = await startAuthority({ port: 0, storefront })
  const visitor = createVisitor(authority.issuer, storefront)
  const sid = decodeJwt((await visitor.signIn()).id_token)['sid'] as string
  await authority.end(sid)
  const form = await visitor.authorize()
  expect(form.at).toBe('form')
  const tokens = await visitor.redeem(await visitor.submit(form))
  expect(decodeJwt(tokens.id_token)['sid']).not.toBe(sid)
  expect((await fetch(`${authority.issuer}/api/ping`, bearer(tokens.access_token))).status).toBe(200)
})

test('someone else can sign in on the same browser, and the first session lives on', async () => {
  authority = await startAuthority({ port: 0, storefront })
  const visitor = createVisitor(authority.issuer, storefront)
  const mira = await visitor.signIn()
  const arrival = await visitor.submit(await visitor.authorize({ prompt: 'login' }), { email: 'jonas@example.test' })
  const jonas = await visitor.redeem(arrival)
  expect(decodeJwt(jonas.id_token).sub).toBe('acc_jonas')
  expect((await fetch(`${authority.issuer}/api/ping`, bearer(mira.access_token))).status).toBe(200)
  await authority.end(decodeJwt(mira.id_token)['sid'] as string)
  expect((await fetch(`${authority.issuer}/api/ping`, bearer(jonas.access_token))).status).toBe(200)
})

test('a code that was used twice ends the session it began', async () => {
  authority = await startAuthority({ port: 0, storefront })
  const visitor = createVisitor(authority.issuer, storefront)
  const arrival = await visitor.submit(await visitor.authorize())
  const tokens = await visitor.redeem(arrival)
  await expect(visitor.redeem(arrival)).rejects.toThrow('invalid_grant')
  expect((await fetch(`${authority.issuer}/api/ping`, bearer(tokens.access_token))).status).toBe(401)
  expect(await authority.sessions()).toMatchObject([{ end: { reason: 'token-reuse' } }])
})

test('a page of a sign-in that is over says so', async () => {
  authority = await startAuthority({ port: 0, storefront })
  const response = await fetch(`${authority.issuer}/interaction/nobody`)
  expect(response.status).toBe(400)
  expect(response.headers.get('content-security-policy')).toContain("default-src 'none'")
  expect(await response.text()).toContain('Back to the shop')
})

test('a taken port is named in the error', async () => {
  authority = await startAuthority({ port: 0, storefront })
  await expect(startAuthority({ port: authority.port, storefront })).rejects.toThrow(`Port ${authority.port} is taken`)
})

test('it can be closed right after it was started, and twice', async () => {
  authority = await startAuthority({ port: 0, storefront })
  await Promise.all([authority.close(), authority.close()])
  await authority.close()
  await expect(fetch(authority.issuer)).rejects.toThrow('fetch failed')
})

test('the storefront may read the answers, and another origin may not', async () => {
  authority = await startAuthority({ port: 0, storefront })
  for (const path of ['/.well-known/openid-configuration', '/api/ping', '/session', '/sessions']) {
    const own = await fetch(authority.issuer + path, { headers: { origin: storefront } })
    expect(own.headers.get('access-control-allow-origin'), path).toBe(storefront)
    expect(own.headers.get('access-control-expose-headers'), path).toContain('WWW-Authenticate, DPoP-Nonce, Retry-After, Date')
    const preflight = await fetch(authority.issuer + path, { method: 'OPTIONS', headers: { origin: storefront, 'access-control-request-method': 'GET' } })
    expect(preflight.headers.get('access-control-allow-headers'), path).toContain('last-event-id')
    // What the issuer says of itself is public.
    if (path.startsWith('/.well-known')) continue
    const other = await fetch(authority.issuer + path, { headers: { origin: 'http://localhost:1' } })
    expect(other.headers.get('access-control-allow-origin'), path).toBeNull()
  }
})

test.each([['/token', false, 401], ['/token', true, 401], ['/admin/sign-in', false, 401], ['/admin/sign-in', true, 411], ['/admin/api/sessions/s1/end', false, 404], ['/interaction/i1', false, 400]])('a form to %s, in pieces: %s, is read to a bound', async (path, pieces, short) => {
  authority = await startAuthority({ port: 0, storefront })
  const post = (bytes: number) => new Promise<number>((resolve, reject) => {
    const form = `password=guess&filler=${'x'.repeat(bytes)}`
    const length = pieces ? { 'transfer-encoding': 'chunked' } : { 'content-length': String(form.length) }
    const headers = { 'content-type': 'application/x-www-form-urlencoded', authorization: `Basic ${btoa('admin@example.test:demo')}`, ...length }
    ask(authority.issuer + path, { method: 'POST', headers }, ({ statusCode = 0 }) => resolve(statusCode)).on('error', reject).end(form)
  })
  expect([await post(10), await post(131_072)]).toEqual([short, short === 411 ? 411 : 413])
})

test('a program that asks for its person too often is told to slow down, and a code that nobody was given is not remembered', async () => {
  authority = await startAuthority({ port: 0, storefront })
  const post = async (path: string, form: Record<string, string>) => {
    const response = await fetch(authority.issuer + path, { method: 'POST', body: new URLSearchParams({ client_id: 'uploader', ...form }) })
    expect(response.headers.get('cache-control')).toBe('no-store')
    return response.json()
  }
  const ask = async (code: string) => (await post('/token', { grant_type: 'urn:ietf:params:oauth:grant-type:device_code', device_code: code }) as { error: string }).error
  const { device_code: code } = await post('/device/auth', { scope: 'openid' }) as { device_code: string }
  expect([await ask(code), await ask(code)]).toEqual(['authorization_pending', 'slow_down'])
  expect([await ask('made-up'), await ask('made-up')]).toEqual(['invalid_grant', 'invalid_grant'])
})
