// A place for these tests: a real provider, the application's pages, a browser, and everything its tabs let out.
import { startAuthority, type Authority, type AuthorityOptions } from '@3dimli/example-authority'
import { bundle, htmlPage, launch, serve, until, type Browser, type Route, type Tab } from '../driver/index.ts'
import { typeIn } from '../world/person.ts'
import { partsOf, type Leaf } from './canaries.ts'
import type {} from './page.ts'

/** Runs a function in a tab's page. */
export function run<Arguments extends unknown[], Result>(tab: Tab, work: (...given: Arguments) => Result, ...given: Arguments): Promise<Awaited<Result>> {
  return tab.page.evaluate(work as never, ...(given as unknown as never[])) as Promise<Awaited<Result>>
}

export interface Place {
  readonly authority: Authority
  readonly browser: Browser
  readonly origin: string
  /** What the pages' server answers, by path; more may be added. */
  readonly routes: Record<string, Route>
  /** Every token that any tab was given, in the parts that are its own. */
  readonly tokens: Map<'access' | 'refresh' | 'id', string[]>
  /** A tab of the application, once its session has started. */
  open(): Promise<Tab>
  /** A tab that has nothing of the SDK; it hears what the others tell each other. */
  bare(): Promise<Tab>
  signIn(tab: Tab, email?: string): Promise<string>
  /** What the tabs printed, threw and asked for, and what they told each other; of requests since then their headers and bodies, too. */
  letOut(since?: number): Promise<Leaf[]>
  close(): Promise<void>
}

const scripts = new Map<string, Promise<string>>()
const script = (entry: string): Promise<string> => {
  const known = scripts.get(entry) ?? bundle({ entry })
  scripts.set(entry, known)
  return known
}

const listening = `
globalThis.heard = []
new BroadcastChannel('3dimli.traces').onmessage = ({ data }) => heard.push(JSON.stringify(data))
addEventListener('storage', ({ key, newValue }) => /3dimli/.test(key) && heard.push(key + ' ' + newValue))
`

export async function createPlace({ profile, entry = 'traces/page.ts', ...options }: AuthorityOptions & { profile?: string; entry?: string } = {}): Promise<Place> {
  const routes: Record<string, Route> = {
    '/': '<!doctype html><html lang="en"><meta charset="utf-8"><link rel="icon" href="data:,"><title>application</title><body><script type="module" src="/page.js"></script>',
    '/page.js': await script(entry),
    '/bare': htmlPage({ title: 'bare', script: `${await script('traces/dump.ts')}\n${listening}` }),
  }
  const pages = await serve({ routes })
  const authority = await startAuthority({ port: 0, storefront: pages.origin, accessTokenSeconds: 3600, ...options })
  routes['/config.json'] = JSON.stringify({ issuer: authority.issuer })
  const browser = await launch(profile === undefined ? {} : { profile })
  const tokens: Place['tokens'] = new Map([['access', []], ['refresh', []], ['id', []]])
  const listeners: Tab[] = []

  const openTab = async (path: string): Promise<Tab> => {
    const tab = await browser.openTab('about:blank')
    tab.page.on('response', (response) => {
      if (response.url() !== `${authority.issuer}/token` || response.request().method() !== 'POST') return
      response.json().then((given: Record<string, unknown>) => {
        for (const [kind, held] of tokens) if (typeof given[`${kind}_token`] === 'string') held.push(...partsOf(String(given[`${kind}_token`])))
      }, () => undefined)
    })
    await tab.page.goto(pages.origin + path)
    return tab
  }

  return {
    authority, browser, routes, tokens, origin: pages.origin,

    async open() {
      const tab = await openTab('/')
      await until(() => run(tab, () => globalThis.traced?.started.then(() => true)), { what: 'the page to start its session' })
      return tab
    },

    async bare() {
      const tab = await openTab('/bare')
      await until(() => run(tab, () => 'dump' in globalThis), { what: 'the bare page' })
      listeners.push(tab)
      return tab
    },

    async signIn(tab, email = 'mira@example.test') {
      const known = tokens.get('access')!.length
      const before = await run(tab, () => (traced.session.state.status === 'active' ? traced.session.state.session.epochId : ''))
      await tab.bringToFront()
      await run(tab, () => void traced.session.signIn())
      await typeIn(tab, email)
      const sid = await until(
        () => run(tab, (old) => {
          const state = globalThis.traced?.session.state
          return state?.status === 'active' && state.session.epochId !== old ? state.session.sid : ''
        }, before),
        { what: `${email} to be signed in` },
      )
      // What the tab has had for a while the driver may just be told of.
      await until(() => tokens.get('access')!.length > known, { what: `the tokens of ${email} to be noted` })
      return sid
    },

    async letOut(since = Number.POSITIVE_INFINITY) {
      const heard = await Promise.all(listeners.map((tab) => run(tab, () => (globalThis as unknown as { heard: string[] }).heard)))
      return [
        ...browser.tabs.flatMap(({ observed }) => [
          ...observed.console.map(({ text }) => ({ where: 'console', text })),
          ...observed.errors.map((error) => ({ where: 'uncaught error', text: `${error.message} ${error.stack}` })),
          ...observed.requests.map(({ url }) => ({ where: 'address of a request', text: decodeURIComponent(url) })),
          ...observed.requests.filter(({ at }) => at >= since).flatMap(({ url, headers, body = '' }) => [
            { where: 'headers of a request', text: JSON.stringify(headers) },
            // Where a refresh token is given up it is named on purpose.
            ...(url === `${authority.issuer}/token/revocation` ? [] : [{ where: 'body of a request', text: body }]),
          ]),
        ]),
        ...heard.flat().map((text) => ({ where: 'message', text })),
      ]
    },

    async close() {
      await browser.close().catch(() => undefined)
      await authority.close()
      await pages.close()
    },
  }
}
