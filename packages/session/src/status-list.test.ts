/** Reading one entry of a status list: the vectors of the draft, what a list costs, and everything that looks like a list and says nothing. */
import { deflateRawSync, deflateSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { readStatusList, type Reading } from './status-list.ts'

const uri = 'https://lists.test/status-lists/1'
const now = 1_800_000_000_000
const part = (value: unknown) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')
const head = { alg: 'ES256', kid: '12', typ: 'statuslist+jwt' }
const claims = (more: Record<string, unknown> = {}) => ({ sub: uri, iat: now / 1000, exp: now / 1000 + 600, ttl: 60, status_list: { bits: 2, lst: lists.two }, ...more })
const token = (payload: unknown = claims(), header: unknown = head) => `${part(header)}.${part(payload)}.c2lnbmF0dXJl`
/** The draft's own: sixteen entries of one bit, and twelve of two. */
const lists = { one: Buffer.from('78dadbb918000217015d', 'hex').toString('base64url'), two: Buffer.from('78da3be9f2130003df0207', 'hex').toString('base64url') }
const deflated = (bytes: Uint8Array) => deflateSync(bytes).toString('base64url')

/** Reads one entry of whatever a server answers. */
async function reading(answer: string | Response | (() => Response | Promise<Response>), { idx = 1, before = undefined as Reading | undefined, at = now } = {}) {
  const asked: Request[] = []
  const fetch = async (request: Request): Promise<Response> => {
    asked.push(request)
    return typeof answer === 'function' ? answer() : typeof answer === 'string' ? new Response(answer) : answer
  }
  const read = await readStatusList({ idx, uri }, before, { fetch, now: () => at, signal: new AbortController().signal })
  return { read, asked }
}
const values = (payload: unknown, count: number) =>
  Promise.all(Array.from({ length: count }, async (_, idx) => (await reading(token(payload), { idx })).read?.value))

describe('an entry of a list', () => {
  it('is read as the draft writes it: least significant bits first', async () => {
    expect(await values(claims({ status_list: { bits: 1, lst: lists.one } }), 17)).toEqual([1, 0, 0, 1, 1, 1, 0, 1, 1, 1, 0, 0, 0, 1, 0, 1, undefined])
    expect(await values(claims(), 13)).toEqual([1, 2, 0, 3, 0, 1, 0, 1, 1, 2, 3, 3, undefined])
    expect(await values(claims({ status_list: { bits: 4, lst: deflated(Uint8Array.of(0x21, 0xf0)) } }), 5)).toEqual([1, 2, 0, 15, undefined])
    expect(await values(claims({ status_list: { bits: 8, lst: deflated(Uint8Array.of(2, 255)) } }), 3)).toEqual([2, 255, undefined])
  })

  it('of ten million is found wherever it is, and the list is not kept', async () => {
    const bytes = new Uint8Array(2_500_000)
    for (let at = 0; at < bytes.length; at += 97) bytes[at] = 0b0100
    const text = token(claims({ status_list: { bits: 2, lst: deflated(bytes) } }))
    for (const idx of [1, 97 * 4 * 5_000 + 1, 97 * 4 * 25_773 + 1]) {
      const { read } = await reading(text, { idx })
      expect(read).toMatchObject({ value: 1 })
      expect(JSON.stringify(read).length).toBeLessThan(200)
    }
    expect((await reading(text, { idx: 9_999_999 })).read).toMatchObject({ value: 0 })
  })

  it.each([[60, 60_000], [0.5, 5_000], [1e9, 3_600_000], [undefined, 300_000], ['60', 300_000], [-1, 300_000], [0, 300_000]])('is to be read again after its `ttl` of %j s, within reason: %i ms', async (ttl, ttlMs) => {
    expect((await reading(token(claims({ ttl })))).read).toMatchObject({ ttlMs })
  })
})

describe('the request', () => {
  it('P8 carries no token, no cookie and no referrer, and names nobody', async () => {
    const { asked } = await reading(token())
    expect(asked.map(({ url, method, credentials, referrerPolicy, cache, headers }) => [url, method, credentials, referrerPolicy, cache, [...headers]])).toEqual([
      [uri, 'GET', 'omit', 'no-referrer', 'no-cache', [['accept', 'application/statuslist+jwt']]],
    ])
  })

  it('asks whether the list is still the same, and believes it only while the list is valid', async () => {
    const { read } = await reading(new Response(token(), { headers: { etag: '"v1"' } }))
    const unchanged = () => new Response(null, { status: 304 })
    const again = await reading(unchanged, { before: read })
    expect([again.asked[0]?.headers.get('if-none-match'), again.read]).toEqual(['"v1"', read])
    const late = await reading(unchanged, { before: read, at: now + 600_000 })
    expect([late.asked[0]?.headers.get('if-none-match'), late.read]).toEqual([null, undefined])
    expect((await reading(unchanged)).read).toBeUndefined()
  })
})

const list = (more: Record<string, unknown>) => claims({ status_list: { bits: 2, lst: lists.two, ...more } })
const zeros = (bytes: number) => deflated(new Uint8Array(bytes))

describe('says nothing:', () => {
  it.each<[string, string | Response | (() => Response | Promise<Response>)]>([
    ['a network that is not there', () => Promise.reject(new TypeError('Failed to fetch'))],
    ['a body that breaks off', () => new Response(new ReadableStream({ start: (controller) => controller.error(new TypeError('network error')) }))],
    ['a portal\'s page', '<html>Please accept our terms</html>'],
    ['nothing at all', ''],
    ['a list under another status', () => new Response(token(), { status: 404 })],
    ['a server that is down', () => new Response(token(), { status: 503 })],
    ['half a token', token().slice(0, 60)],
    ['a token without a signature', token().split('.').slice(0, 2).join('.')],
    ['a token with an empty signature', `${token().split('.').slice(0, 2).join('.')}.`],
    ['an encrypted token', `${token()}.x.y`],
    ['a token of another kind', token(claims(), { alg: 'ES256', typ: 'at+jwt' })],
    ['a token without a kind', token(claims(), { alg: 'ES256' })],
    ['a header that is no JSON', token(claims(), '{')],
    ['claims that are no JSON', token('{"sub"')],
    ['claims that are no object', token('null')],
    ['not base64', `%%%.${token().split('.')[1]}.x`],
    ['the list of another address', token(claims({ sub: `${uri}1` }))],
    ['a list without an address', token(claims({ sub: undefined }))],
    ['a list that has expired', token(claims({ exp: now / 1000 }))],
    ['an `exp` that is no time', token(claims({ exp: '4000000000' }))],
    ['a list of no time', token(claims({ iat: undefined }))],
    ['no list', token(claims({ status_list: undefined }))],
    ['a list that is null', token(claims({ status_list: null }))],
    ['entries of three bits', token(list({ bits: 3 }))],
    ['entries of no size', token(list({ bits: undefined }))],
    ['a list that is no text', token(list({ lst: [1] }))],
    ['a list that is not compressed', token(list({ lst: Buffer.from([4, 4, 4]).toString('base64url') }))],
    ['a list compressed without zlib\'s frame', token(list({ lst: deflateRawSync(Uint8Array.of(4)).toString('base64url') }))],
    ['a list that breaks off', token(list({ lst: lists.two.slice(0, -4) }))],
    ['a list with a wrong checksum', token(list({ lst: Buffer.from('78da3be9f2130003df0208', 'hex').toString('base64url') }))],
    ['a list with something after it', token(list({ lst: Buffer.from('78da3be9f2130003df020700', 'hex').toString('base64url') }))],
    ['a list that inflates to more than 16 MiB', token(list({ lst: zeros(17 * 2 ** 20) }))],
    ['a token of more than 4 MiB', `${token()}${'A'.repeat(4 * 2 ** 20)}`],
  ])('%s', async (_what, answer) => {
    expect((await reading(answer)).read).toBeUndefined()
  })

  it('a token without an end, of which no more is taken than 4 MiB', async () => {
    let given = 0
    const body = new ReadableStream({
      pull(controller) {
        given += 65_536
        controller.enqueue(new Uint8Array(65_536).fill(65))
      },
    })
    expect((await reading(new Response(body))).read).toBeUndefined()
    expect(given).toBeLessThan(5 * 2 ** 20)
  })
})
