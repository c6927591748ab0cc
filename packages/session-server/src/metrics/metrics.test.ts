import { context, trace } from '@opentelemetry/api'
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base'
import { Registry } from 'prom-client'
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { createSecurityEventPush } from '../receive/index.ts'
import { createSessionServer } from '../server.ts'
import { memoryStore } from '../store.ts'
import { createSigner } from '../testing/signer.ts'
import { createSessionMetrics } from './index.ts'

vi.setConfig({ testTimeout: 60_000 })

const issuer = 'https://id.example'
const exporter = new InMemorySpanExporter()
beforeAll(() => void trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] })))
beforeEach(() => exporter.reset())
afterAll(() => {
  trace.disable()
  context.disable()
})

async function make() {
  const metrics = createSessionMetrics()
  const host = { onFeeds: vi.fn(), onEnd: vi.fn(), onError: vi.fn() }
  const server = metrics.server(createSessionServer(metrics.options({
    issuer, store: memoryStore(), ...host,
    authenticate: async (request) => {
      const token = request.headers.get('authorization')
      if (token === 'Bearer broken') throw new Error('no keys')
      return token === 'Bearer secret-token' ? { sid: 'secret-sid', subject: 'secret-subject' } : undefined
    },
    authorize: async () => ({ sid: 'secret-sid', subject: 'secret-subject' }),
  })))
  for (const sid of ['secret-sid', 'secret-other']) await server.begin({ sid, subject: 'secret-subject', client: 'Storefront' })
  const ask = (path: string, token = 'Bearer secret-token', method = 'GET') => server.handle(new Request(issuer + path, { method, headers: { authorization: token } }))
  const text = async () => (await metrics.response()).text()
  return { metrics, server, host, ask, text }
}

test('feeds, ends, requests and errors are counted, and the host is still told', async () => {
  const { server, host, ask, text } = await make()
  const feed = (await ask('/session/events'))!
  expect(await text()).toContain('session_feeds_open 1')
  await ask('/session')
  await ask('/session', 'Bearer broken')
  await ask('/sessions/secret-other', undefined, 'DELETE')
  expect(await ask('/elsewhere')).toBeUndefined()
  await server.end('secret-sid', { initiatingEntity: 'admin', reason: 'payment-dispute' })
  await server.end('secret-sid', { initiatingEntity: 'user' })
  await new Response(feed.body!.pipeThrough(new TransformStream())).text()
  const lines = (await text()).split('\n')
  expect(lines).toEqual(expect.arrayContaining([
    'session_feeds_open 0',
    'session_ends_total{type="session-revoked",reason="payment-dispute",by="admin"} 1',
    'session_ends_total{type="session-revoked",reason="signed-out-elsewhere",by="user"} 1',
    'session_requests_total{endpoint="session",method="GET",status="200"} 1',
    'session_requests_total{endpoint="session",method="GET",status="503"} 1',
    'session_requests_total{endpoint="session/events",method="GET",status="200"} 1',
    'session_requests_total{endpoint="sessions",method="DELETE",status="204"} 1',
    'session_request_seconds_count{endpoint="session"} 2',
    'session_end_seconds_count 2',
    'session_errors_total 1',
  ]))
  expect(lines.join()).not.toContain('other')
  expect([host.onFeeds.mock.calls, host.onEnd.mock.calls.length, host.onError.mock.calls.length]).toEqual([[[1], [0]], 2, 1])
})

test('P8 no number, span or attribute holds a session, a subject or a token', async () => {
  const { server, ask, text } = await make()
  await ask('/session')
  await ask('/session', 'Bearer broken')
  await ask('/sessions/secret-other?except=secret-subject', undefined, 'DELETE')
  await server.end('secret-sid', { initiatingEntity: 'admin', reasonAdmin: 'secret-case', reasonUser: { en: 'secret words' } })
  await expect(server.end('secret-nobody', { initiatingEntity: 'admin' })).rejects.toThrow(RangeError)
  const spans = exporter.getFinishedSpans().map(({ name, attributes, status, events }) => ({ name, attributes, code: status.code, message: status.message, events }))
  expect(spans.map(({ name }) => name)).toEqual(['session.request', 'session.request', 'session.request', 'session.end', 'session.end'])
  expect(spans.at(-2)).toMatchObject({ attributes: { 'session.reason': 'none', 'session.initiating_entity': 'admin', 'session.changed': true } })
  expect(spans.at(-1)).toMatchObject({ code: 2, message: undefined })
  expect(spans[1]!.attributes).toEqual({ 'http.request.method': 'GET', 'session.endpoint': 'session', 'http.response.status_code': 503 })
  expect((await text()) + JSON.stringify(spans)).not.toContain('secret')
})

test('tokens that are received are counted by what became of them', async () => {
  const { metrics, server, text } = await make()
  const signer = await createSigner()
  const push = createSecurityEventPush(metrics.receiver('push', { server, issuer: 'https://signals.example', audience: 'shop', keys: signer.keys }))
  const token = await signer.sign(
    { iss: 'https://signals.example', aud: 'shop', iat: Math.floor(Date.now() / 1000), jti: 'j1', sub_id: { format: 'opaque', id: 'secret-sid' }, events: { 'https://schemas.openid.net/secevent/caep/event-type/session-revoked': {} } },
    { typ: 'secevent+jwt' },
  )
  const post = (body: string) => push(new Request('https://shop.example/events', { method: 'POST', body, headers: { 'content-type': 'application/secevent+jwt' } }))
  expect((await post('x')).status).toBe(400)
  expect([(await post(token)).status, (await post(token)).status]).toEqual([202, 202])
  expect((await text()).split('\n')).toEqual(expect.arrayContaining([
    'session_tokens_received_total{source="push",outcome="refused"} 1',
    'session_tokens_received_total{source="push",outcome="accepted"} 1',
    'session_tokens_received_total{source="push",outcome="repeated"} 1',
    'session_ends_total{type="session-revoked",reason="policy",by="system"} 1',
  ]))
})

test('the numbers are kept in the registry of the host, in the form that Prometheus reads', async () => {
  const registry = new Registry()
  const metrics = createSessionMetrics({ registry })
  const response = await metrics.response()
  expect([metrics.registry, response.headers.get('content-type')]).toEqual([registry, 'text/plain; version=0.0.4; charset=utf-8'])
  expect(await response.text()).toBe(await registry.metrics())
})

test.each([['registry', { registry: {} as never }], ['regstry', { regstry: 1 } as never]])('a wrong %s is a TypeError that names it', (name, options) => {
  expect(() => createSessionMetrics(options)).toThrow(new RegExp(`^"${name}"`))
})
