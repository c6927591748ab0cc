// In a real page: whatever fails, what the application catches, the console prints and tabs tell each other holds no secret.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { afterEach, expect, test } from 'vitest'
import { until } from '../driver/index.ts'
import { canary, search } from './canaries.ts'
import { createPlace, run, type Place } from './place.ts'

let place: Place
afterEach(() => place.close())

/** Answers with everything it was sent. */
const echo = (status: number, type: string, headers: Record<string, string> = {}) => (request: IncomingMessage, response: ServerResponse): void => {
  const parts: Buffer[] = []
  request.on('data', (part: Buffer) => parts.push(part))
  request.on('end', () => {
    const text = JSON.stringify({ headers: request.headers, url: request.url, body: Buffer.concat(parts).toString() })
    response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store', ...headers }).end(type.includes('html') ? `<p>${text}</p>` : text)
  })
}

test('P8 H4 errors, states, reports, the console and messages hold no secret, whatever the servers and the storage do', async () => {
  place = await createPlace()
  Object.assign(place.routes, {
    '/fails/401': echo(401, 'application/json', { 'www-authenticate': 'Bearer error="invalid_token"' }),
    '/fails/401-page': echo(401, 'text/html'),
    '/fails/403': echo(403, 'application/problem+json'),
    '/fails/429': echo(429, 'application/json', { 'retry-after': '0' }),
    '/fails/500': echo(500, 'text/html'),
    '/fails/cut': (request: IncomingMessage) => void request.socket.destroy(),
    '/fails/file': echo(200, 'model/obj'),
  })
  const bare = await place.bare()
  const tab = await place.open()
  await place.signIn(tab)
  await place.open()
  const secrets = { 'request body': canary(), 'request header': canary(), draft: canary(), 'file name': canary(), query: canary() }

  const { shown, codes } = await run(tab, async (given) => {
    const { session, downloads, checkout, issuer, told } = traced
    const caught: unknown[] = []
    const attempt = async (work: () => Promise<unknown>): Promise<void> => {
      await work().then((value) => (value instanceof Response ? undefined : told.push(value)), (error: unknown) => {
        caught.push(error)
        console.error('caught', error, { error })
      })
    }
    const send = (path: string, more: RequestInit = {}) =>
      session.fetch(`${path}?q=${given.query}`, { method: 'POST', body: given['request body'], headers: { 'x-own': given['request header'] }, ...more })
    const paths = ['401', '401-page', '403', '429', '500', 'cut']
    for (const path of paths) await attempt(() => send(`/fails/${path}`))
    // Over HTTP/1.1 Chromium refuses a stream before it is sent.
    await attempt(() => send('/fails/401', { body: new Blob([given['request body']]).stream(), duplex: 'half' } as RequestInit))
    await attempt(() => send('/fails/401', { signal: AbortSignal.abort() }))
    await attempt(() => send('https://elsewhere.example/'))
    for (const path of paths) await attempt(() => downloads.save('x', `/fails/${path}`, { name: given['file name'] }))
    await attempt(() => downloads.save('x', '/fails/file', { name: given['file name'], sha256: '0'.repeat(64) }))
    await attempt(() => checkout.submit({ street: given.draft }))
    await attempt(() => checkout.submit({ street: `${given.draft} 2` }))

    // The authority's own endpoints say back what they were told.
    const { fetch: real } = globalThis
    const bent: Record<string, (text: string) => Response> = {
      '/token': (text) => Response.json({ error: 'invalid_request', error_description: text, error_uri: `${issuer}/?${text}` }, { status: 400 }),
      '/session': (text) => new Response(`<p>${text}</p>`, { status: 500, headers: { 'content-type': 'text/html' } }),
      '/token/revocation': (text) => Response.json({ error: text, error_description: text }, { status: 503 }),
    }
    globalThis.fetch = async (input, init) => {
      const request = new Request(input, init)
      const answer = bent[new URL(request.url).pathname]
      return answer && request.method !== 'OPTIONS' ? answer(`${[...request.headers].join()} ${await request.text()}`) : real(request)
    }
    const { now } = Date
    await attempt(() => session.assertFresh({ withinMs: 0 }))
    Date.now = () => now() + 3 * 3_600_000
    await attempt(() => send('/fails/500'))
    await attempt(() => session.authorize({ method: 'GET', url: '/x' }).then(() => undefined))
    await attempt(() => session.confirm())
    Date.now = now

    // A storage that says what it was given.
    const { get, put } = IDBObjectStore.prototype
    const row = { text: '' }
    IDBObjectStore.prototype.put = function (value) {
      row.text = JSON.stringify(value)
      throw new DOMException(row.text, 'DataError')
    }
    await attempt(() => checkout.write({ street: given.draft }))
    await attempt(() => session.register({ kind: 'opfs', path: 'more' }))
    IDBObjectStore.prototype.put = put
    IDBObjectStore.prototype.get = () => {
      throw new DOMException(row.text, 'UnknownError')
    }
    // A read of the last 100 ms may be relied on; after it the storage is asked, and fails.
    for (let code: unknown; code !== 'fenced'; code = session.state.status) await session.fetch('/fails/500', { signal: AbortSignal.timeout(200) }).catch(() => undefined)
    await attempt(() => send('/fails/500', { signal: AbortSignal.timeout(200) }))
    IDBObjectStore.prototype.get = get
    await attempt(() => session.signOut())
    globalThis.fetch = real
    await attempt(() => send('/fails/500'))
    await attempt(() => downloads.list())
    await attempt(() => checkout.read())

    /** Everything a program could read of a value, hidden members and causes too. */
    const seen = new Set<unknown>()
    const printed = (value: unknown): string => {
      if (typeof value !== 'object' || value === null) return String(value)
      if (seen.has(value)) return ''
      seen.add(value)
      const members = Reflect.ownKeys(value).map((key) => `${String(key)}: ${printed((value as Record<PropertyKey, unknown>)[key])}`)
      const error = value instanceof Error ? `${value.name} ${value.message} ${value.stack} ${printed(value.cause)}` : ''
      return `${String(value)} ${JSON.stringify(value)} ${error} ${members.join(' ')}`
    }
    return {
      codes: caught.map((error) => (typeof (error as { code?: unknown }).code === 'string' ? (error as { code: string }).code : (error as Error).name)),
      shown: [...caught, ...told, session, session.state, session.diagnostics(), session.detection].map(printed),
    }
  }, secrets)

  for (const code of ['origin-not-allowed', 'download-failed', 'integrity', 'not-fresh', 'misconfigured', 'storage', 'signed-out', 'AbortError']) expect(codes).toContain(code)
  await until(() => run(bare, () => (globalThis as unknown as { heard: string[] }).heard.length > 0), { what: 'messages' })
  const tokens = Object.fromEntries([...place.tokens].map(([kind, parts]) => [`${kind} token`, parts]))
  const { query, ...unaddressed } = secrets
  const letOut = await place.letOut()
  expect(letOut.filter(({ where }) => where === 'console').length).toBeGreaterThan(10)
  const canaries = { ...tokens, ...Object.fromEntries(Object.entries(unaddressed).map(([label, text]) => [label, [text]])) }
  // The application's own address with its own query is in its own request, and nowhere else.
  expect(search(letOut, canaries)).toEqual([])
  expect(search([...letOut.filter(({ where }) => where !== 'address of a request'), ...shown.map((text) => ({ where: 'what is shown', text }))], { ...canaries, query: [query] })).toEqual([])
})
