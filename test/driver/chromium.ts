// A real Chromium whose background tabs are really hidden, throttled, freezable and kept in the back/forward cache.
import type { Page } from 'puppeteer-core'
import { findBrowser } from '../../scripts/setup/browser.mjs'
import { pageTab } from './page-tab.ts'
import { killGroup } from './processes.ts'
import { startProgram } from './program.ts'
import type { BrowserOptions, Launched, Tab } from './tab.ts'

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

export async function launchChromium({ profile, args = [] }: BrowserOptions): Promise<Launched> {
  const { puppeteer, pid } = await startProgram({ name: 'Chromium', path: findBrowser(), variable: 'CHROME_PATH' }, profile, {
    pipe: true,
    args: [...offTheNetwork, ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []), ...args],
    ignoreDefaultArgs: unwanted,
  })
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
