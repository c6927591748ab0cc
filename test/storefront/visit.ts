// A visit to the shop: a provider, the storefront, a browser with one tab, and the hands of a buyer.
import { startAuthority, type Authority, type AuthorityOptions } from '@3dimli/example-authority'
import { afterEach, beforeAll, expect } from 'vitest'
import { startStorefront } from '../../examples/storefront/server.ts'
import { press, sees, typeOrder } from '../../examples/storefront/tour/stage.ts'
import { buildStorefront } from '../../scripts/setup/build.mjs'
import { freePort, launch, type Browser, type Tab } from '../driver/index.ts'
import { typeIn } from '../world/person.ts'
import { watchPolicy, type PolicyWatch } from './policy.ts'

/** Sizes every page must work in. */
export const sizes = [{ width: 1280, height: 860 }, { width: 390, height: 844 }] as const

export interface Visit {
  readonly authority: Authority
  /** The shop's address. */
  readonly url: string
  readonly browser: Browser
  readonly tab: Tab
  /** Everything a policy refused in the tab, from its first script on. */
  readonly policy: PolicyWatch
  /** Signs in through the provider's own form, by typing. */
  signIn(person?: string): Promise<void>
  /** The session's id at the provider. */
  sid(): Promise<string>
  /** Keeps a model of the library on the device. */
  keep(): Promise<void>
  /** Puts a model into the cart and types into the fields of the order, which is kept then. */
  order(fields: Readonly<Record<string, string>>): Promise<void>
  /** Lets nothing through to these addresses from now on; by default to those of the provider. */
  cutOff(urls?: readonly string[]): Promise<void>
  close(): Promise<void>
}

/** The people of the demonstration. */
export const people = { mira: 'Mira Hoffmann', jonas: 'Jonas Lindqvist' } as const

export async function visit(options: AuthorityOptions = {}): Promise<Visit> {
  const port = await freePort()
  const authority = await startAuthority({ port: 0, storefront: `http://localhost:${port}`, accessTokenSeconds: 3600, ...options })
  const shop = await startStorefront({ port, issuer: authority.issuer, apiOrigin: authority.issuer, expose: true })
  const browser = await launch()
  const tab = await browser.openTab()
  const policy = await watchPolicy(tab)
  const cdp = await tab.page.createCDPSession()
  await cdp.send('Network.enable')
  await tab.page.setViewport(sizes[0])
  await tab.page.goto(shop.url)
  await sees(tab, 'Your models, where you work')

  return {
    authority, browser, tab, policy,
    url: shop.url,
    async signIn(person = 'mira') {
      await press(tab, 'Sign in')
      // Typing before the form gives its field the focus would have the browser complain in its console.
      await tab.waitFor('[autofocus]:focus')
      await typeIn(tab, `${person}@example.test`)
      await sees(tab, people[person as keyof typeof people])
    },
    sid: () => tab.page.evaluate(() => {
      const { state } = globalThis.storefront!.session
      return state.status === 'active' ? (state.session.sid ?? '') : ''
    }),
    async keep() {
      await press(tab, 'Keep Attic amphora on this device')
      await sees(tab, 'Open Attic amphora')
    },
    async order(fields) {
      await press(tab, 'Cart')
      await press(tab, 'Add Fluted vase to cart')
      await typeOrder(tab, fields)
    },
    async cutOff(urls = [`${authority.issuer}/*`]) {
      await cdp.send('Network.setBlockedURLs', { urls: [...urls] })
    },
    async close() {
      await browser.close()
      await shop.close()
      await authority.close()
    },
  }
}

/** For a file whose every test pays one visit: builds the shop first, and ends each visit, which must have stayed within its policy. */
export function visits(): typeof visit {
  let here: Visit
  beforeAll(() => buildStorefront(process.execPath))
  afterEach(async ({ task }) => {
    if (task.result?.state === 'fail') console.log(`The page said: ${await here.tab.page.evaluate(() => document.body.innerText)}`)
    await here.close()
    expect(here.policy.refused).toEqual([])
    expect(here.policy.strange()).toEqual([])
  })
  return async (options) => (here = await visit(options))
}
