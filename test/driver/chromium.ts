// A real Chromium whose background tabs are really hidden, throttled, freezable and kept in the back/forward cache. One process serves all who ask for no profile or switches of their own.
import type { Page } from 'puppeteer-core'
import { findBrowser } from '../../scripts/setup/browser.mjs'
import { pageTab } from './page-tab.ts'
import { killGroup } from './processes.ts'
import { startProgram, type Running } from './program.ts'
import type { BrowserOptions, Launched, Tab } from './tab.ts'
import { within } from './until.ts'

// With these switches, which puppeteer adds, tabs would behave as if all were visible.
const unwanted = [
  '--disable-back-forward-cache',
  '--disable-background-timer-throttling',
  '--disable-backgrounding-occluded-windows',
  '--disable-renderer-backgrounding',
]
const offTheNetwork = ['--disable-background-networking', '--no-first-run', '--disable-component-update', '--disable-sync', '--disable-quic']

async function tabAround(page: Page, group: number): Promise<Tab> {
  const cdp = await page.createCDPSession()
  return pageTab(page, group, () => ({
    freeze: () => cdp.send('Page.setWebLifecycleState', { state: 'frozen' }),
    thaw: () => cdp.send('Page.setWebLifecycleState', { state: 'active' }),
    async crash() {
      const gone = new Promise<void>((resolve) => void page.once('error', () => resolve()))
      // Never answered: who would answer is gone.
      cdp.send('Page.crash').catch(() => {})
      await gone
    },
  }))
}

const start = (profile?: string, args: readonly string[] = []): Promise<Running> =>
  startProgram({ name: 'Chromium', path: findBrowser(), variable: 'CHROME_PATH' }, profile, {
    pipe: true,
    args: [...offTheNetwork, ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []), ...args],
    ignoreDefaultArgs: unwanted,
  })

interface Shared extends Running {
  /** Whose pages were shown since it was last emptied. */
  readonly origins: Set<string>
}

let shared: Promise<Shared> | undefined

async function startShared(): Promise<Shared> {
  const running = await start()
  const origins = new Set<string>()
  for (const event of ['targetcreated', 'targetchanged'] as const) running.puppeteer.on(event, (target) => URL.canParse(target.url()) && origins.add(new URL(target.url()).origin))
  return { ...running, origins }
}

/** Closes every page and forgets all that they kept: cookies are those of a host whatever its port, and a port may be given out again. */
async function empty({ puppeteer, origins }: Shared): Promise<void> {
  const [first, ...others] = await puppeteer.pages()
  await Promise.all(others.map((page) => page.close()))
  const cdp = await first!.createCDPSession()
  await cdp.send('Network.clearBrowserCookies')
  await cdp.send('Network.clearBrowserCache')
  for (const origin of origins) if (origin !== 'null') await cdp.send('Storage.clearDataForOrigin', { origin, storageTypes: 'all' })
  origins.clear()
  await cdp.detach()
}

export async function launchChromium({ profile, args }: BrowserOptions): Promise<Launched> {
  if (profile === undefined && args === undefined) return borrowed(await (shared ??= startShared()))
  const { puppeteer, pid } = await start(profile, args)
  return {
    puppeteer, pid,
    newTab: async () => tabAround(await puppeteer.newPage(), pid),
    kill: () => killGroup(pid),
    async close() {
      await puppeteer.close()
      // Its other processes may still write into the profile for a moment.
      await killGroup(pid)
    },
  }
}

/** The shared one, for the time until it is closed. */
function borrowed(browser: Shared): Launched {
  const { puppeteer, pid } = browser
  async function kill(): Promise<void> {
    shared = undefined
    await killGroup(pid)
  }
  return {
    puppeteer, pid, kill,
    newTab: async () => tabAround(await puppeteer.newPage(), pid),
    async close() {
      const isEmpty = await within(empty(browser), 10_000).then(() => true, () => false)
      if (!isEmpty) await kill()
    },
  }
}
