/** The tour's stage: the provider, the storefront, a browser with ten tabs, and the hands of a buyer. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { PurgeReport, Session, SessionEnd, TraceEntry } from '@3dimli/session'
import type { Checkout } from '@3dimli/session/checkout'
import type { Downloads } from '@3dimli/session/downloads'
import { startAuthority, type Authority, type AuthorityEvent } from '../../authority/src/index.ts'
import { freePort, launch, until, type Browser, type Tab } from '../../../test/driver/index.ts'
import { startStorefront } from '../server.ts'
import type { Draft, Order } from '../src/shop/ordering.ts'

declare global {
  /** What the shop shows when its configuration says so. */
  var storefront: { readonly session: Session; readonly downloads: Downloads; readonly checkout: Checkout<Draft, Order> } | undefined
  /** What the tour notes in each tab. */
  var noted: undefined | { states: { status: string; at: number }[]; ends: { end: SessionEnd; report: PurgeReport }[] }
}

/** How many tabs are open. */
export const tabCount = 10
/** Their size. */
export const tabSize = { width: 1120, height: 900 }

/** What one tab can tell after an end. */
export interface TabStory {
  readonly trace: readonly TraceEntry[]
  readonly states: readonly { readonly status: string; readonly at: number }[]
  readonly end: SessionEnd
  readonly report: PurgeReport
}

/** The stage. */
export interface Stage {
  readonly authority: Authority
  readonly browser: Browser
  readonly tabs: readonly Tab[]
  /** A tab of the shop's origin that runs none of its code. */
  readonly bare: Tab
  readonly events: readonly AuthorityEvent[]
  close(): Promise<void>
}

/** Sets the stage; everything is gone again after `close()`. */
export async function setStage(): Promise<Stage> {
  const dataDir = await mkdtemp(join(tmpdir(), 'tour-'))
  const events: AuthorityEvent[] = []
  const port = await freePort()
  const authority = await startAuthority({
    port: 0, storefront: `http://localhost:${port}`, dataDir, accessTokenSeconds: 3600, observe: (event) => events.push(event),
  })
  const shop = await startStorefront({ port, issuer: authority.issuer, apiOrigin: authority.issuer, expose: true })
  const browser = await launch({ args: ['--hide-scrollbars'] })
  const bare = await browser.openTab(`${shop.url}/mark.svg`)
  const tabs: Tab[] = []
  for (let number = 0; number < tabCount; number += 1) {
    const tab = await browser.openTab('about:blank')
    await tab.page.setViewport(tabSize)
    await tab.page.goto(shop.url)
    tabs.push(tab)
  }
  return {
    authority, browser, tabs, bare, events,
    async close() {
      await browser.close()
      await shop.close()
      await authority.close()
      await rm(dataDir, { recursive: true, force: true })
    },
  }
}

/** Signs in through the provider's own form, by typing; resolves to the session's id once all tabs are in. */
export async function signIn({ tabs }: Stage): Promise<string> {
  const [first] = tabs
  await first!.bringToFront()
  const { page } = first!
  await press(first!, 'Sign in')
  await page.waitForSelector('input[name=email]')
  await page.type('input[name=email]', 'mira@example.test')
  await page.type('input[name=password]', 'demo')
  await page.keyboard.press('Enter')
  await all(tabs, 'active')
  await Promise.all(tabs.map((tab) => tab.page.evaluate(() => {
    const listening = globalThis.noted !== undefined
    globalThis.noted = { states: [], ends: [] }
    if (listening) return
    const { session } = globalThis.storefront!
    session.subscribe(({ status }) => globalThis.noted!.states.push({ status, at: Date.now() }))
    session.onEnd((end, report) => globalThis.noted!.ends.push({ end, report }))
  })))
  return page.evaluate(() => {
    const { state } = globalThis.storefront!.session
    return state.status === 'active' ? (state.session.sid ?? '') : ''
  })
}

/** Keeps a model on the device and looks at it, by pressing the shop's buttons. */
export async function keepModel(tab: Tab, title: string): Promise<void> {
  await tab.bringToFront()
  await visit(tab, 'Library')
  await press(tab, `Keep ${title} on this device`)
  await press(tab, `Open ${title}`)
  await sees(tab, 'triangles')
  await tab.page.keyboard.press('Escape')
  await sees(tab, 'Recently viewed')
}

/** Fills in half an order, by typing. */
export async function fillHalfAnOrder(tab: Tab): Promise<void> {
  await tab.bringToFront()
  await visit(tab, 'Cart')
  await until(() => tab.page.evaluate(() => /Add Fluted vase|Invoice address/.test(document.body.textContent)), { what: 'the cart' })
  if (!(await tab.page.$('#name'))) await press(tab, 'Add Fluted vase to cart')
  await typeOrder(tab, { name: 'Mira Hoffmann', street: 'Lindenweg 12' })
}

/** Types into the fields of the order, and asks the device whether all of it is kept: for a moment the page still shows what was true a letter ago. */
export async function typeOrder(tab: Tab, fields: Readonly<Record<string, string>>): Promise<void> {
  await tab.page.waitForSelector('#name')
  for (const [field, value] of Object.entries(fields)) await tab.page.type(`#${field}`, value)
  const isKept = (typed: typeof fields): Promise<boolean> =>
    globalThis.storefront!.checkout.read().then((draft) => Object.entries(typed).every(([field, value]) => draft?.address[field as keyof Draft['address']] === value))
  await until(() => tab.page.evaluate(isKept, fields), { what: 'what was typed to be kept' })
  await sees(tab, 'What you typed is kept on this device.')
}

/** Waits until every tab's session has this status. */
export async function all(tabs: readonly Tab[], status: string): Promise<void> {
  await until(
    async () => (await Promise.all(tabs.map((tab) => tab.page.evaluate(() => globalThis.storefront?.session.state.status)))).every((one) => one === status),
    { what: `all tabs to be ${status}`, lookMs: 5_000 },
  )
}

/** Waits until every tab has told of the end, and takes its story. */
export async function stories(tabs: readonly Tab[]): Promise<readonly TabStory[]> {
  await all(tabs, 'signed-out')
  return Promise.all(tabs.map((tab, index) => until(() => tab.page.evaluate(() => {
    const [told] = globalThis.noted!.ends
    if (!told) return undefined
    const trace = globalThis.storefront!.session.diagnostics().trace.filter(({ epochId }) => epochId === told.end.epochId)
    return { trace, states: globalThis.noted!.states, ...told }
  }), { what: `tab ${index + 1} to tell of the end` })))
}

async function visit(tab: Tab, name: string): Promise<void> {
  await press(tab, name)
}

/** Presses the button or link that is called so. */
export async function press(tab: Tab, name: string): Promise<void> {
  // A page that is slow to answer must not be asked a second time: it would press twice.
  await until(() => tab.page.evaluate((called) => {
    const control = [...document.querySelectorAll<HTMLElement>('a, button:enabled')].find((one) => one.textContent.replaceAll(/\s+/g, ' ').trim().startsWith(called))
    control?.click()
    return control !== undefined
  }, name), { what: `"${name}" to press`, lookMs: 60_000 })
}

/** Waits until a tab shows a text. */
export async function sees(tab: Tab, text: string): Promise<void> {
  await until(() => tab.page.evaluate((wanted) => document.body.textContent.includes(wanted), text), { what: `"${text}" to be shown` })
}
