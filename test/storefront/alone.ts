// The SDK alone: its page under the strictest policy, the provider, and a browser with one tab.
import { startAuthority, type Authority } from '@3dimli/example-authority'
import { bundle, launch, serve, until, type Browser, type Tab } from '../driver/index.ts'
import { typeIn } from '../world/person.ts'
import { watchPolicy, type PolicyWatch } from './policy.ts'
import type {} from './sdk-page.ts'

export interface Alone {
  readonly authority: Authority
  readonly origin: string
  readonly browser: Browser
  readonly tab: Tab
  readonly policy: PolicyWatch
  /** Goes to an address of the page, in any tab, and waits until its session has started. */
  open(path?: string, tab?: Tab): Promise<void>
  /** Leaves for the provider and fills in its form; what follows is the caller's. */
  submit(): Promise<void>
  /** The status of the session. */
  status(tab?: Tab): Promise<string | undefined>
  close(): Promise<void>
}

/** As the storefront's, and tighter: no picture, no style, no form. */
const strict = (issuer: string): string =>
  `default-src 'none'; object-src 'none'; script-src 'self'; connect-src 'self' ${issuer}; base-uri 'none'; form-action 'none'; `
  + "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"

export async function alone(): Promise<Alone> {
  const headers: Record<string, string> = {}
  const routes: Record<string, string> = { '/page.js': await bundle({ entry: 'storefront/sdk-page.ts' }) }
  const site = await serve({ routes, headers })
  const authority = await startAuthority({ port: 0, storefront: site.origin })
  headers['content-security-policy'] = strict(authority.issuer)
  routes['/config.json'] = JSON.stringify({ issuer: authority.issuer })
  routes['/'] = '<!doctype html><html lang="en"><title>the SDK alone</title><body><script type="module" src="/page.js"></script>'
  // The browser asks for an icon by itself, and the page has none to name.
  routes['/favicon.ico'] = ''
  const browser = await launch()
  const tab = await browser.openTab()
  const policy = await watchPolicy(tab)

  return {
    authority, browser, tab, policy,
    origin: site.origin,
    async open(path = '/', where = tab) {
      await where.page.goto(`${site.origin}${path}`)
      await until(() => where.page.evaluate(() => globalThis.sdkPage?.finished), { what: 'the page to start its session' })
    },
    async submit() {
      await tab.page.evaluate(() => void globalThis.sdkPage!.session.signIn())
      await typeIn(tab)
    },
    status: (where = tab) => where.page.evaluate(() => (globalThis.sdkPage?.finished ? globalThis.sdkPage.session.state.status : undefined)),
    async close() {
      await browser.close()
      await site.close()
      await authority.close()
    },
  }
}
