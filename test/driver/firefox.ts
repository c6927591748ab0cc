// A real Firefox ESR. One process serves all the browsers of a test file, each with a container of its own: starting it takes seconds.
import type { Page } from 'puppeteer-core'
import { findFirefox } from '../../scripts/setup/browser.mjs'
import { pageTab } from './page-tab.ts'
import { goOn, isRunning, killGroup, stop } from './processes.ts'
import { startProgram, type Running } from './program.ts'
import type { BrowserOptions, Launched, Tab } from './tab.ts'
import { until } from './until.ts'

const preferences = {
  // The back/forward cache as people have it.
  'fission.bfcacheInParent': true,
  'browser.sessionhistory.max_total_viewers': -1,
  // A process for each tab, so that one can be stopped or die by itself.
  'dom.ipc.processCount.webIsolated': 64,
  'dom.ipc.processCount': 64,
  // A stopped process is no reason to ask anybody.
  'dom.testing.testutils.enabled': true,
  'dom.ipc.reportProcessHangs': false,
  'dom.ipc.tabs.shutdownTimeoutSecs': 0,
}

const start = (profile?: string): Promise<Running> =>
  startProgram({ name: 'Firefox', path: findFirefox(), variable: 'FIREFOX_PATH' }, profile, { browser: 'firefox', extraPrefsFirefox: preferences })

let shared: Promise<Running> | undefined

function tabAround(page: Page, group: number): Promise<Tab> {
  let stopped = 0
  return pageTab(page, group, (tab) => ({
    async freeze() {
      stopped = await tab.processId()
      stop(stopped)
    },
    async thaw() {
      goOn(stopped)
    },
    async crash() {
      const pid = await tab.processId()
      process.kill(pid, 'SIGKILL')
      await until(() => !isRunning(pid), { what: 'the process of the tab to be gone' })
    },
  }))
}

export async function launchFirefox({ profile }: BrowserOptions): Promise<Launched> {
  const { puppeteer, pid } = await (profile ? start(profile) : (shared ??= start()))
  const context = profile ? puppeteer.defaultBrowserContext() : await puppeteer.createBrowserContext()
  return {
    puppeteer, pid,
    newTab: async () => tabAround(await context.newPage(), pid),
    async kill() {
      if (!profile) shared = undefined
      await killGroup(pid)
    },
    async close() {
      goOn()
      if (!profile) return context.close()
      await puppeteer.close()
      await killGroup(pid)
    },
  }
}
