/** A page in which one thing is missing or refuses: it starts, signs in, sends and signs out all the same. */
import { existsSync, readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as fake from 'fake-indexeddb'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createSession, type AdoptedTokens, type Session } from '../index.ts'
import { scriptedAuthority, type ScriptedAuthority } from '../testing/index.ts'
import { eventually } from '../../test/eventually.ts'
import { outcome } from '../../test/scene.ts'
import { browser } from './index.ts'

const refuse = (): never => {
  throw new DOMException('The operation is insecure.', 'SecurityError')
}
const sessions: Session[] = []

beforeEach(() => {
  vi.stubGlobal('indexedDB', new fake.IDBFactory())
  vi.stubGlobal('IDBKeyRange', fake.IDBKeyRange)
  vi.stubGlobal('fetch', async () => new Response('ok'))
})
afterEach(() => {
  for (const session of sessions.splice(0)) session.stop()
  vi.restoreAllMocks()
  vi.unstubAllGlobals()
  localStorage.clear()
})

function page(name = 'test') {
  const server = scriptedAuthority(() => Date.now())
  const session = createSession({ authority: server.authority, platform: browser({ name }), origins: ['https://api.test'] })
  sessions.push(session)
  return { session, server }
}

function tokensOf(server: ScriptedAuthority): AdoptedTokens {
  const { tokens, subject, sid } = server.grant()
  return { accessToken: tokens.accessToken, refreshToken: tokens.refreshToken, subject, sid }
}

/** Replaces a global by a getter that throws, as a browser's privacy settings do. */
const throwing = (name: string) => vi.spyOn(globalThis, name as never, 'get').mockImplementation(refuse)

const bends: readonly (readonly [string, () => unknown])[] = [
  ['nothing', () => undefined],
  ['navigator.locks missing', () => vi.stubGlobal('navigator', { locks: undefined })],
  ['navigator.locks.request throwing', () => vi.stubGlobal('navigator', { locks: { request: refuse } })],
  ['navigator.locks.request rejecting', () => vi.stubGlobal('navigator', { locks: { request: async () => refuse() } })],
  ['BroadcastChannel missing', () => vi.stubGlobal('BroadcastChannel', undefined)],
  ['new BroadcastChannel() throwing', () => vi.stubGlobal('BroadcastChannel', class { constructor() { refuse() } })],
  ['BroadcastChannel.postMessage throwing', () => vi.stubGlobal('BroadcastChannel', class extends BroadcastChannel { override postMessage() { refuse() } })],
  ['BroadcastChannel and localStorage missing', () => {
    vi.stubGlobal('BroadcastChannel', undefined)
    throwing('localStorage')
  }],
  ['localStorage throwing when it is touched', () => throwing('localStorage')],
  ['localStorage full', () => vi.spyOn(Storage.prototype, 'setItem').mockImplementation(() => {
    throw new DOMException('full', 'QuotaExceededError')
  })],
  ['sessionStorage throwing when it is touched', () => throwing('sessionStorage')],
  ['indexedDB missing', () => vi.stubGlobal('indexedDB', undefined)],
  ['indexedDB.open throwing', () => vi.stubGlobal('indexedDB', { open: refuse })],
  ['caches throwing when they are used', () => vi.stubGlobal('caches', { open: refuse, keys: async () => refuse(), has: async () => refuse() })],
]

describe('with', () => {
  it.each(bends)('A9 D4 %s: a page starts, signs in, sends, and signs out', async (_what, bend) => {
    bend()
    const { session, server } = page()
    expect(await session.start()).toEqual({})
    await session.adopt(tokensOf(server))
    await eventually(() => expect(session.state.status).toBe('active'))
    expect(await outcome(session.fetch('https://api.test/x'))).toBe(200)
    expect(await session.signOut()).toMatchObject({ remote: 'revoked', purge: { complete: true } })
    expect(session.state.status).toBe('signed-out')
  })
})

describe('two sessions of one name in one page', () => {
  it('D11 are two tabs to each other: one record, one end for both, and nothing of the other\'s is spoilt', async () => {
    const { session: first, server } = page()
    const { session: second } = page()
    await first.start()
    await second.start()
    await first.adopt(tokensOf(server))
    await eventually(() => expect(second.state).toMatchObject({ status: 'active', session: { subject: 'mira' } }))
    expect([await outcome(first.fetch('https://api.test/x')), await outcome(second.fetch('https://api.test/x'))]).toEqual([200, 200])
    await second.signOut()
    await eventually(() => expect(first.state.status).toBe('signed-out'))
  })

  it('D11 made and stopped a hundred times, as a development server does, leave one channel open', async () => {
    let open = 0
    vi.stubGlobal('BroadcastChannel', class extends BroadcastChannel {
      constructor(name: string) {
        super(name)
        open += 1
      }
      override close() {
        super.close()
        open -= 1
      }
    })
    for (let turn = 0; turn < 100; turn += 1) {
      const { session } = page()
      await session.start()
      if (turn < 99) session.stop()
    }
    await eventually(() => expect(open).toBe(1))
  })
})

describe('the channel', () => {
  it('J14 in a page that Node pretends to be goes through the page\'s own means, and never through sockets and files of Node', async () => {
    expect(typeof process.versions.node).toBe('string')
    const files = () => {
      const folder = join(tmpdir(), 'pubkey.bc')
      return existsSync(folder) ? readdirSync(folder) : []
    }
    const before = files()
    vi.stubGlobal('BroadcastChannel', undefined)
    const { session, server } = page()
    await session.start()
    const written: (string | null)[] = []
    addEventListener('storage', ({ key }) => void written.push(key))
    await session.adopt(tokensOf(server))
    await eventually(() => expect(written.some((key) => key?.includes('3dimli.test'))).toBe(true))
    expect([files(), session.diagnostics().degraded]).toEqual([before, expect.arrayContaining([expect.stringContaining('through localStorage')])])
  })
})
