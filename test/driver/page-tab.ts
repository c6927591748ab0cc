// A tab that puppeteer drives: what Chromium and Firefox have in common.
import type { Page } from 'puppeteer-core'
import { observe } from './observed.ts'
import { busyProcess } from './processes.ts'
import type { Tab } from './tab.ts'
import { noteShowing, travel } from './travel.ts'

/** What each engine does in its own way. */
export type Own = Pick<Tab, 'freeze' | 'thaw' | 'crash'>

/** In the page: keeps its process busy. */
export function spin(ms: number): void {
  for (const from = performance.now(); performance.now() - from < ms; );
}

export async function pageTab(page: Page, group: number, own: (tab: Omit<Tab, keyof Own>) => Own): Promise<Tab> {
  page.setDefaultTimeout(60_000)
  await page.evaluateOnNewDocument(noteShowing)
  const base: Omit<Tab, keyof Own> = {
    page,
    observed: observe(page),
    evaluate: (run, ...args) => page.evaluate(run as never, ...(args as unknown as never[])) as never,
    goto: async (url) => void (await page.goto(url)),
    reload: async () => void (await page.reload()),
    url: async () => page.url(),
    title: () => page.title(),
    waitFor: async (selector) => void (await page.waitForSelector(selector)),
    type: (selector, text) => page.type(selector, text),
    async enter(selector) {
      await page.focus(selector)
      await page.keyboard.press('Enter')
    },
    bringToFront: () => page.bringToFront(),
    visibility: () => page.evaluate(() => document.visibilityState),
    back: () => travel(base, 'back'),
    forward: () => travel(base, 'forward'),
    offline: (isOffline) => page.setOfflineMode(isOffline),
    async screenshot(file) {
      await page.bringToFront()
      return page.screenshot(file ? { path: file } : {})
    },
    processId: () => busyProcess(group, (ms) => page.evaluate(spin, ms)),
    close: () => page.close(),
  }
  return { ...base, ...own(base) }
}
