import { hash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { request as ask } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, onTestFinished, test, vi } from 'vitest'
import { decodeJwt } from 'jose'
import { type Authority, type AuthorityEvent, startAuthority } from './index.ts'
import { createVisitor } from './testing/visitor.ts'

const storefront = 'http://localhost:4999'
const scope = 'openid offline_access uploads:write'
let authority: Authority
let events: AuthorityEvent[]
afterEach(() => authority.close())

async function open(dataDir = ':memory:', observe: (event: AuthorityEvent) => void = () => {}): Promise<void> {
  events = []
  authority = await startAuthority({ port: 0, storefront, dataDir, observe: (event) => {
    events.push(event)
    observe(event)
  } })
}

/** A folder for an authority whose files are looked at, or that is started again. */
function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'authority-'))
  onTestFinished(() => rmSync(made, { recursive: true, force: true }))
  return made
}

interface Person {
  readonly token: string
  readonly sid: string
}

async function signIn(email: string, asked = scope): Promise<Person> {
  const { access_token: token } = await createVisitor(authority.issuer, storefront).signIn({ email, scope: asked })
  return { token, sid: decodeJwt(token)['sid'] as string }
}

const send = ({ token }: Person, method: string, at: string, headers: Record<string, string> = {}, body?: string) =>
  fetch(new URL(at, authority.issuer), { method, headers: { authorization: `Bearer ${token}`, 'tus-resumable': '1.0.0', ...headers }, ...(body !== undefined && { body }) })
const metadata = (values: object) => Object.entries(values).map(([key, value]) => `${key} ${Buffer.from(String(value)).toString('base64')}`).join(',')
const begin = async (person: Person, whole: string): Promise<string> => {
  const created = await send(person, 'POST', '/api/uploads', { 'upload-length': String(Buffer.byteLength(whole)), 'upload-metadata': metadata({ filename: 'chair.blend' }) })
  expect(created.status).toBe(201)
  return created.headers.get('location')!
}
const patch = (person: Person, at: string, offset: number, body: string, whole?: string) =>
  send(person, 'PATCH', at, { 'upload-offset': String(offset), 'content-type': 'application/offset+octet-stream', ...(whole !== undefined && { 'repr-digest': `sha-256=:${hash('sha256', whole, 'base64')}:` }) }, body)
const assets = async (person: Person) => (await send(person, 'GET', '/api/assets')).json()

test('an upload becomes an asset of its seller when its last byte is there', async () => {
  await open()
  const sela = await signIn('sela@example.test')
  const at = await begin(sela, 'a chair and a table')
  expect((await patch(sela, at, 0, 'a chair')).headers.get('upload-offset')).toBe('7')
  expect(await assets(sela)).toEqual([])
  expect((await patch(sela, at, 7, ' and a table', 'a chair and a table')).status).toBe(204)
  expect(await assets(sela)).toMatchObject([{ name: 'chair.blend', size: 19, sha256: hash('sha256', 'a chair and a table') }])
})

test('a token without the scope, an upload of somebody else and a plain GET are refused', async () => {
  await open()
  const [sela, jonas, mira] = [await signIn('sela@example.test'), await signIn('jonas@example.test'), await signIn('mira@example.test', 'openid offline_access library')]
  const at = await begin(sela, 'a chair')
  const refused = await send(mira, 'POST', '/api/uploads', { 'upload-length': '1' })
  expect([refused.status, refused.headers.get('www-authenticate')]).toEqual([403, expect.stringContaining('uploads:write')])
  for (const method of ['HEAD', 'DELETE']) expect((await send(jonas, method, at)).status, method).toBe(404)
  expect((await patch(jonas, at, 0, 'a chair')).status).toBe(404)
  expect((await send(sela, 'GET', at)).status).toBe(405)
  expect((await send(sela, 'HEAD', at)).headers.get('upload-offset')).toBe('0')
  expect(await assets(jonas)).toEqual([])
})

test('what follows the path of an upload names no other one', async () => {
  await open()
  const [sela, jonas] = [await signIn('sela@example.test'), await signIn('jonas@example.test')]
  const [at, own] = [await begin(sela, 'a chair'), await begin(jonas, 'a table')]
  const other = at.split('/').at(-1)!
  for (const address of [`${own}?/${other}`, `/api/uploads?/${other}`]) {
    await patch(jonas, address, 0, 'a stool')
    await send(jonas, 'DELETE', address)
  }
  expect((await send(sela, 'HEAD', at)).headers.get('upload-offset')).toBe('0')
  expect((await send(jonas, 'HEAD', `/api/uploads?/${other}`)).status).toBe(404)
})

test('a file that is not what its seller promised is thrown away', async () => {
  await open()
  const sela = await signIn('sela@example.test')
  const at = await begin(sela, 'a chair')
  expect((await patch(sela, at, 0, 'a chair', 'another chair')).status).toBe(460)
  expect((await send(sela, 'HEAD', at)).status).toBe(404)
  expect(await assets(sela)).toEqual([])
})

test('P1 no piece of a body is let in after the end of its session, and none is finished', async () => {
  const dataDir = folder()
  await open(dataDir)
  const sela = await signIn('sela@example.test')
  const at = await begin(sela, 'a chair')
  const request = ask(new URL(at, authority.issuer), {
    method: 'PATCH',
    headers: { authorization: `Bearer ${sela.token}`, 'tus-resumable': '1.0.0', 'upload-offset': '0', 'content-type': 'application/offset+octet-stream', 'content-length': '7' },
  })
  const answered = new Promise<number>((resolve) => request.on('response', ({ statusCode = 0 }) => resolve(statusCode)).on('error', () => resolve(0)))
  request.write('a ch')
  // Let in is not written yet.
  await vi.waitFor(() => expect(readFileSync(join(dataDir, 'uploads', at.split('/').at(-1)!), 'utf8')).toBe('a ch'), { timeout: 60_000 })
  expect(events.filter((event) => event.type === 'upload')).toMatchObject([{ what: 'received', bytes: 4 }])
  const { committedAt } = await authority.end(sela.sid)
  request.end('air')
  expect([0, 400, 401, 500]).toContain(await answered)
  expect((await patch(sela, at, 4, 'air')).status).toBe(401)
  expect((await send(sela, 'HEAD', at)).status).toBe(401)
  const again = await signIn('sela@example.test')
  expect((await send(again, 'HEAD', at)).headers.get('upload-offset')).toBe('4')
  expect(await assets(again)).toEqual([])
  for (const event of events) if (event.type === 'upload') expect(event.at).toBeLessThanOrEqual(committedAt)
  expect((await patch(again, at, 4, 'air')).status).toBe(204)
  expect(await assets(again)).toMatchObject([{ size: 7 }])
})

test('an upload whose session ended before its last step is finished when its seller next asks for it, also after a restart', async () => {
  const dataDir = folder()
  const whole = 'x'.repeat(32 * 1024 * 1024)
  let received = 0
  let ended: Promise<unknown> | undefined
  // With the last piece of it, whose checksum is still to be made.
  await open(dataDir, (event) => {
    if (event.type !== 'upload' || event.what !== 'received') return
    received += event.bytes
    if (received === whole.length) ended = authority.end(event.sid)
  })
  const sela = await signIn('sela@example.test')
  const at = await begin(sela, whole)
  expect((await patch(sela, at, 0, whole, whole)).status).toBe(401)
  expect(await ended).toMatchObject({ committedAt: expect.any(Number) })
  expect(events.filter((event) => event.type === 'upload' && event.what === 'finished')).toEqual([])
  await authority.close()
  await open(dataDir)
  const again = await signIn('sela@example.test')
  const found = await send(again, 'HEAD', at)
  expect([found.status, found.headers.get('upload-offset')]).toEqual([200, String(whole.length)])
  expect(await assets(again)).toMatchObject([{ size: whole.length, sha256: hash('sha256', whole) }])
})
