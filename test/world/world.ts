// A world for the browser tests: a real OpenID provider, the page under test, a real browser, and a person who signs in.
import { startAuthority, type Authority, type AuthorityEvent, type AuthorityOptions } from '@3dimli/example-authority'
import type { Duration } from '@3dimli/session'
import { bundle, canItself, launch, serve, until, type Browser, type Tab } from '../driver/index.ts'
import { htmlPage } from '../driver/static.ts'
import { typeIn } from './person.ts'
import type {} from './shop.ts'

export type Event<Type extends AuthorityEvent['type']> = Extract<AuthorityEvent, { type: Type }>

export interface World {
  readonly authority: Authority
  readonly browser: Browser
  readonly origin: string
  readonly events: AuthorityEvent[]
  /** Events of one type. */
  of<Type extends AuthorityEvent['type']>(type: Type): Event<Type>[]
  /** A new tab of the page, once its session object has started; `wishes` change its options. */
  open(wishes?: { events?: string; pollMs?: number; origin?: string; downloadsLease?: Duration }): Promise<Tab>
  /** Signs in through the provider's own form, by keyboard. */
  signIn(tab: Tab, email?: string): Promise<string>
  /** Kills this browser and starts another on the same profile; where no profile is kept, closes all its pages at once. */
  restart(): Promise<Browser>
  close(): Promise<void>
}

const scripts = new Map<string, Promise<string>>()

export interface WorldOptions extends AuthorityOptions {
  profile?: string
  headers?: Record<string, string>
  args?: string[]
  /** Runs in every page before the page's own code, to take something away from it. */
  bend?: () => void
  /** The page's program, relative to `test`. @default world/shop.ts */
  entry?: string
}

export async function createWorld(options: WorldOptions = {}): Promise<World> {
  const { profile, headers, args, bend, entry = 'world/shop.ts', ...authorityOptions } = options
  const keepsProfile = profile !== undefined && canItself('restart')
  const launched = () => launch({ ...(args && { args }), ...(keepsProfile && { profile }) })
  const events: AuthorityEvent[] = []
  const script = scripts.get(entry) ?? bundle({ entry })
  scripts.set(entry, script)
  const routes: Record<string, string> = { '/shop.js': await script, '/bare': htmlPage({ title: 'bare page' }) }
  const pages = await serve({ routes, ...(headers && { headers }) })
  const authority = await startAuthority({ port: 0, storefront: pages.origin, ...authorityOptions, observe: (event) => events.push(event) })
  routes['/config.json'] = JSON.stringify({ issuer: authority.issuer })
  routes['/'] = '<!doctype html><html lang="en"><meta charset="utf-8"><link rel="icon" href="data:,"><title>shop</title><body>' +
    `${bend ? `<script>(${bend.toString()})()</script>` : ''}<script type="module" src="/shop.js"></script>`
  let browser = await launched()

  const world: World = {
    authority, origin: pages.origin, events,
    get browser() {
      return browser
    },
    of: (type) => events.filter((event): event is Event<typeof type> => event.type === type),

    async open(wishes = {}) {
      const query = new URLSearchParams(Object.entries(wishes).map(([name, value]) => [name, String(value)])).toString()
      const tab = await browser.openTab(`${pages.origin}/${query && `?${query}`}`)
      await until(() => tab.evaluate(() => globalThis.shop?.started.then(() => true)), { what: 'the page to start its session' })
      return tab
    },

    async signIn(tab, email = 'mira@example.test') {
      const before = await tab.evaluate(() => (shop.session.state.status === 'active' ? shop.session.state.session.epochId : ''))
      await tab.bringToFront()
      await tab.evaluate(() => void shop.session.signIn())
      await typeIn(tab, email)
      return until(
        () => tab.evaluate((old) => {
          const state = globalThis.shop?.session.state
          return state?.status === 'active' && state.session.epochId !== old ? state.session.sid : ''
        }, before),
        { what: `${email} to be signed in` },
      )
    },

    async restart() {
      if (canItself('restart')) {
        await browser.kill().catch(() => undefined)
        browser = await launched()
      } else {
        const left = [...browser.tabs]
        await browser.openTab()
        await Promise.all(left.map((tab) => tab.close()))
      }
      return browser
    },

    async close() {
      await browser.close().catch(() => undefined)
      await authority.close()
      await pages.close()
    },
  }
  return world
}

/** Waits until one tab of them is in front and the others know that they are hidden. */
export async function onlyOneIsVisible(tabs: readonly Tab[]): Promise<void> {
  await until(async () => (await Promise.all(tabs.map((tab) => tab.visibility()))).filter((state) => state === 'hidden').length === tabs.length - 1,
    { what: `all of ${tabs.length} tabs but one to be hidden`, lookMs: 5_000 })
}

/** Waits until every tab's state is `status`. */
export async function allAre(tabs: readonly Tab[], status: string, timeoutMs?: number): Promise<void> {
  await until(
    async () => (await Promise.all(tabs.map((tab) => tab.evaluate(() => shop.session.state.status)))).every((one) => one === status),
    { what: `${tabs.length} tabs to be ${status}`, lookMs: 5_000, ...(timeoutMs !== undefined && { timeoutMs }) },
  )
}
