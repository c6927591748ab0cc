/** No token, key, body or query is in anything that a log, an error report or another tab may get. */
import { inspect } from 'node:util'
import { describe, expect, it, vi } from 'vitest'
import { createSession, isSessionError } from './index.ts'
import { api, problem, revoked, scene, signedIn, signIn, turns, type Scene, type Tab } from '../test/scene.ts'

const canaries = ['at-own', 'rt-own', 'canary-body', 'canary-query', 'canary-header', 'canary-cause']
const tokens = { accessToken: 'at-own', refreshToken: 'rt-own', subject: 'mira', sid: 'sid-0', expiresAt: 1_800_000_300_000 }

/** Everything of a value that any log could print. */
function printed(value: unknown): string {
  const deep = inspect(value, { depth: 20, showHidden: true, getters: true, maxStringLength: null, maxArrayLength: null })
  const chain = value instanceof Error ? `${value.message} ${value.stack} ${String(value)} ${inspect(value.cause)}` : ''
  return `${deep} ${chain} ${JSON.stringify(value)}`
}

async function adopted(given: Parameters<typeof scene>[0] = {}): Promise<Scene> {
  const made = scene(given)
  await made.first.session.start()
  await made.first.session.adopt(tokens)
  return made
}

const ask = (tab: Tab) =>
  tab.session.fetch(`${api}/x?q=canary-query`, { method: 'POST', body: 'canary-body', headers: { 'x-own': 'canary-header' } }).then(() => undefined, (error: unknown) => error)

describe('an error', () => {
  const causes: readonly (readonly [string, (made: Scene) => Promise<unknown>])[] = [
    ['signed-out', async ({ first }) => {
      await first.session.signOut()
      return ask(first)
    }],
    ['session-ended', async ({ first }) => {
      first.context.fetch = async () => problem({ ...revoked('sid-0'), detail: 'canary-body' })
      return ask(first)
    }],
    ['session-changed', async (made) => {
      const call = ask(made.first)
      made.device.overwrite({ ...made.device.row(), epoch: { n: 9, id: 'another' } })
      made.device.post({ v: 1, type: 'ending', from: 'another', epochId: 'another' })
      await made.device.clock.advance(300)
      return call
    }],
    ['fenced', async ({ first, device }) => {
      await device.clock.advance(200)
      device.storageMode = 'hangs'
      const call = ask(first)
      await device.clock.advance(12_100)
      return call
    }],
    ['unreachable', async ({ first, device, server }) => {
      server.onRefresh = async ({ refreshToken }) => {
        throw new Error(`canary-cause ${refreshToken}`)
      }
      device.clock.stepWall(400_000)
      return ask(first)
    }],
    ['misconfigured', async ({ first, device, server }) => {
      server.onRefresh = async () => ({ answer: { from: 'token', status: 401, body: { error: 'invalid_client', error_description: 'canary-body' } } })
      device.clock.stepWall(400_000)
      return ask(first)
    }],
    ['origin-not-allowed', async ({ first }) => first.session.fetch('https://evil.test/canary-body?q=canary-query').catch((error: unknown) => error)],
    ['not-replayable', async ({ first }) => {
      first.context.fetch = async () => new Response('canary-body', { status: 401 })
      const body = new Blob(['canary-body']).stream()
      return first.session.fetch(`${api}/x?q=canary-query`, { method: 'POST', body, duplex: 'half' } as RequestInit).catch((error: unknown) => error)
    }],
    ['not-fresh', async ({ first, server }) => {
      server.onSession = async () => ({ from: 'session', status: 503, body: 'canary-body' })
      return first.session.assertFresh({ withinMs: 0 }).catch((error: unknown) => error)
    }],
  ]

  it.each(causes)('P8 H4 `%s` names none', async (code, provoke) => {
    const made = await adopted()
    await made.device.clock.advance(1)
    const error = await provoke(made)
    expect(isSessionError(error) ? error.code : error).toBe(code)
    for (const canary of canaries) expect(printed(error)).not.toContain(canary)
    made.first.session.stop()
  })

  it('P8 of the storage names no row', async () => {
    const { first, device } = await adopted({ ports: (ports) => ({ ...ports, store: { ...ports.store, change: () => Promise.reject(new Error('canary-cause at-own')) } }) }).catch((error: unknown) => {
      expect(isSessionError(error, 'storage')).toBe(true)
      expect(printed(error)).not.toContain('canary-cause')
      return scene()
    })
    expect([first.session.state.status, device.row()]).toEqual(['restoring', undefined])
  })
})

describe('everything a page can see of a session', () => {
  it('P8 states, ends, reports, diagnostics, the trace, messages and the session itself', async () => {
    const logged = (['log', 'info', 'warn', 'error', 'debug'] as const).map((level) => vi.spyOn(console, level).mockImplementation(() => undefined))
    const made = await signedIn({ tabs: 2, lifetimeSeconds: 5 })
    const { first, tabs, device } = made
    const seen: unknown[] = []
    for (const { session } of tabs) {
      session.subscribe((state) => seen.push(state))
      session.onEnd((end, report) => seen.push(end, report))
    }
    await device.clock.advance(6_000)
    await ask(first)
    await first.session.confirm()
    first.context.freeze()
    first.context.thaw()
    await turns()
    seen.push(await first.session.signOut())
    await signIn(made, first, 'jonas')
    await turns()
    for (const { session } of tabs) seen.push(session, session.state, session.detection, session.diagnostics())
    const text = [...seen, ...device.posted, [...device.flags], first.context.url, first.context.visited].map(printed).join('\n')
    expect(text).toContain('signed-out')
    for (const canary of [...canaries, 'at-1', 'rt-1', 'at-2', 'rt-2', 'at-3', 'rt-3']) expect(text).not.toContain(canary)
    expect(logged.flatMap((spy) => spy.mock.calls)).toEqual([])
    logged.forEach((spy) => spy.mockRestore())
  })

  it('P8 a wrong option is named, not printed', () => {
    const { platform } = scene().first.context
    try {
      createSession({ authority: { connect: 'canary-cause' } as never, platform })
      expect.unreachable()
    } catch (error) {
      expect(printed(error)).not.toContain('canary-cause')
    }
  })
})
