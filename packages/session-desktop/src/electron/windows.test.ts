/** What windows get of a session over their ports, and what they do not. */
import { createHash, randomBytes } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { active, application, codeOf, failing, revoke, serving } from '../../test/windows.ts'
import { limits } from './messages.ts'
import { eventually } from '../../test/eventually.ts'

describe('a window', () => {
  it('sees who is signed in, sends with the token, and never has it', async () => {
    const api = await serving({
      '/library': (_request, response) =>
        response.writeHead(200, {
          'content-type': 'application/json', etag: '"1"', 'x-trace': 'canary-trace', 'set-cookie': 'a=canary-cookie', authorization: 'Bearer canary-access',
          'dpop-nonce': 'canary-nonce', 'www-authenticate': 'Bearer realm="canary"', 'authentication-info': 'canary', 'proxy-authenticate': 'canary',
        }).end('["chair"]'),
    })
    const app = await application([api.origin])
    const window = app.open()
    expect(window.session.state).toEqual({ status: 'restoring' })
    await active(window)
    expect(window.session.state).toEqual(app.session.state)

    const answer = await window.session.fetch(`${api.origin}/library`)
    expect(answer).toBeInstanceOf(Response)
    expect([answer.status, answer.headers.get('etag'), await answer.json()]).toEqual([200, '"1"', ['chair']])
    expect(api.asked[0]?.headers.authorization).toBe('Bearer canary-access')
    expect(Object.keys(Object.fromEntries(answer.headers)).sort()).toEqual(['content-type', 'date', 'etag'])
    expect(await window.session.confirm()).toBe('alive')
    await revoke(app)
    await eventually(() => expect(window.session.state.status).toBe('signed-out'))
    expect(JSON.stringify(window.told)).not.toContain('canary')
  })

  it('sends what it was given as it is: methods, bodies, forms', async () => {
    const bodies: string[] = []
    const api = await serving({
      '/orders': (request, response) => {
        request.setEncoding('utf8')
        let body = ''
        request.on('data', (text: string) => (body += text)).on('end', () => {
          bodies.push(`${request.method} ${request.headers['content-type']} ${String(request.headers['idempotency-key'])} ${body}`)
          response.writeHead(204).end()
        })
      },
    })
    const { session } = (await application([api.origin])).open()
    const text = await session.fetch(`${api.origin}/orders`, { method: 'POST', body: '{"a":1}', headers: { 'content-type': 'application/json', 'Idempotency-Key': 'k' } })
    expect([text.status, text.body]).toEqual([204, null])
    await session.fetch(new Request(`${api.origin}/orders`, { method: 'PUT', body: new URLSearchParams({ a: '1' }) }))
    const form = new FormData()
    form.set('model', new Blob(['xyz']), 'chair.glb')
    await session.fetch(`${api.origin}/orders`, { method: 'POST', body: form })
    expect(bodies.slice(0, 2)).toEqual(['POST application/json k {"a":1}', 'PUT application/x-www-form-urlencoded;charset=UTF-8 undefined a=1'])
    expect(bodies[2]).toMatch(/^POST multipart\/form-data; boundary=[^]*filename="chair.glb"[^]*xyz/)
  })

  it('gets a large body whole, piece by piece, and no memory of its neighbours', async () => {
    const bytes = randomBytes(3_000_000)
    const api = await serving({ '/file': (_request, response) => response.end(bytes), '/packed': (_request, response) => response.writeHead(200, { 'content-encoding': 'gzip', 'content-length': gzipSync(bytes).length }).end(gzipSync(bytes)) })
    const window = (await application([api.origin])).open()
    for (const path of ['file', 'packed']) {
      const answer = await window.session.fetch(`${api.origin}/${path}`)
      expect(answer.headers.get('content-length')).toBe(path === 'file' ? '3000000' : null)
      const received = Buffer.from(await answer.arrayBuffer())
      expect(createHash('sha256').update(received).digest('hex')).toBe(createHash('sha256').update(bytes).digest('hex'))
    }
    const pieces = window.told.flatMap((told) => (told.type === 'chunk' ? [told.bytes] : []))
    expect(pieces.length).toBeGreaterThan(2 * 3_000_000 / limits.chunkBytes)
    for (const piece of pieces) expect([piece.byteLength <= limits.chunkBytes, piece.buffer.byteLength]).toEqual([true, piece.byteLength])
  })

  it('that does not read is sent no more than a few pieces, and an answer that is small is over by itself', async () => {
    const api = await serving({ '/file': (_request, response) => response.end(randomBytes(3_000_000)), '/small': (_request, response) => response.end('small') })
    const window = (await application([api.origin])).open()
    const pieces = (): number => window.told.filter(({ type }) => type === 'chunk').length
    const unread = await window.session.fetch(`${api.origin}/file`)
    await eventually(() => expect(pieces()).toBe(4))
    // Whatever was on its way has arrived behind these.
    for (let round = 0; round < 5; round += 1) await window.session.confirm()
    expect(pieces()).toBe(4)
    await unread.body?.cancel()
    for (let round = 0; round <= limits.calls; round += 1) await window.session.fetch(`${api.origin}/small`)
    expect(api.asked).toHaveLength(limits.calls + 2)
  })

  it('makes many calls, of which no more than the limit are under way', async () => {
    let underWay = 0
    let most = 0
    const held: (() => void)[] = []
    const api = await serving({
      '/slow': (_request, response) => {
        most = Math.max(most, ++underWay)
        held.push(() => {
          underWay -= 1
          response.end('done')
        })
      },
    })
    const app = await application([api.origin])
    const { session } = app.open()
    const calls = Array.from({ length: 80 }, async () => (await session.fetch(`${api.origin}/slow`)).text())
    const given = new AbortController()
    const queued = failing(session.fetch(`${api.origin}/slow`, { signal: given.signal }))
    await eventually(() => expect(held).toHaveLength(limits.calls))
    given.abort(new Error('not wanted'))
    expect(await queued).toMatchObject({ message: 'not wanted' })
    while (api.asked.length < 80 || held.length > 0) {
      held.shift()?.()
      await new Promise(setImmediate)
    }
    expect(new Set(await Promise.all(calls))).toEqual(new Set(['done']))
    expect([most, app.served.ignored()]).toEqual([limits.calls, { refused: 0, malformed: 0 }])
  })

  it('that gives a call up has its reason at once, and the server is not kept', async () => {
    const closed: string[] = []
    const api = await serving({
      '/never': (_request, response) => void response.on('close', () => closed.push('head')),
      '/half': (_request, response) => {
        response.on('close', () => closed.push('body'))
        response.write('first half')
      },
    })
    const { session } = (await application([api.origin])).open()
    const [head, body] = [new AbortController(), new AbortController()]
    const waiting = failing(session.fetch(`${api.origin}/never`, { signal: head.signal }))
    const answer = await session.fetch(`${api.origin}/half`, { signal: body.signal })
    const reading = failing(answer.text())
    await eventually(() => expect(api.asked).toHaveLength(2))
    head.abort(new Error('gone elsewhere'))
    body.abort()
    expect(await waiting).toMatchObject({ message: 'gone elsewhere' })
    expect(await reading).toMatchObject({ name: 'AbortError' })
    await eventually(() => expect([...closed].sort()).toEqual(['body', 'head']))
    expect(await failing(session.fetch(api.origin, { signal: AbortSignal.abort(new Error('before')) }))).toMatchObject({ message: 'before' })
  })

  it('P8 may send no credential of its own, and nothing to another origin, nor be sent there', async () => {
    const other = await serving({})
    const api = await serving({ '/moved': (_request, response) => response.writeHead(302, { location: `${other.origin}/secret` }).end() })
    const app = await application([api.origin], { headers: ['X-Shop'] })
    const { session } = app.open()
    for (const name of ['authorization', 'DPoP', 'cookie', 'proxy-authorization', 'x-other', 'host', 'origin']) {
      const refused = await failing(session.fetch(api.origin, { headers: { [name]: 'x' } }))
      // A browser drops some of these from a Request by itself, Node none.
      expect(refused).toEqual(new TypeError(`"${name.toLowerCase()}" is not a header that a window may send.`))
    }
    expect(codeOf(await failing(session.fetch(`${other.origin}/`)))).toBe('origin-not-allowed')
    expect([api.asked.length, other.asked.length]).toEqual([0, 0])
    const moved = await session.fetch(`${api.origin}/moved`, { headers: { 'x-shop': '1' } })
    expect([moved.status, moved.headers.get('location'), api.asked[0]?.headers['x-shop'], other.asked.length]).toEqual([302, `${other.origin}/secret`, '1', 0])
    expect(codeOf(await failing(session.fetch(api.origin, { method: 'POST', body: new Uint8Array(limits.bodyBytes + 1) })))).toBe('too-large')
  })

  it('P8 is told of a failure what it can use, and nothing of its cause', async () => {
    const api = await serving({ '/cut': (request) => request.socket.destroy() })
    const window = (await application([api.origin])).open()
    expect(await failing(window.session.fetch(`${api.origin}/cut?canary-query`))).toEqual(new TypeError('The request failed.'))
    expect(JSON.stringify(window.told)).not.toMatch(/canary|ECONN|socket|stack/)
  })
})

it('a server that ends in the middle of a body is a failure of the body', async () => {
  const api = await serving({
    '/half': (_request, response) => {
      response.writeHead(200, { 'content-length': 100 }).write('half')
      setImmediate(() => response.destroy())
    },
  })
  const { session } = (await application([api.origin])).open()
  const answer = await session.fetch(`${api.origin}/half`)
  expect(await failing(answer.text())).toEqual(new TypeError('The request failed.'))
})
