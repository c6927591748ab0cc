/** What is read out of a response, and what is left alone. */
import { describe, expect, it } from 'vitest'
import { isJson, readAnswer, readChallenge } from './answer.ts'

const challenged = (header: string) => readChallenge(header)
const answered = (body: BodyInit | null, headers: Record<string, string> = {}, status = 401) => readAnswer('resource', new Response(body, { status, headers }))
const problemType = { 'content-type': 'application/problem+json' }

/** A body that says JSON and never ends. */
function endless(read: { chunks: number }): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new ReadableStream({
    async pull(controller) {
      await new Promise((resolve) => setImmediate(resolve))
      read.chunks += 1
      if (read.chunks > 200) controller.error(new Error('nobody should read this far'))
      else controller.enqueue(new TextEncoder().encode('[' + '1,'.repeat(4_096)))
    },
  })
}

describe('a challenge', () => {
  it.each<readonly [string, ReturnType<typeof readChallenge>]>([
    ['Bearer', {}],
    ['Bearer realm="shop"', {}],
    ['Bearer error="invalid_token"', { error: 'invalid_token' }],
    ['bearer error=invalid_token', { error: 'invalid_token' }],
    ['DPoP algs="ES256", error="use_dpop_nonce"', { error: 'use_dpop_nonce' }],
    ['Basic realm="gate", Bearer error="invalid_token"', { error: 'invalid_token' }],
    ['DPoP algs="ES256", Bearer error="insufficient_scope", scope="a b"', { error: 'insufficient_scope', scope: 'a b' }],
    ['Bearer error = "invalid_token" , error_uri = "https://id.test/problems/session-revoked"', { error: 'invalid_token', errorUri: 'https://id.test/problems/session-revoked' }],
    ['Bearer error="insufficient_user_authentication", acr_values="mfa hw", max_age="5"', { error: 'insufficient_user_authentication', acrValues: 'mfa hw', maxAgeMs: 5_000 }],
    ['Bearer ERROR="invalid_token"', { error: 'invalid_token' }],
    ['Bearer error="invalid_token", error="insufficient_scope"', { error: 'invalid_token' }],
    ['Bearer error_description="error=\\"insufficient_scope\\"", error="invalid_token"', { error: 'invalid_token' }],
    ['Bearer error="a\\\\b\\"c"', { error: 'a\\b"c' }],
  ])('%s', (header, challenge) => {
    expect(challenged(header)).toEqual(challenge)
  })

  it.each(['Basic realm="gate"', 'Negotiate', '', 'BearerToken error="invalid_token"', 'Basic realm="the bearer of error=invalid_token"', 'Basic realm="dpop", error="use_dpop_nonce"'])('B4 of another scheme is none: %s', (header) => {
    expect(challenged(header)).toBeUndefined()
  })

  it.each([['-1'], ['soon'], ['""'], ['1e400'], ['NaN']])('C4 a max_age of %s is none', (age) => {
    expect(challenged(`Bearer error="insufficient_user_authentication", max_age=${age}`)).not.toHaveProperty('maxAgeMs')
  })

  it.each(['a', 'a=', '"', '\\"', 'a="', ' ', 'error=', '='])('of 60 KiB of %j is read at once', (piece) => {
    // Time of the processor, not of the clock: others use it, too.
    const before = process.cpuUsage()
    challenged('Bearer ' + piece.repeat(61_440 / piece.length))
    const { user, system } = process.cpuUsage(before)
    expect((user + system) / 1_000).toBeLessThan(500)
  })
})

describe('a body', () => {
  it.each([
    ['application/json', true], ['application/problem+json', true], ['application/json; charset=utf-8', true], ['APPLICATION/JSON', true], ['application/vnd.shop.v1+json', true],
    ['text/json', false], ['text/html', false], ['application/jsonp', false], ['application/json-seq', false], ['text/plain; application/json', false], ['', false],
  ])('B2 of the type %s is JSON: %s', (type, json) => {
    expect(isJson(new Response('{}', { headers: { 'content-type': type } }))).toBe(json)
  })

  it.each(['<html>', '', '{"active":fal', '\u0000', '{"a":1}}'])('B2 that says JSON and is %j is none', async (text) => {
    expect(await answered(text, problemType)).toEqual({ from: 'resource', status: 401 })
  })

  it('B2 that breaks off is none', async () => {
    const broken = new ReadableStream<Uint8Array<ArrayBuffer>>({
      pull: (controller) => controller.error(new TypeError('connection lost')),
    })
    expect(await answered(broken, problemType)).toEqual({ from: 'resource', status: 401 })
  })

  it('is not touched when it is no JSON, or announced as large', async () => {
    const page = new Response('<html>', { status: 401, headers: { 'content-type': 'text/html' } })
    await readAnswer('resource', page)
    const large = new Response('{}', { status: 401, headers: { ...problemType, 'content-length': '65537' } })
    expect([page.bodyUsed, await readAnswer('resource', large), large.bodyUsed]).toEqual([false, { from: 'resource', status: 401 }, false])
  })

  it('B2 that does not say how large it is, is read no further than what is announced may be', async () => {
    const read = { chunks: 0 }
    expect(await answered(endless(read), problemType)).toEqual({ from: 'resource', status: 401 })
    expect(read.chunks).toBeLessThan(20)
  })
})

describe('Retry-After', () => {
  const date = 'Sun, 06 Nov 2033 08:49:37 GMT'
  it.each<readonly [string, string | undefined, number | undefined]>([
    ['30', undefined, 30_000], [' 30 ', undefined, 30_000], ['0', undefined, 0], ['99999999999', undefined, 86_400_000], ['-5', undefined, undefined], ['soon', undefined, undefined],
    ['Sun, 06 Nov 2033 08:50:07 GMT', date, 30_000], ['Sun, 06 Nov 2033 08:00:00 GMT', date, 0], ['Sun, 06 Nov 2043 08:00:00 GMT', date, 86_400_000],
    ['Sun, 06 Nov 2033 08:50:07 GMT', undefined, undefined],
  ])('A14 C1 %s, on %s, is %s ms', async (value, at, ms) => {
    const answer = await answered(null, { 'retry-after': value, ...(at !== undefined && { date: at }) }, 503)
    expect('retryAfterMs' in answer ? answer.retryAfterMs : undefined).toBe(ms)
  })
})

describe('an answer', () => {
  it('P8 holds nothing else of the response', async () => {
    const headers = { ...problemType, 'www-authenticate': 'Bearer error="invalid_token", error_description="canary"', 'set-cookie': 'canary', 'x-token': 'canary' }
    expect(await answered('{"type":"about:blank"}', headers)).toEqual({ from: 'resource', status: 401, body: { type: 'about:blank' }, challenge: { error: 'invalid_token' } })
  })
})
