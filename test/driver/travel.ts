// Going back and forward: a restored page fires no load event, so the page itself tells when and how it was shown.
import { until } from './until.ts'
import type { Tab } from './tab.ts'

declare global {
  var driverPage: { shown: boolean; persisted: boolean } | undefined
}

/** In the page, before it is left: notes whether it is shown, and whether it came from the back/forward cache. */
export function noteShowing(): void {
  if (globalThis.driverPage) return
  globalThis.driverPage = { shown: document.readyState === 'complete', persisted: false }
  addEventListener('pageshow', (event) => (globalThis.driverPage = { shown: true, persisted: event.persisted }))
  addEventListener('pagehide', () => (globalThis.driverPage!.shown = false))
}

export type Direction = 'back' | 'forward'

/** `go` has the page leave, where the engine does not bear that a function of the page does. */
export async function travel(tab: Pick<Tab, 'evaluate'>, direction: Direction, go?: () => Promise<unknown>): Promise<{ persisted: boolean }> {
  await tab.evaluate(noteShowing)
  const from = await tab.evaluate(() => performance.timeOrigin)
  await (go?.() ?? tab.evaluate((way) => history[way](), direction).catch(() => {}))
  const arrived = () =>
    tab.evaluate((left) => {
      const page = globalThis.driverPage ?? { shown: true, persisted: false }
      return performance.timeOrigin !== left && page.shown && document.readyState === 'complete' && { persisted: page.persisted }
    }, from)
  return until(arrived, { what: `the page to be shown after going ${direction}`, lookMs: 500 })
}
