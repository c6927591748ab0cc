/** Requests of the application: sent under the right session, or not at all. */
import { describe, expect, it, vi } from 'vitest'
import type { Authority } from './authority.ts'
import { eventually } from '../test/eventually.ts'
import { api, outcome, scene, signedIn, signIn, turns, watched } from '../test/scene.ts'

describe('before a request leaves', () => {
  it('P1 it is looked again when making its headers took longer than 100 ms', async () => {
    const ready = Promise.withResolvers<void>()
    const slowHeaders = (authority: Authority): Authority => ({
      ...authority,
      connect(io) {
        const connection = authority.connect(io)
        return { ...connection, headers: (input) => ready.promise.then(() => connection.headers(input)) }
      },
    })
    const made = scene({
      tabs: 2,
      authority: slowHeaders,
      // Not even a message tells this tab.
      ports: (ports, tab) => (tab === 1 ? { ...ports, channel: { open() {}, post() {}, close() {} } } : ports),
    })
    await made.first.session.start()
    await signIn(made, made.first)
    await made.second.session.start()
    const call = outcome(made.second.session.fetch(`${api}/x`))
    await turns()
    await made.first.session.signOut()
    await made.device.clock.advance(1_000)
    ready.resolve()
    expect(await call).toBe('session-ended')
    expect(made.second.sent).toEqual([])
  })

  it("an abort before start() is the caller's own", async () => {
    const { first } = scene()
    const caller = new AbortController()
    const call = watched(first.session.fetch(`${api}/x`, { signal: caller.signal }))
    const reason = new Error('changed my mind')
    caller.abort(reason)
    await turns()
    expect(call.result).toBe(reason)
  })
})

describe('a server that asks for a stronger sign-in', () => {
  it('many requests that meet one challenge prompt once', async () => {
    const done = Promise.withResolvers<void>()
    const stepUp = vi.fn(() => done.promise)
    const { first } = await signedIn({ options: { stepUp } })
    const challenge = { 'www-authenticate': 'Bearer error="insufficient_user_authentication", acr_values="mfa"' }
    let strong = false
    first.context.fetch = async () => (strong ? new Response('ok') : new Response('', { status: 401, headers: challenge }))
    const calls = Array.from({ length: 10 }, () => outcome(first.session.fetch(`${api}/x`)))
    await eventually(() => expect(stepUp).toHaveBeenCalledWith({ acrValues: 'mfa' }))
    await turns()
    strong = true
    done.resolve()
    expect(await Promise.all(calls)).toEqual(calls.map(() => 200))
    expect(stepUp).toHaveBeenCalledTimes(1)
  })
})
