// How late a busy machine is: what the timers of a page and of this process have lost, for which no bound of the SDK is to blame.
import { inPage, type Tab } from './driver.ts'

declare global {
  var lateMs: (() => number) | undefined
}

/** Begins to measure, here or in a page; returns what was lost since, ms. */
function measure(everyMs: number): () => number {
  let last = performance.now()
  let lost = 0
  const look = () => {
    const now = performance.now()
    lost += Math.max(0, now - last - everyMs)
    last = now
  }
  const timer: { unref?(): void } | number = setInterval(look, everyMs)
  if (typeof timer === 'object') timer.unref?.()
  return () => {
    look()
    return lost
  }
}

const here = measure(20)
/** A tab out of sight is not late: its timers fire once a second. */
const pageEveryMs = 1_000

/** Resolves with a look at what was lost from now on, in the page and here, ms. */
export async function lateFrom(tab: Tab): Promise<() => Promise<number>> {
  const inTheirs = () => inPage(tab, () => globalThis.lateMs!())
  await tab.page.evaluate(`void (globalThis.lateMs ??= (${String(measure)})(${pageEveryMs}))`)
  const before = here() + (await inTheirs())
  return async () => here() - before + (await inTheirs())
}
