/** A call is sent as it stood when it was made, also when it is sent again. */
import { describe, expect, it } from 'vitest'
import { api, outcome, signedIn } from '../test/scene.ts'
import { feature } from './feature.ts'

/** Refuses the first token and takes any other. */
function answered(request: Request): Response {
  return request.headers.get('authorization') === 'Bearer at-1' ? new Response('', { status: 401 }) : new Response('ok')
}

describe('what the caller uses again after the call', () => {
  it.each<readonly [string, (text: string) => BodyInit, (body: never, page: number) => void]>([
    ['bytes', (text) => new TextEncoder().encode(text), (body: Uint8Array, page) => body.fill(48 + page)],
    ['a buffer', (text) => new TextEncoder().encode(text).buffer, (body: ArrayBuffer, page) => new Uint8Array(body).fill(48 + page)],
    ['a part of a buffer', (text) => new DataView(new TextEncoder().encode(`[${text}]`).buffer, 1, 1), (body: DataView, page) => body.setUint8(0, 48 + page)],
    ['parameters', (text) => new URLSearchParams({ a: text }), (body: URLSearchParams, page) => body.set('a', String(page))],
    ['a form', (text) => { const made = new FormData(); made.set('a', text); return made }, (body: FormData, page) => body.set('a', String(page))],
  ])('H1 changes no request of before, neither its address, its headers nor its %s, also when it is sent again', async (_what, make, change) => {
    const { first } = await signedIn()
    const sent: string[] = []
    first.context.fetch = async (request) => {
      sent.push([new URL(request.url).search, request.headers.get('x-page'), /^(?:a=)?(\d)\r?$/m.exec(await request.text())?.[1]].join(' '))
      return answered(request)
    }
    const url = new URL(`${api}/list`)
    const headers = new Headers()
    const body = make('0')
    const calls = [1, 2].map((page) => {
      url.searchParams.set('page', String(page))
      headers.set('x-page', String(page))
      change(body as never, page)
      return outcome(first.session.fetch(url, { method: 'POST', headers, body }))
    })
    change(body as never, 9)
    expect(await Promise.all(calls)).toEqual([200, 200])
    expect(sent.toSorted()).toEqual(['?page=1 1 1', '?page=1 1 1', '?page=2 2 2', '?page=2 2 2'])
  })

  it('P8 changes no address that headers are asked for', async () => {
    const { first } = await signedIn()
    const url = new URL(`${api}/a`)
    const call = outcome(first.session.authorize({ method: 'GET', url }))
    url.host = 'evil.test'
    expect(await call).toEqual({ authorization: 'Bearer at-1' })
  })

  it('H1 changes no request of an order or a download either', async () => {
    const { first } = await signedIn()
    const access = first.session[feature]
    const sent: string[] = []
    first.context.fetch = async (request) => {
      sent.push(`${new URL(request.url).pathname} ${await request.text()}`)
      return answered(request)
    }
    const url = new URL(`${api}/1`)
    const body = new TextEncoder().encode('1')
    const call = outcome(access.fetch(url, { method: 'POST', body }, await access.capture()))
    url.pathname = '/2'
    body.fill(50)
    expect([await call, sent]).toEqual([200, ['/1 1', '/1 1']])
  })

  it('a Request given as options is as good as options', async () => {
    const { first } = await signedIn()
    const sent: unknown[] = []
    first.context.fetch = async (request) => {
      sent.push([request.method, request.headers.get('x-own')])
      return answered(request)
    }
    expect(await outcome(first.session.fetch(`${api}/x`, new Request(api, { method: 'DELETE', headers: { 'x-own': '1' } })))).toBe(200)
    expect(sent).toEqual([['DELETE', '1'], ['DELETE', '1']])
  })
})
