import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { getRequestListener, serve } from '@hono/node-server'
import { EventSourceParserStream } from 'eventsource-parser/stream'
import express from 'express'
import { Hono } from 'hono'
import { afterEach, expect, test, vi } from 'vitest'
import { createSecurityEventPush } from './receive/index.ts'
import { createSessionServer } from './server.ts'
import { memoryStore } from './store.ts'
import { createSigner } from './testing/signer.ts'

const soon = { timeout: 60_000, interval: 5 }
const signer = await createSigner()
let http: Server | undefined
afterEach(() => {
  http?.close()
  http?.closeAllConnections()
})

type Handle = (request: Request) => Promise<Response | undefined>
const notFound = () => new Response('not found', { status: 404 })

/** How a host mounts the server: as the README shows it. */
const adapters: Readonly<Record<string, (handle: Handle, push: (request: Request) => Promise<Response>) => Promise<Server>>> = {
  async hono(handle, push) {
    const app = new Hono()
    app.post('/events', (c) => push(c.req.raw))
    app.use(async (c, next) => (await handle(c.req.raw)) ?? next())
    app.get('/elsewhere', (c) => c.text('the application'))
    return serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1', overrideGlobalObjects: false }) as Server
  },
  async express(handle, push) {
    const app = express()
    const mounted = (handler: Handle): RequestListener => getRequestListener(async (request) => (await handler(request)) ?? notFound(), { overrideGlobalObjects: false })
    app.post('/events', mounted(push))
    app.all(['/session', '/session/events', '/sessions', '/sessions/:sid'], mounted(handle))
    app.use(express.json())
    app.get('/elsewhere', (_request, response) => void response.send('the application'))
    return app.listen(0, '127.0.0.1')
  },
  async 'node:http'(handle, push) {
    const listener = getRequestListener(
      async (request) => {
        const { pathname } = new URL(request.url)
        if (pathname === '/events') return push(request)
        return (await handle(request)) ?? (pathname === '/elsewhere' ? new Response('the application') : notFound())
      },
      { overrideGlobalObjects: false },
    )
    return createServer(listener).listen(0, '127.0.0.1')
  },
}

async function mount(name: string) {
  const open: number[] = []
  const identify = async (request: Request) => {
    const [, sid, subject] = /^Bearer (\w+)\.(\w+)$/.exec(request.headers.get('authorization') ?? '') ?? []
    return sid && subject ? { sid, subject } : undefined
  }
  const server = createSessionServer({
    issuer: 'https://shop.example', store: memoryStore(), authenticate: identify, onFeeds: (count) => open.push(count),
    authorize: async (request) => (await identify(request)) ?? new Response(null, { status: 401 }),
  })
  const push = createSecurityEventPush({ server, issuer: 'https://signals.example', audience: 'shop', keys: signer.keys })
  http = await adapters[name]!(server.handle, push)
  if (!http.listening) await once(http, 'listening')
  const address = `http://127.0.0.1:${(http.address() as AddressInfo).port}`
  for (const sid of ['s1', 's2', 's3']) await server.begin({ sid, subject: 'u1', client: 'Storefront' })
  const ask = (path: string, sid: string, init: RequestInit = {}) => fetch(address + path, { ...init, headers: { authorization: `Bearer ${sid}.u1` } })
  const feed = async (sid: string, signal?: AbortSignal) => {
    const response = await ask('/session/events', sid, signal ? { signal } : {})
    const reader = response.body!.pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream()).getReader()
    const next = async () => {
      const { value } = await reader.read()
      return value && { event: value.event, ...(JSON.parse(value.data) as { active?: boolean; reason?: string }) }
    }
    return { response, next }
  }
  return { server, address, ask, feed, open }
}

test.each(Object.keys(adapters))('%s: the session endpoint, the feed, the list and a pushed revocation work over real connections', async (name) => {
  const { address, ask, feed, open } = await mount(name)
  expect(await (await ask('/session', 's1')).json()).toMatchObject({ active: true, sid: 's1' })
  const [one, two] = [await feed('s1'), await feed('s2')]
  expect([one.response.headers.get('content-type'), one.response.headers.get('x-accel-buffering')]).toEqual(['text/event-stream', 'no'])
  expect([await one.next(), await two.next()]).toMatchObject([{ event: 'session', active: true }, { event: 'session', active: true }])

  expect((await ask('/sessions/s1', 's2', { method: 'DELETE' })).status).toBe(204)
  expect([await one.next(), await one.next()]).toMatchObject([{ event: 'session', active: false, reason: 'signed-out-elsewhere' }, undefined])

  const claims = { iss: 'https://signals.example', aud: 'shop', iat: Math.floor(Date.now() / 1000), jti: 'j1', sub_id: { format: 'opaque', id: 's2' } }
  const token = await signer.sign({ ...claims, events: { 'https://schemas.openid.net/secevent/caep/event-type/session-revoked': {} } }, { typ: 'secevent+jwt' })
  expect((await fetch(`${address}/events`, { method: 'POST', body: token, headers: { 'content-type': 'application/secevent+jwt' } })).status).toBe(202)
  expect([await two.next(), await two.next()]).toMatchObject([{ event: 'session', active: false, reason: 'policy' }, undefined])
  expect(await (await ask('/session', 's2')).json()).toMatchObject({ active: false, sid: 's2', reason: 'policy' })
  await vi.waitFor(() => expect(open.at(-1)).toBe(0), soon)

  expect(await (await fetch(`${address}/elsewhere`)).text()).toBe('the application')
  expect((await fetch(`${address}/nowhere`)).status).toBe(404)
}, 60_000)

test.each(Object.keys(adapters))('%s: a client that goes away gives its feed back, and draining closes the others with a goodbye', async (name) => {
  const { server, feed, open } = await mount(name)
  const gone = new AbortController()
  const [one, two] = [await feed('s1', gone.signal), await feed('s2')]
  expect([(await one.next())?.active, (await two.next())?.active]).toEqual([true, true])
  gone.abort()
  await vi.waitFor(() => expect(open.at(-1)).toBe(1), soon)
  server.drain()
  expect([await two.next(), await two.next()]).toEqual([{ event: 'bye' }, undefined])
  await vi.waitFor(() => expect(open.at(-1)).toBe(0), soon)
}, 60_000)
