/** ky over the session: its users' habits hold, and each call stays with its session. */
import { describe, expect, it } from 'vitest'
import { createSession, isSessionError } from '../index.ts'
import { createDevice, scriptedAuthority } from '../testing/index.ts'
import { createHttp } from './index.ts'
import { eventually } from '../../test/eventually.ts'

const api = 'https://api.test'

async function setUp() {
  const device = createDevice()
  const server = scriptedAuthority(() => device.clock.now())
  const context = device.context()
  const session = createSession({ authority: server.authority, platform: context.platform, origins: [api] })
  server.pending = server.grant()
  await session.start()
  await eventually(() => expect(session.state.status).toBe('active'))
  return { device, server, context, session }
}

describe('createHttp', () => {
  it('sends JSON with the token and reads JSON', async () => {
    const { context, session } = await setUp()
    const seen: unknown[] = []
    context.fetch = async (request) => {
      seen.push([request.method, request.headers.get('authorization'), await request.text()])
      return Response.json({ ok: true })
    }
    const http = createHttp(session, { prefix: api })
    expect(await http.post('orders', { json: { item: 'chair' } }).json()).toEqual({ ok: true })
    expect(seen).toEqual([['POST', 'Bearer at-1', '{"item":"chair"}']])
  })

  it('H1 a body is sent again, byte for byte, with a newer token after a 401', async () => {
    const { context, session, server } = await setUp()
    const bodies: string[] = []
    context.fetch = async (request) => {
      bodies.push(await request.text())
      return request.headers.get('authorization') === 'Bearer at-1' ? new Response('', { status: 401 }) : Response.json({ ok: true })
    }
    expect(await createHttp(session, { prefix: api }).post('orders', { json: { item: 'chair' } }).json()).toEqual({ ok: true })
    expect(bodies).toEqual(['{"item":"chair"}', '{"item":"chair"}'])
    expect(server.refreshes).toHaveLength(1)
  })

  it('throws ky errors for what the server says, and retries what ky retries', async () => {
    const { context, session } = await setUp()
    let sends = 0
    context.fetch = async () => {
      sends += 1
      return sends < 3 ? new Response('', { status: 503 }) : Response.json({ ok: true })
    }
    const http = createHttp(session, { prefix: api, retry: { limit: 2, delay: () => 1 } })
    expect(await http.get('library').json()).toEqual({ ok: true })
    context.fetch = async () => new Response('', { status: 404 })
    await expect(http.get('library')).rejects.toMatchObject({ name: 'HTTPError' })
  })

  it('what the SDK refuses is thrown as it is, at once, and not tried again', async () => {
    const { session } = await setUp()
    await expect(createHttp(session, { prefix: 'https://evil.test' }).get('x')).rejects.toMatchObject({ code: 'origin-not-allowed' })
    await session.signOut()
    await expect(createHttp(session, { prefix: api }).get('x')).rejects.toMatchObject({ code: 'signed-out' })
  })

  it('P6 a retry of ky is not sent under the session that came meanwhile', async () => {
    const { context, session, server } = await setUp()
    const sent: (string | null)[] = []
    const http = createHttp(session, {
      prefix: api,
      retry: { limit: 2, delay: () => 1 },
      hooks: {
        beforeRetry: [async () => {
          server.pending = server.grant('jonas')
          session.stop()
          await session.start()
        }],
      },
    })
    context.fetch = async (request) => {
      sent.push(request.headers.get('authorization'))
      return new Response('', { status: 503 })
    }
    const failure = await http.get('library').catch((error: unknown) => error)
    expect(isSessionError(failure)).toBe(true)
    expect(sent).toEqual(['Bearer at-1'])
  })

  it('an abort of the caller passes through untouched', async () => {
    const { context, session } = await setUp()
    context.fetch = (_request, signal) => new Promise((_resolve, reject) => signal!.addEventListener('abort', () => reject(signal!.reason)))
    const controller = new AbortController()
    const call = createHttp(session, { prefix: api }).get('library', { signal: controller.signal }).catch((error: unknown) => error)
    controller.abort()
    expect(await call).toMatchObject({ name: 'AbortError' })
  })
})
