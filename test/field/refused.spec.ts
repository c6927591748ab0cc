// A page that may keep nothing: in a sandboxed frame, and where the person has blocked all cookies.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { bundle, htmlPage, launch, serve, until, type BrowserOptions, type Tab } from '../driver/index.ts'

const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

interface Lived {
  readonly touched: string
  readonly before: string
  readonly sent: unknown
  readonly left: { readonly purge?: { readonly complete: boolean } }
  readonly after: string
  readonly store: string
  readonly degraded: readonly string[]
}

/** A page that begins a session of its own, sends a request, ends it, and tells the window it is in. */
async function open(path: string, options: BrowserOptions = {}): Promise<Tab> {
  const routes: Record<string, string> = { '/api': 'ok', '/': htmlPage({ body: '<body><iframe sandbox="allow-scripts" src="/inside"></iframe>', script: `addEventListener('message', ({ data }) => (globalThis.lived = data))` }) }
  const pages = await serve({ routes, headers: { 'access-control-allow-origin': '*', 'access-control-allow-headers': 'authorization' } })
  closers.push(pages.close)
  const script = await bundle({ code: `
    import { createSession } from '@3dimli/session'
    import { oauth } from '@3dimli/session/authorities/oauth'
    import { browser } from '@3dimli/session/browser'
    import { createDownloads } from '@3dimli/session/downloads'
    const origin = ${JSON.stringify(pages.origin)}
    const touch = () => { try { return String(localStorage.length) } catch (error) { return error.name } }
    const session = createSession({ authority: oauth({ issuer: origin, clientId: 'x', redirectUri: origin + '/' }), platform: browser({ name: 'x' }), origins: [origin] })
    const live = async () => {
      await session.start()
      await session.adopt({ accessToken: 'own', subject: 'mira' })
      // Three refusals of the database may hold it back for a moment.
      const active = new Promise((resolve) => session.subscribe(({ status }) => status === 'active' && resolve()))
      if (session.state.status !== 'active') await active
      const before = session.state.status
      const sent = await session.fetch(origin + '/api').then(({ status }) => status, (error) => error.code ?? error.message)
      const left = await session.signOut()
      const { store, degraded } = session.diagnostics()
      return { touched: touch(), before, sent, left, after: session.state.status, store, degraded }
    }
    const lived = await live().catch((error) => ({ failed: String(error) }))
    globalThis.lived = lived
    if (parent !== globalThis) parent.postMessage(JSON.parse(JSON.stringify(lived)), '*')
  ` })
  routes['/inside'] = htmlPage({ script })
  const browser = await launch(options)
  closers.push(browser.close)
  return browser.openTab(pages.origin + path)
}

const lived = (tab: Tab): Promise<Lived> =>
  until(() => tab.evaluate(() => (globalThis as unknown as { lived?: Lived }).lived), { what: 'the session to have lived' })

const whole = {
  touched: 'SecurityError', before: 'active', sent: 200, left: { purge: { complete: true } }, after: 'signed-out', store: 'memory',
  degraded: expect.arrayContaining([expect.stringContaining('IndexedDB')]) as string[],
}

test('D4 A9 in a sandboxed frame, which has no storage at all, a session begins, sends and ends, and says what it lacks', async () => {
  const tab = await open('/')
  expect(await lived(tab)).toMatchObject(whole)
  expect(tab.observed.errors).toEqual([])
})

test('D4 A9 the same where all cookies are blocked', async () => {
  const profile = mkdtempSync(join(tmpdir(), 'no-cookies-'))
  closers.push(() => rmSync(profile, { recursive: true, force: true, maxRetries: 5 }))
  mkdirSync(join(profile, 'Default'))
  writeFileSync(join(profile, 'Default', 'Preferences'), JSON.stringify({ profile: { default_content_setting_values: { cookies: 2 } } }))
  const tab = await open('/inside', { profile })
  expect(await lived(tab)).toMatchObject(whole)
  expect(tab.observed.errors).toEqual([])
})
