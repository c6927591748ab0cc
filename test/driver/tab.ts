// The shapes that the tests drive, whichever the engine: a browser and its tabs.
import type { Browser as PuppeteerBrowser, Page } from 'puppeteer-core'
import type { Engine } from './engines.ts'
import type { Observed } from './observed.ts'

export interface Tab {
  /** puppeteer's page, for what only Chromium can do; a test that runs in every engine does not use it, and WebKit has none. */
  readonly page: Page
  /** What it printed, threw and requested; never anything where the engine lacks `requests`. */
  readonly observed: Observed
  /** Runs a function in the page; arguments and result are plain data. */
  evaluate<Args extends unknown[], Result>(run: (...args: Args) => Result, ...args: Args): Promise<Awaited<Result>>
  goto(url: string): Promise<void>
  reload(): Promise<void>
  url(): Promise<string>
  title(): Promise<string>
  /** Waits until an element is there. */
  waitFor(selector: string): Promise<void>
  /** Types into an element, key by key. */
  type(selector: string, text: string): Promise<void>
  /** Presses Enter in an element. */
  enter(selector: string): Promise<void>
  bringToFront(): Promise<void>
  visibility(): Promise<DocumentVisibilityState>
  /** Stops the tab's timers and tasks as the system does to a tab in the background. */
  freeze(): Promise<void>
  thaw(): Promise<void>
  /** One document back in history; tells whether it came from the back/forward cache. */
  back(): Promise<{ persisted: boolean }>
  forward(): Promise<{ persisted: boolean }>
  /** Ends the tab's process; the tab stays, showing nothing. */
  crash(): Promise<void>
  offline(isOffline: boolean): Promise<void>
  /** A picture of the tab (PNG), which comes to the front for it. */
  screenshot(file?: `${string}.png`): Promise<Uint8Array>
  /** The process that shows the tab. */
  processId(): Promise<number>
  close(): Promise<void>
}

export interface Browser {
  readonly engine: Engine
  readonly tabs: readonly Tab[]
  /** Its first process, which is the head of a process group. */
  readonly pid: number
  /** puppeteer's browser; WebKit has none. */
  readonly puppeteer: PuppeteerBrowser
  /** A new tab of the one window; it comes to the front, which hides the one that was there. */
  openTab(url?: string): Promise<Tab>
  /** Ends all its processes at once, as a power cut would, and resolves when none is left. */
  kill(): Promise<void>
  close(): Promise<void>
}

/** What a launcher gives of its browser; launch() makes the rest, which is the same for all. */
export interface Launched extends Omit<Browser, 'engine' | 'tabs' | 'openTab'> {
  /** A tab that shows nothing yet and need not be in front. */
  newTab(): Promise<Tab>
}

export interface BrowserOptions {
  /** A folder that keeps the profile after the browser has ended; without it the profile is thrown away. */
  profile?: string
  /** Switches for Chromium; the other engines get none. */
  args?: string[]
}
