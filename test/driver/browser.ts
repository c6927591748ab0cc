// Starting a browser of the engine that this run is for.
import { launchChromium } from './chromium.ts'
import { engine } from './engines.ts'
import { launchFirefox } from './firefox.ts'
import type { Browser, BrowserOptions, Tab } from './tab.ts'
import { launchWebkit } from './webkit.ts'

const launchers = { chromium: launchChromium, firefox: launchFirefox, webkit: launchWebkit }

export async function launch(options: BrowserOptions = {}): Promise<Browser> {
  const launched = await launchers[engine](options)
  const tabs: Tab[] = []
  return Object.assign(launched, {
    engine, tabs,
    async openTab(url = 'about:blank') {
      const tab = await launched.newTab()
      tabs.push(tab)
      await tab.goto(url)
      await tab.bringToFront()
      return tab
    },
  })
}
