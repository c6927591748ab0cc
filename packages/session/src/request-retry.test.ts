/** What is sent twice, and what must not be: bodies, methods, keys, origins, aborts. */
import { Readable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { eventually } from '../test/eventually.ts'
import { api, outcome, problem, problems, revoked, scene, signedIn, signIn, turns, watched, type Tab } from '../test/scene.ts'

interface Sent {
  readonly method: string
  readonly body: string
  readonly headers: Headers
}

/** Refuses the first token, takes any other, and keeps what it was sent. */
function resource(tab: Tab): Sent[] {
  const sent: Sent[] = []
  tab.context.fetch = async (request) => {
    sent.push({ method: request.method, body: await request.text(), headers: request.headers })
    return request.headers.get('authorization') === 'Bearer at-1' ? new Response('', { status: 401 }) : new Response('ok')
  }
  return sent
}

const bytes = new TextEncoder().encode('the whole body')
const form = new FormData()
form.set('file', new Blob(['the whole body']), 'chair.glb')

describe('a request that meets a 401', () => {
  it.each<readonly [string, BodyInit | null, string]>([
    ['a text', 'the whole body', 'the whole body'], ['bytes', bytes, 'the whole body'], ['a buffer', bytes.buffer, 'the whole body'],
    ['a blob', new Blob(['the whole body']), 'the whole body'], ['parameters', new URLSearchParams({ a: '1' }), 'a=1'],
    ['no body at all', null, ''],
  ])('H1 with %s is sent again with all of it', async (_what, body, text) => {
    const { first } = await signedIn()
    const sent = resource(first)
    expect(await outcome(first.session.fetch(`${api}/x`, { method: 'POST', body }))).toBe(200)
    expect(sent.map((request) => [request.method, request.body])).toEqual([['POST', text], ['POST', text]])
  })

  it('H1 with a form is sent again with a boundary that fits', async () => {
    const { first } = await signedIn()
    const sent = resource(first)
    expect(await outcome(first.session.fetch(`${api}/x`, { method: 'POST', body: form }))).toBe(200)
    for (const { body, headers } of sent) {
      const boundary = /boundary=(.+)$/.exec(headers.get('content-type') ?? '')?.[1] ?? 'none'
      expect(body.split(`--${boundary}`)).toHaveLength(3)
      expect(body).toContain('the whole body')
    }
    expect(sent).toHaveLength(2)
  })

  it('H1 as a Request is sent again with its own body, and the caller may not read it twice', async () => {
    const { first } = await signedIn()
    const sent = resource(first)
    const request = new Request(`${api}/x`, { method: 'PUT', body: 'the whole body', headers: { 'x-own': '1' } })
    expect(await outcome(first.session.fetch(request))).toBe(200)
    expect(sent.map(({ method, body, headers }) => [method, body, headers.get('x-own')])).toEqual([['PUT', 'the whole body', '1'], ['PUT', 'the whole body', '1']])
  })

  it('H1 with a stream is not sent again, and never with half of it', async () => {
    const { first } = await signedIn()
    const sent = resource(first)
    const body = new Blob(['the whole body']).stream()
    expect(await outcome(first.session.fetch(`${api}/x`, { method: 'POST', body, duplex: 'half' } as RequestInit))).toBe('not-replayable')
    expect(sent.map((request) => request.body)).toEqual(['the whole body'])
    expect(await outcome(first.session.fetch(`${api}/x`, { method: 'POST', body: 'again' }))).toBe(200)
  })

  it.each<readonly [string, () => unknown]>([
    ['a stream of Node', () => Readable.from([Buffer.from('the whole '), Buffer.from('body')])],
    ['a generator', async function* () {
      yield Buffer.from('the whole ')
      yield Buffer.from('body')
    }],
  ])('H1 with %s is not sent again without it', async (_what, make) => {
    const { first } = await signedIn()
    const sent = resource(first)
    const init = { method: 'POST', body: make() as BodyInit, duplex: 'half' }
    expect(await outcome(first.session.fetch(`${api}/x`, init))).toBe('not-replayable')
    expect(sent.map(({ body }) => body)).toEqual(['the whole body'])
  })

  it('H1 with a stream whose token is known to be spent waits for the next one and is sent once', async () => {
    const { first, device } = await signedIn({ lifetimeSeconds: 5 })
    await device.clock.advance(6_000)
    const sent = resource(first)
    const body = new Blob(['the whole body']).stream()
    expect(await outcome(first.session.fetch(`${api}/x`, { method: 'POST', body, duplex: 'half' } as RequestInit))).toBe(200)
    expect(sent.map((request) => request.body)).toEqual(['the whole body'])
  })

  it('H2 keeps the key the caller gave it, and gets none of ours', async () => {
    const { first } = await signedIn()
    const sent = resource(first)
    await first.session.fetch(`${api}/x`, { method: 'POST', body: 'order', headers: { 'idempotency-key': 'order-7' } })
    expect(sent.map(({ headers }) => headers.get('idempotency-key'))).toEqual(['order-7', 'order-7'])
    await first.session.fetch(`${api}/x`, { method: 'POST', body: 'order' })
    expect(sent.at(-1)?.headers.get('idempotency-key')).toBeNull()
  })

  it.each(['POST', 'GET'])('H2 a %s that fails on the way is not sent again', async (method) => {
    const { first } = await signedIn()
    let sends = 0
    const broken = new TypeError('connection lost')
    first.context.fetch = async () => {
      sends += 1
      throw broken
    }
    expect(await outcome(first.session.fetch(`${api}/x`, { method }))).toBe(broken)
    expect([sends, first.session.state.status]).toEqual([1, 'active'])
  })

  it.each([403, 404, 409, 500, 503])('H2 B4 a POST that is answered with %i is not sent again', async (status) => {
    const { first, server } = await signedIn()
    let sends = 0
    first.context.fetch = async () => {
      sends += 1
      return new Response('', { status })
    }
    expect(await outcome(first.session.fetch(`${api}/x`, { method: 'POST', body: 'order' }))).toBe(status)
    expect([sends, server.refreshes.length, first.session.state.status]).toEqual([1, 0, 'active'])
  })
})

describe('the answer', () => {
  it('can be read by the caller, although it was judged', async () => {
    const { first } = await signedIn()
    first.context.fetch = async () => problem({ type: `${problems}/quota`, detail: 'all of it' }, 403)
    expect(await (await first.session.fetch(`${api}/x`)).json()).toEqual({ type: `${problems}/quota`, detail: 'all of it' })
  })

  it('P1 of a request that was under way is withheld when the session ended meanwhile', async () => {
    const { first } = await signedIn()
    const answer = Promise.withResolvers<Response>()
    first.context.fetch = () => answer.promise
    const call = watched(first.session.fetch(`${api}/x`))
    await turns()
    await first.session.signOut()
    answer.resolve(new Response('secret'))
    await turns()
    expect(call.result).toBe('session-ended')
  })

  it('P1 is withheld behind a fence, and handed out when it lifts', async () => {
    const { first } = await signedIn()
    const answer = Promise.withResolvers<Response>()
    first.context.fetch = () => answer.promise
    const call = watched(first.session.fetch(`${api}/x`))
    await turns()
    first.context.freeze()
    answer.resolve(new Response('ok'))
    await turns()
    first.context.thaw()
    await eventually(() => expect(call.result).toBe(200))
  })

  it('P4 P6 of an origin that a redirect led to is not judged', async () => {
    const { first, sid, server } = await signedIn()
    first.context.fetch = async () => Object.defineProperty(problem(revoked(sid)), 'url', { value: 'https://elsewhere.test/x' })
    expect(await outcome(first.session.fetch(`${api}/x`))).toBe(401)
    expect([first.session.state.status, server.refreshes.length]).toEqual(['active', 0])
  })
})

describe('where tokens go', () => {
  it.each(['https://evil.test/x', 'http://api.test/x', 'https://api.test:8443/x', 'https://api.test.evil.test/x', 'https://api.test@evil.test/x', '//evil.test/x', 'data:text/plain,x'])('P8 not to %s', async (url) => {
    const { first } = await signedIn()
    expect(await outcome(first.session.fetch(url))).toBe('origin-not-allowed')
    expect(await outcome(first.session.authorize({ method: 'GET', url }))).toBe('origin-not-allowed')
    expect(first.sent).toEqual([])
  })

  it.each(['file:///shop.html', 'data:text/html,shop', 'about:srcdoc'])('P8 not to whatever else has no origin, by default from %s', async (url) => {
    const made = scene({ options: { origins: undefined } as object })
    made.first.context.url = url
    await made.first.session.start()
    await signIn(made, made.first)
    for (const other of ['custom://evil.test/', 'data:text/plain,x', 'file:///etc/hosts']) {
      expect(await outcome(made.first.session.authorize({ method: 'GET', url: other }))).toBe('origin-not-allowed')
    }
  })

  it('P8 an authorization header of the caller is replaced, never sent beside ours', async () => {
    const { first } = await signedIn()
    await first.session.fetch(`${api}/x`, { headers: { authorization: 'Bearer own' } })
    expect(first.sent).toEqual(['at-1'])
  })
})

describe('an abort', () => {
  it.each(['before it is sent', 'while it is sent', 'while the token is renewed'])('of the caller %s is the caller\'s own', async (when) => {
    const { first, server, device } = await signedIn({ lifetimeSeconds: 5 })
    const caller = new AbortController()
    const reason = new Error('changed my mind')
    if (when === 'before it is sent') caller.abort(reason)
    if (when === 'while the token is renewed') await device.clock.advance(6_000)
    server.onRefresh = () => new Promise(() => {})
    first.context.fetch = (_request, signal) => new Promise((_resolve, reject) => signal!.addEventListener('abort', () => reject(signal!.reason as Error)))
    const call = watched(first.session.fetch(`${api}/x`, { signal: caller.signal }))
    await turns()
    caller.abort(reason)
    await turns()
    expect([call.result, first.session.state.status]).toEqual([reason, 'active'])
  })

  it('P1 of the session reaches a request that is being sent', async () => {
    const { first } = await signedIn()
    let aborted: unknown
    first.context.fetch = (_request, signal) =>
      new Promise((_resolve, reject) => {
        signal!.addEventListener('abort', () => {
          aborted = signal!.reason
          reject(signal!.reason as Error)
        })
      })
    const call = outcome(first.session.fetch(`${api}/x`))
    await turns()
    await first.session.signOut()
    expect([await call, (aborted as { code?: string }).code]).toEqual(['session-ended', 'session-ended'])
  })
})
