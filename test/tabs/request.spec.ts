// session.fetch against real servers: where tokens go, bodies that are sent again, streams, aborts.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { afterEach, expect, test } from 'vitest'
import { engine, type Tab } from '../driver/index.ts'
import { startServer } from '../world/server.ts'
import { createWorld, type World } from '../world/world.ts'

let world: World
afterEach(() => world.close())

interface Seen {
  method: string
  path: string
  headers: IncomingMessage['headers']
  body: string
}

/** A server that lets every origin ask and notes what it was asked. */
async function open(answer: (request: IncomingMessage, response: ServerResponse, seen: Seen[]) => void): Promise<{ origin: string; seen: Seen[] }> {
  const seen: Seen[] = []
  const origin = await startServer((request, response) => {
    response.setHeader('access-control-allow-origin', '*')
    response.setHeader('access-control-allow-headers', 'authorization, dpop, content-type, idempotency-key')
    if (request.method === 'OPTIONS') return void response.writeHead(204).end()
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      seen.push({ method: request.method ?? '', path: request.url ?? '', headers: request.headers, body: Buffer.concat(chunks).toString() })
      answer(request, response, seen)
    })
  })
  return { origin, seen }
}

async function signedIn(origin: string): Promise<Tab> {
  world = await createWorld({ accessTokenSeconds: 3600 })
  const tab = await world.open({ origin })
  await world.signIn(tab)
  return tab
}

test('decision 15: a redirect that leaves the origins is followed without the token', async () => {
  const elsewhere = await open((_request, response) => response.end('elsewhere'))
  const api = await open((_request, response) => void response.writeHead(307, { location: `${elsewhere.origin}/there` }).end())
  const tab = await signedIn(api.origin)
  expect(await tab.evaluate(async (url) => (await shop.session.fetch(url)).text(), `${api.origin}/here`)).toBe('elsewhere')
  expect(api.seen[0]?.headers.authorization).toMatch(/^DPoP /)
  expect(elsewhere.seen[0]?.headers).not.toHaveProperty('authorization')
  expect(await tab.evaluate((url) => shop.session.fetch(url).then(() => 'sent', (error: { code: string }) => error.code), `${elsewhere.origin}/x`)).toBe('origin-not-allowed')
  expect(elsewhere.seen).toHaveLength(1)
})

test('H1 H2 a form, a blob and a JSON text are sent again whole after a 401, under one Idempotency-Key', async () => {
  const api = await open((request, response, seen) => {
    const earlier = seen.filter(({ path }) => path === request.url).length
    response.writeHead(earlier === 1 ? 401 : 200).end('taken')
  })
  const tab = await signedIn(api.origin)
  const outcomes = await tab.evaluate(async (origin) => {
    const form = new FormData()
    form.set('name', 'chair')
    form.set('file', new Blob(['v 0 0 0']), 'chair.obj')
    const headers = { 'idempotency-key': 'one-key' }
    const send = (path: string, init: RequestInit) =>
      shop.session.fetch(`${origin}${path}`, { method: 'POST', headers, ...init }).then((answer) => answer.status, (error: { code?: unknown; name: string }) => (typeof error.code === 'string' ? error.code : error.name))
    return [
      await send('/text', { body: '{"a":1}' }),
      await send('/blob', { body: new Blob(['x'.repeat(100_000)]) }),
      await send('/form', { body: form }),
    ]
  }, api.origin)
  expect(outcomes).toEqual([200, 200, 200])
  for (const path of ['/text', '/blob']) {
    const [first, second] = api.seen.filter((seen) => seen.path === path)
    expect(second?.body).toBe(first?.body)
    expect([first, second].map((seen) => seen?.headers['idempotency-key'])).toEqual(['one-key', 'one-key'])
    expect(second?.headers.authorization).not.toBe(first?.headers.authorization)
  }
  for (const { body } of api.seen.filter((seen) => seen.path === '/form')) expect(body).toContain('filename="chair.obj"')
})

test('an answer streams as it comes, an abort of the caller is its own, and an end aborts what is still coming', async () => {
  const api = await open((request, response) => {
    response.writeHead(200, { 'content-type': 'text/plain' })
    response.write('first ')
    if (request.url === '/short') setImmediate(() => response.end('last'))
  })
  const tab = await signedIn(api.origin)
  const seen = await tab.evaluate(async (origin) => {
    const whole = await (await shop.session.fetch(`${origin}/short`)).text()
    const controller = new AbortController()
    const aborted = await shop.session.fetch(`${origin}/endless`, { signal: controller.signal })
    const reading = aborted.text().catch((error: Error) => error.name)
    controller.abort()
    const open = (await shop.session.fetch(`${origin}/endless`)).body!.getReader()
    const first = new TextDecoder().decode((await open.read()).value)
    const rest = open.read().then(() => 'more', (error: { code?: unknown }) => error.code)
    await shop.session.signOut()
    return [whole, await reading, first, await rest]
  }, api.origin)
  // WebKit ignores the reason of an abort once the body is being read (decision 25); that it is aborted is what counts.
  expect(seen).toEqual(['first last', 'AbortError', 'first ', engine === 'webkit' ? DOMException.ABORT_ERR : 'session-ended'])
  expect(await tab.evaluate(() => shop.session.state.status)).toBe('signed-out')
})
