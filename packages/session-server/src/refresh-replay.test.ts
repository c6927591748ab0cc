import { expect, test, vi } from 'vitest'
import { createRefreshReplay, type RefreshReplayOptions } from './refresh-replay.ts'
import { type KeptAnswer, memoryReplayStore } from './replay-store.ts'
import type { GrantError } from './problem.ts'
import { handClock } from './testing/hand-clock.ts'

const issuer = 'https://id.example'

/** A token endpoint that rotates, and takes the whole grant when a spent token comes back. */
function make(options: Partial<RefreshReplayOptions> = {}) {
  const clock = handClock()
  const state = { refused: undefined as GrantError | undefined, live: 'rt1', revoked: false, asked: 0 }
  const replay = createRefreshReplay({ clock, refusal: async () => state.refused, ...options })
  const endpoint = vi.fn(async (request: Request): Promise<Response> => {
    const token = new URLSearchParams(await request.text()).get('refresh_token')
    state.asked += 1
    if (state.revoked || token !== state.live) {
      state.revoked = true
      return Response.json({ error: 'invalid_grant' }, { status: 400 })
    }
    state.live = `rt${state.asked + 1}`
    return Response.json({ access_token: `at${state.asked}`, token_type: 'DPoP', expires_in: 300, refresh_token: state.live })
  })
  const refresh = (token: string, key?: string, more: Record<string, string> = {}, next = endpoint as (request: Request) => Promise<Response>, headers = {}) => replay.handle(new Request(`${issuer}/token`, {
    method: 'POST',
    headers: { ...(key === undefined ? {} : { 'idempotency-key': key }), ...headers },
    body: new URLSearchParams({ grant_type: 'refresh_token', client_id: 'shop', refresh_token: token, ...more }),
  }), next)
  return { replay, refresh, endpoint, state, clock }
}

test('a lost answer is given again for the same key, and its lifetime has run on', async () => {
  const { refresh, endpoint, state, clock } = make()
  const first = (await (await refresh('rt1', '"k1"')).json()) as object
  clock.advance(20_000)
  const again = await refresh('rt1', '"k1"')
  expect(again.headers.get('cache-control')).toBe('no-store')
  expect(await again.json()).toEqual({ ...first, expires_in: 280 })
  expect(endpoint).toHaveBeenCalledOnce()
  expect(state.revoked).toBe(false)
})

test('an answer that is given again by a clock that is behind has no longer lifetime than it had', async () => {
  const { refresh, clock } = make()
  const first = (await (await refresh('rt1', '"k1"')).json()) as object
  clock.advance(-60_000)
  expect(await (await refresh('rt1', '"k1"')).json()).toEqual(first)
})

test('once the successor was presented, the key is answered with 409 and never counts as reuse', async () => {
  const { refresh, endpoint, state } = make()
  await refresh('rt1', '"k1"')
  await refresh('rt2', '"k2"')
  expect([(await refresh('rt1', '"k1"')).status, (await refresh('rt1', '"k1"')).status]).toEqual([409, 409])
  expect(endpoint).toHaveBeenCalledTimes(2)
  expect(state.revoked).toBe(false)
})

test('a successor presented without a key, or refused, was presented all the same', async () => {
  const { refresh } = make()
  await refresh('rt1', '"k1"')
  await refresh('rt2', undefined, {}, async () => Response.json({ error: 'use_dpop_nonce' }, { status: 400 }))
  expect((await refresh('rt1', '"k1"')).status).toBe(409)
})

test.each<Record<string, string>>([{}, { 'content-length': '67108864' }])('a request without end is refused after a little of it, whatever length it says it has: %o', async (length) => {
  const { replay, endpoint } = make()
  let pieces = 0
  const cancelled = vi.fn()
  const body = new ReadableStream<Uint8Array>({ pull: (controller) => (pieces++ < 4096 ? controller.enqueue(new Uint8Array(16_384)) : controller.close()), cancel: cancelled })
  const headers = { 'content-type': 'application/x-www-form-urlencoded', ...length }
  const answered = replay.handle(new Request(`${issuer}/token`, { method: 'POST', body, duplex: 'half', headers } as RequestInit), endpoint)
  expect((await answered).status).toBe(413)
  expect(pieces).toBeLessThan(10)
  await vi.waitFor(() => expect(cancelled).toHaveBeenCalledOnce())
  expect(endpoint).not.toHaveBeenCalled()
})

test('a repeat that arrives while the first is being answered waits for it', async () => {
  const { refresh, endpoint } = make()
  let open = () => {}
  const gate = new Promise<void>((resolve) => (open = resolve))
  const slow = async (request: Request) => {
    const response = await endpoint(request)
    await gate
    return response
  }
  const answers = [refresh('rt1', '"k1"', {}, slow), refresh('rt1', '"k1"'), refresh('rt1', '"k1"')]
  await vi.waitFor(() => expect(endpoint).toHaveBeenCalledOnce(), { timeout: 60_000 })
  open()
  const tokens = await Promise.all(answers.map(async (answer) => ((await (await answer).json()) as { refresh_token: string }).refresh_token))
  expect(tokens).toEqual(['rt2', 'rt2', 'rt2'])
  expect(endpoint).toHaveBeenCalledOnce()
})

test('a demand for a nonce is not kept', async () => {
  const { refresh, endpoint } = make()
  const demand = async () => Response.json({ error: 'use_dpop_nonce' }, { status: 400, headers: { 'dpop-nonce': 'n' } })
  expect((await refresh('rt1', '"k1"', {}, demand)).headers.get('dpop-nonce')).toBe('n')
  expect((await refresh('rt1', '"k1"')).status).toBe(200)
  expect(endpoint).toHaveBeenCalledOnce()
})

test('an endpoint that fails or throws is asked again, by the repeat that waited too', async () => {
  const { refresh } = make()
  const begun = Promise.withResolvers<void>()
  const down = Promise.withResolvers<Response>()
  const failed = refresh('rt1', '"k1"', {}, () => {
    begun.resolve()
    return down.promise
  })
  await begun.promise
  const waited = refresh('rt1', '"k1"')
  down.reject(new Error('down'))
  await expect(failed).rejects.toThrow('down')
  expect((await waited).status).toBe(200)
  expect((await refresh('rt2', '"k2"', {}, async () => new Response('<html>', { status: 502 }))).status).toBe(502)
  expect((await refresh('rt2', '"k2"')).status).toBe(200)
})

test('another key with the spent token is reuse, for the endpoint to judge', async () => {
  const { refresh, state } = make()
  await refresh('rt1', '"k1"')
  expect((await refresh('rt1', '"k9"')).status).toBe(400)
  expect(state.revoked).toBe(true)
})

test('the same key with another token or of another client is another request', async () => {
  const { refresh, endpoint } = make()
  await refresh('rt1', '"k1"')
  await refresh('rt2', '"k1"')
  expect(endpoint).toHaveBeenCalledTimes(2)
  await refresh('rt1', '"k1"', { client_id: 'other' })
  await refresh('rt1', '"k1"', {}, endpoint, { authorization: 'Basic b3RoZXI=' })
  expect(endpoint).toHaveBeenCalledTimes(4)
})

test('the same key with another scope is refused without asking', async () => {
  const { refresh, endpoint } = make()
  await refresh('rt1', '"k1"', { scope: 'library' })
  expect((await refresh('rt1', '"k1"', { scope: 'library checkout' })).status).toBe(422)
  expect((await refresh('rt1', '"k1"', { scope: 'library' })).status).toBe(200)
  expect(endpoint).toHaveBeenCalledOnce()
})

test('nothing is repeated into a session that is not live', async () => {
  const { refresh, state, endpoint } = make()
  await refresh('rt1', '"k1"')
  state.refused = { error: 'invalid_grant', error_description: 'Ended.', error_uri: `${issuer}/problems/session-revoked`, disposition: 'lock' }
  const response = await refresh('rt1', '"k1"')
  expect(response.status).toBe(400)
  expect(await response.json()).toEqual(state.refused)
  expect(endpoint).toHaveBeenCalledOnce()
})

test('an answer that spends nothing is not kept', async () => {
  const { refresh } = make()
  const steady = vi.fn(async () => Response.json({ access_token: 'at', refresh_token: 'rt1' }))
  await refresh('rt1', '"k1"', {}, steady)
  await refresh('rt1', '"k1"', {}, steady)
  expect(steady).toHaveBeenCalledTimes(2)
})

test('answers are kept for a time and up to a number', async () => {
  const { refresh, endpoint, clock } = make({ maxAgeMs: 1000, store: memoryReplayStore({ maxEntries: 1 }) })
  const tokens = async (token: string, key: string, next?: string) => refresh(token, key, {}, async () => Response.json({ access_token: 'a', refresh_token: next ?? `${token}+` }))
  await tokens('a1', '"k1"')
  await tokens('b1', '"k2"')
  await refresh('a1', '"k1"')
  expect(endpoint).toHaveBeenCalledOnce()
  await refresh('b1', '"k2"')
  expect(endpoint).toHaveBeenCalledOnce()
  clock.advance(1001)
  await refresh('b1', '"k2"')
  expect(endpoint).toHaveBeenCalledTimes(2)
})

test('the store holds no token that it could give away', async () => {
  const kept: KeptAnswer[] = []
  const store = memoryReplayStore()
  const put = (answer: KeptAnswer) => {
    kept.push(answer)
    return store.put(answer)
  }
  const { refresh } = make({ store: { ...store, put } })
  await refresh('rt1', '"k1"')
  const dump = JSON.stringify(kept) + kept.map(({ sealed }) => new TextDecoder('latin1').decode(sealed)).join('')
  for (const secret of ['rt1', 'rt2', 'at1', 'k1']) expect(dump).not.toContain(secret)
})

test('P4 an answer that cannot be kept is given all the same; a store that cannot be read spends nothing', async () => {
  const store = memoryReplayStore()
  const down = () => Promise.reject(new Error('down'))
  const { refresh, state, endpoint } = make({ store: { ...store, put: down } })
  expect(await (await refresh('rt1', '"k1"')).json()).toMatchObject({ refresh_token: 'rt2' })
  expect((await refresh('rt2', '"k2"')).status).toBe(200)
  expect(state.revoked).toBe(false)
  const unread = make({ store: { ...store, get: down } })
  await expect(unread.refresh('rt1', '"k1"')).rejects.toThrow('down')
  expect([endpoint.mock.calls.length, unread.endpoint.mock.calls.length]).toEqual([2, 0])
})

test('anything but a refresh passes untouched', async () => {
  const { replay } = make()
  const next = vi.fn(async (request: Request) => new Response(await request.text()))
  const code = new Request(`${issuer}/token`, { method: 'POST', headers: { 'idempotency-key': '"k"' }, body: new URLSearchParams({ grant_type: 'authorization_code', code: 'c' }) })
  expect(await (await replay.handle(code, next)).text()).toBe('grant_type=authorization_code&code=c')
  expect(next).toHaveBeenCalledWith(code)
  const json = new Request(`${issuer}/token`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' })
  expect(await (await replay.handle(json, next)).text()).toBe('{}')
})

test('a key of absurd length is refused', async () => {
  const { refresh, endpoint } = make()
  expect((await refresh('rt1', 'k'.repeat(256))).status).toBe(400)
  expect(endpoint).not.toHaveBeenCalled()
})

test.each([['refusal', { refusal: 1 as never }], ['maxAgeMs', { maxAgeMs: Number.NaN }]])('a wrong %s is a TypeError that names it', (name, options) => {
  expect(() => make(options)).toThrow(new RegExp(`^"${name}"`))
})
