// A tab of WebKitGTK.
import { writeFile } from 'node:fs/promises'
import { By, Key, type WebDriver } from 'selenium-webdriver'
import { runInPage } from './page-job.ts'
import { busyProcess, goOn, stop } from './processes.ts'
import type { Tab } from './tab.ts'
import { noteShowing, travel, type Direction } from './travel.ts'
import { until } from './until.ts'

/** What a tab is to its browser. */
export interface Window {
  /** Does something in this tab, when nobody else does anything. */
  run<T>(work: (driver: WebDriver) => Promise<T>): Promise<T>
  readonly group: number
  toFront(): Promise<void>
  picture(colour: readonly [number, number, number]): Promise<Uint8Array>
  close(): Promise<void>
}

/** In the page: refuses what it requests, as without a network. */
function cutOff(isOffline: boolean): void {
  const page = globalThis as unknown as { connected?: typeof fetch }
  page.connected ??= globalThis.fetch
  globalThis.fetch = isOffline ? () => Promise.reject(new TypeError('Load failed')) : page.connected
  Object.defineProperty(navigator, 'onLine', { configurable: true, value: !isOffline })
  dispatchEvent(new Event(isOffline ? 'offline' : 'online'))
}

/** In the page: a small spot in a corner, or no longer. */
function spot(colour: string): void {
  document.querySelector('driver-spot')?.remove()
  if (!colour) return
  const element = document.documentElement.appendChild(document.createElement('driver-spot'))
  for (const [name, value] of Object.entries({ position: 'fixed', inset: '0 auto auto 0', width: '8px', height: '8px', 'z-index': '2147483647', background: colour })) {
    element.style.setProperty(name, value)
  }
}

export function webkitTab(window: Window): Tab {
  let stopped = 0
  let stillness: PromiseWithResolvers<void> | undefined
  const again = Symbol('again')
  // A command for a tab that is stopped would keep the driver, and so all tabs, waiting.
  const run: Window['run'] = async (work) => {
    for (;;) {
      await stillness?.promise
      const outcome = await window.run(async (driver) => (stillness ? again : work(driver)))
      if (outcome !== again) return outcome
    }
  }
  /** A page that goes into the back/forward cache with a script waiting in it never answers, nor does the driver: it is asked for nothing until it is left. */
  async function leave(direction: Direction): Promise<void> {
    const from = await tab.url()
    await run((driver) => driver.executeScript(`setTimeout(() => history.${direction}())`))
    await until(async () => (await tab.url()) !== from, { what: `the page to be left by going ${direction}` })
  }
  const tab: Tab = {
    get page(): never {
      throw new Error('WebKit is not driven by puppeteer: use the tab’s own methods')
    },
    observed: { console: [], errors: [], requests: [], clear() {} },
    evaluate: (job, ...args) => runInPage((script, ...more) => run((driver) => driver.executeAsyncScript(script, ...more)), String(job), args) as never,
    async goto(url) {
      await tab.evaluate(noteShowing)
      await run((driver) => driver.get(url))
      await tab.evaluate(noteShowing)
    },
    reload: () => run((driver) => driver.navigate().refresh()),
    url: () => run((driver) => driver.getCurrentUrl()),
    title: () => run((driver) => driver.getTitle()),
    async waitFor(selector) {
      await until(() => tab.evaluate((wanted) => document.querySelector(wanted) !== null, selector), { what: `an element ${selector}` })
    },
    type: (selector, text) => run((driver) => driver.findElement(By.css(selector)).sendKeys(text)),
    enter: (selector) => run((driver) => driver.findElement(By.css(selector)).sendKeys(Key.ENTER)),
    async bringToFront() {
      await window.toFront()
      await until(async () => (await tab.visibility()) === 'visible', { what: 'the tab to be in front' })
    },
    visibility: () => tab.evaluate(() => document.visibilityState),
    async freeze() {
      stopped = await tab.processId()
      await run(async () => {
        stillness = Promise.withResolvers()
        stop(stopped)
      })
    },
    async thaw() {
      goOn(stopped)
      stillness?.resolve()
      stillness = undefined
    },
    back: () => travel(tab, 'back', () => leave('back')),
    forward: () => travel(tab, 'forward', () => leave('forward')),
    // The driver does not outlive the process of a tab.
    crash: () => window.close(),
    offline: (isOffline) => tab.evaluate(cutOff, isOffline),
    async screenshot(file) {
      await tab.bringToFront()
      // A spot of a colour of its own tells that what is on the screen was drawn after this call.
      const colour = [100 + Math.floor(Math.random() * 100), 100 + Math.floor(Math.random() * 100), 100 + Math.floor(Math.random() * 100)] as const
      await tab.evaluate(spot, `rgb(${colour.join(' ')})`)
      const picture = await window.picture(colour)
      await tab.evaluate(spot, '')
      if (file) await writeFile(file, picture)
      return picture
    },
    processId: () => busyProcess(window.group, (ms) => tab.evaluate((spinMs) => {
      for (const from = performance.now(); performance.now() - from < spinMs; );
    }, ms)),
    close: () => window.close(),
  }
  return tab
}
