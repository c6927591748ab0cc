// What a server says back is in no error, state, message, log or trace, however it fails: an answer is judged and never quoted.
import { inspect } from 'node:util'
import { afterEach, beforeEach, describe, expect, test, vi, type MockInstance } from 'vitest'
import { createSession } from '@3dimli/session'
import { oauth } from '@3dimli/session/authorities/oauth'
import { browser } from '@3dimli/session/browser'
import { createCheckout } from '@3dimli/session/checkout'
import { createDownloads } from '@3dimli/session/downloads'
import { createDevice } from '@3dimli/session/testing'
import { canary, search } from './canaries.ts'
import { api, bends, createHostile, issuer, secretRequest, type Endpoint, type Hostile } from './hostile.ts'

/** Everything of a value that a log, an error report or another program could print. */
function printed(value: unknown): string {
  const deep = inspect(value, { depth: 20, showHidden: true, getters: true, maxStringLength: null, maxArrayLength: null })
  const chain = value instanceof Error ? `${value.message} ${value.stack} ${String(value)} ${inspect(value.cause, { depth: 20, showHidden: true })}` : ''
  return `${deep} ${chain} ${JSON.stringify(value)}`
}

let logs: MockInstance[]
const loose: unknown[] = []
const note = (what: unknown) => void loose.push(what)
beforeEach(() => {
  loose.length = 0
  logs = (['log', 'info', 'warn', 'error', 'debug', 'trace'] as const).map((level) => vi.spyOn(console, level).mockImplementation(() => undefined))
  process.on('unhandledRejection', note).on('warning', note)
})
afterEach(() => {
  for (const spy of logs) spy.mockRestore()
  process.off('unhandledRejection', note).off('warning', note)
})

/** Does everything an application can do, and collects everything but the answers to its own requests. */
async function drive(hostile: Hostile): Promise<{ errors: unknown[]; seen: unknown[] }> {
  const { session, device, secrets } = hostile
  const errors: unknown[] = []
  const seen: unknown[] = []
  session.subscribe((state) => seen.push(state))
  session.onEnd((end, report) => seen.push(end, report))
  session.register(() => Promise.reject(new Error(secrets['access token']!.join())), { name: 'broken' })
  /** Lets a call come to its end; after 15 s of the device's clock the application gives it up. */
  const done = async (make: (signal: AbortSignal) => Promise<unknown>): Promise<void> => {
    const giveUp = new AbortController()
    let over = false
    const settled = make(giveUp.signal).then((value) => void (value instanceof Response || seen.push(value)), (error: unknown) => void errors.push(error)).finally(() => (over = true))
    for (let turn = 0; turn < 5 && !over; turn += 1) await new Promise((resolve) => setTimeout(resolve, 0))
    for (let second = 0; second < 15 && !over; second += 1) await device.clock.advance(1_000)
    giveUp.abort()
    await settled
  }
  const calls: readonly ((signal: AbortSignal) => Promise<unknown>)[] = [
    (signal) => session.fetch(secretRequest(secrets)[0], { ...secretRequest(secrets)[1], signal }),
    (signal) => session.fetch(secretRequest(secrets)[0], { method: 'POST', body: new Blob([secretRequest(secrets)[1].body as string]).stream(), duplex: 'half', signal } as RequestInit),
    () => session.fetch(secretRequest(secrets)[0], { signal: AbortSignal.abort() }),
    () => session.fetch(`https://elsewhere.test/?${secretRequest(secrets)[0]}`),
    (signal) => session.authorize({ method: 'POST', url: secretRequest(secrets)[0], signal }).then(() => undefined),
    () => {
      device.clock.stepWall(1_000)
      return session.assertFresh({ withinMs: 0 })
    },
  ]
  for (const call of calls) await done(call)
  // The tokens are spent: every way leads by the token endpoint.
  device.clock.stepWall(400_000)
  for (const call of calls) await done(call)
  await done(() => session.signOut())
  await done(() => session.signIn())
  session.stop()
  await done(() => session.start())
  seen.push(session, session.state, session.detection, session.diagnostics(), device.posted, [...device.flags], hostile.context.url, hostile.context.visited)
  session.stop()
  await device.clock.advance(100)
  return { errors, seen }
}

const codes = (errors: unknown[]) => errors.map((error) => (error as { code?: unknown }).code).filter((code) => typeof code === 'string')
const leavesOf = (errors: readonly unknown[], seen: readonly unknown[]) => [
  ...errors.map((error) => ({ where: `an error (${(error as Error).name})`, text: printed(error) })), ...seen.map((value) => ({ where: 'what is shown', text: printed(value) })),
  ...logs.flatMap((spy) => spy.mock.calls).map((call) => ({ where: 'a log', text: printed(call) })), ...loose.map((what) => ({ where: 'an unhandled rejection', text: printed(what) })),
]

describe('P8 H4 no secret is in anything that is shown where', () => {
  /** Each endpoint, and what its answers lead to: the errors were really made. */
  const endpoints: readonly (readonly [Endpoint, readonly string[]])[] = [
    ['discovery', ['not-fresh', 'origin-not-allowed', 'unreachable']],
    ['token', ['misconfigured', 'origin-not-allowed', 'session-ended', 'signed-out', 'unreachable']],
    ['session', ['not-fresh', 'origin-not-allowed']],
    ['events', ['origin-not-allowed']],
    ['revocation', ['origin-not-allowed']],
    ['api', ['not-replayable', 'origin-not-allowed']],
  ]
  test.each(endpoints)('the %s endpoint answers wrongly', async (endpoint, expected) => {
    const refused = new Set<string>()
    for (const [title, bend] of Object.entries(bends)) {
      // Metadata that never come are given up by the platform's own timer, not by the device's clock.
      if (endpoint === 'discovery' && title === 'no answer') continue
      const hostile = createHostile()
      await hostile.signIn()
      expect(hostile.session.state.status).toBe('active')
      // Metadata is asked for anew by a context that has none.
      if (endpoint === 'discovery') hostile.session.stop()
      hostile.bent[endpoint] = bend
      if (endpoint === 'discovery') await hostile.session.start()
      const { errors, seen } = await drive(hostile)
      codes(errors).forEach((code) => refused.add(code))
      for (const [label, needles] of Object.entries(hostile.secrets)) expect(needles, `${title}: ${label}`).not.toEqual([])
      expect(search(leavesOf(errors, seen), hostile.secrets), title).toEqual([])
      expect(loose, title).toEqual([])
      expect(logs.flatMap((spy) => spy.mock.calls), title).toEqual([])
    }
    expect([...refused].sort()).toEqual([...expected].sort())
  })

  test('a sign-in fails', async () => {
    for (const [title, bend] of Object.entries(bends)) {
      for (const endpoint of ['token', 'discovery'] as const) {
        const hostile = createHostile()
        const { session, device, secrets } = hostile
        if (endpoint === 'token') hostile.bent.token = bend
        let begun: Promise<unknown> = Promise.resolve()
        if (endpoint === 'discovery') {
          await session.start()
          hostile.bent.discovery = bend
          begun = session.signIn().catch((error: unknown) => error)
        } else begun = hostile.signIn()
        const deadline = Date.now() + 5_000
        let outcome: unknown = 'pending'
        const settle = (value: unknown) => void (outcome = value)
        begun.then(settle, settle)
        // An authority that never answers a sign-in is given up by the platform's own timer, not by the device's clock.
        while (outcome === 'pending' && title !== 'no answer' && Date.now() < deadline) await device.clock.advance(100)
        expect(search(leavesOf([outcome], [session.state, session.diagnostics(), device.posted, hostile.context.url]), secrets), `${endpoint}: ${title}`).toEqual([])
        session.stop()
      }
    }
  })

  test('the storage fails and says what it was given', async () => {
    let failing = false
    const hostile = createHostile((ports, { row }) => {
      const fail = (): never => {
        throw new Error(JSON.stringify(row()))
      }
      const { read, change } = ports.store
      const store = { ...ports.store, read: async () => (failing ? fail() : read()), change: async (...given: Parameters<typeof change>) => (failing ? fail() : change(...given)) }
      return { ...ports, store, eraser: { ...ports.eraser, erase: async () => fail() } }
    })
    const { device } = hostile
    const secrets = { 'access token': [canary()], 'refresh token': [canary()] } as const
    await hostile.session.register({ kind: 'indexeddb', database: 'x' })
    await hostile.session.start()
    await hostile.session.adopt({ accessToken: secrets['access token'][0], refreshToken: secrets['refresh token'][0], subject: 'acc', sid: 's-1', expiresAt: device.clock.now() + 300_000 })
    await device.clock.advance(200)
    failing = true
    const errors: unknown[] = []
    const calls = [
      hostile.session.fetch(`${api}/x`), hostile.session.adopt({ accessToken: secrets['access token'][0], subject: 'other' }), hostile.session.signOut(),
      hostile.session.register({ kind: 'indexeddb', database: 'y' }), hostile.session.confirm(),
    ].map((call) => call.catch((error: unknown) => errors.push(error)))
    await device.clock.advance(15_000)
    failing = false
    await device.clock.advance(15_000)
    await Promise.all(calls)
    expect(errors.length).toBeGreaterThan(2)
    const ended = await hostile.session.signOut()
    expect(search(leavesOf(errors, [ended, hostile.session.state, hostile.session.diagnostics(), device.posted]), secrets)).toEqual([])
    hostile.session.stop()
  })

  test('an option, a target or an adopted token is wrong: it is named, and its value is not printed', () => {
    const text = canary()
    const { platform } = createDevice().context()
    const authority = oauth({ issuer, clientId: 'x', redirectUri: `${issuer}/` })
    const session = createSession({ authority, platform })
    const values: readonly unknown[] = [text, { toString: () => text, text }, [text], 7, () => text]
    const makers: readonly ((value: never) => unknown)[] = [
      (value) => createSession({ authority: value, platform }), (value) => createSession({ authority, platform: value }), (value) => createSession(value),
      ...(['origins', 'retainMs', 'lease', 'pollMs', 'stepUp'] as const).map((name) => (value: never) => createSession({ authority, platform, [name]: value })),
      (value) => createSession({ authority, platform, origins: [value] }), (value) => createSession({ authority, platform, origins: [`https://user:${String(value)}@api.test`] }),
      ...(['issuer', 'clientId', 'redirectUri', 'scope', 'sessionEndpoint', 'eventsEndpoint', 'idempotentRefresh', 'dpop', 'params'] as const).map((name) => (value: never) => oauth({ issuer, clientId: 'x', redirectUri: `${issuer}/`, [name]: value })),
      (value) => browser({ name: [value] as never }), (value) => browser(value), (value) => createDownloads(session, { largestUrlBytes: value }), (value) => createCheckout(session, value),
      ...(['kind', 'database', 'area', 'path', 'cache'] as const).flatMap((name) => ['indexeddb', 'web-storage', 'opfs', 'cache-storage'].map((kind) => (value: never) => session.register({ kind, [name]: value } as never))),
    ]
    const errors: unknown[] = []
    for (const make of makers) {
      for (const value of values) {
        try {
          make(value as never)
        } catch (error) {
          errors.push(error)
        }
      }
    }
    expect(errors.length).toBeGreaterThan(60)
    for (const error of errors) expect(error).toBeInstanceOf(TypeError)
    expect(search(leavesOf(errors, []), { it: [text] })).toEqual([])
  })
})
