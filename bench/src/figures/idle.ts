// What a page that is left alone for an hour costs: how often it wakes up by itself, and what it holds in memory.
import { setTimeout as pause } from 'node:timers/promises'
import { until } from '../../../test/driver/index.ts'
import type { Figure } from '../figure.ts'
import { bare, ours, restoredPages, type RestoredPages } from '../restored.ts'

const peers = ['oidc-client-ts', '@supabase/auth-js'] as const
const names = [ours, ...peers, bare]
const hourMs = 3_600_000
/** Shorter than the silence after which a feed is taken for dead: between two slices the server says something. */
const sliceMs = 10_000
const heartbeatMs = 15

interface Idle {
  readonly name: string
  /** Callbacks of timers, and requests, in the hour. */
  readonly timers: number
  readonly requests: number
  /** The page's JavaScript heap after a collection, before and after the hour, bytes. */
  readonly heapBefore: number
  readonly heapAfter: number
}

declare global {
  var woken: { timers: number; requests: number }
}

/** In the page, before its own code: counts what wakes it. */
function count(): void {
  globalThis.woken = { timers: 0, requests: 0 }
  const counted = <Schedule extends typeof setTimeout>(schedule: Schedule): Schedule =>
    ((run: (...args: unknown[]) => void, ms?: number, ...args: unknown[]) => schedule(() => {
      globalThis.woken.timers += 1
      run(...args)
    }, ms)) as unknown as Schedule
  Object.assign(globalThis, { setTimeout: counted(setTimeout), setInterval: counted(setInterval as unknown as typeof setTimeout) })
  const send = globalThis.fetch
  globalThis.fetch = (...request) => {
    globalThis.woken.requests += 1
    return send(...request)
  }
}

async function hourOf(pages: RestoredPages, name: string, feeds: () => number): Promise<Idle> {
  const tab = await pages.browser.openTab('about:blank')
  await tab.page.evaluateOnNewDocument(count)
  await tab.goto(pages.address(name))
  await tab.evaluate(async () => void await globalThis.over.promise)
  if (name === ours) await until(() => feeds() > 0, { what: 'the feed to be open' })
  const cdp = await tab.page.createCDPSession()
  const heap = async (): Promise<number> => {
    await cdp.send('HeapProfiler.collectGarbage')
    return (await cdp.send('Runtime.getHeapUsage')).usedSize
  }
  const [from, heapBefore] = [await tab.evaluate(() => ({ ...globalThis.woken, at: performance.now() })), await heap()]
  for (let passed = 0; passed < hourMs; passed += sliceMs) {
    const over = new Promise((resolve) => cdp.once('Emulation.virtualTimeBudgetExpired', resolve))
    await cdp.send('Emulation.setVirtualTimePolicy', { policy: 'advance', budget: sliceMs })
    await over
    await pause(5 * heartbeatMs)
  }
  const to = await tab.evaluate(() => ({ ...globalThis.woken, at: performance.now() }))
  if (to.at - from.at < hourMs) throw new Error(`only ${Math.round(to.at - from.at)} ms have passed in the page`)
  const heapAfter = await heap()
  await tab.close()
  return { name, timers: to.timers - from.timers, requests: to.requests - from.requests, heapBefore, heapAfter }
}

export const idle: Figure<readonly Idle[]> = {
  name: 'idle',
  peers,
  async measure(say) {
    let open = 0
    const pages = await restoredPages(names, { heartbeatMs, observe: (event) => (open = event.type === 'feed' ? event.open : open) })
    try {
      const found: Idle[] = []
      for (const name of names) {
        found.push(await hourOf(pages, name, () => open))
        const { timers, requests, heapBefore, heapAfter } = found.at(-1)!
        say(`${name}: ${timers} timers, ${requests} requests, ${mb(heapBefore)} before, ${mb(heapAfter)} after`)
      }
      return found
    } finally {
      await pages.close()
    }
  },
  readme(found) {
    const of = (name: string): Idle | undefined => found.find((one) => one.name === name)
    const [one, other] = [of(ours), of(bare)]
    if (!one || !other) return []
    return [
      { what: 'JavaScript heap of an idle tab after an hour', ours: mb(one.heapAfter), beside: `a bare page ${mb(other.heapAfter)}`, target: '–', verdict: 'stated' },
      { what: 'wake-ups of an idle tab in that hour', ours: `${one.timers} timers`, beside: `a bare page ${other.timers}`, target: '–', verdict: 'stated' },
    ]
  },
  table: (found) => [
    '### Idle',
    '',
    `A visible tab that is left alone for an hour after its first answer, in Chromium, whose clock runs ahead (virtual time of the DevTools protocol, in slices of ${sliceMs / 1000} s). Wake-ups are callbacks of timers. Ours also hears the feed, on which a server says something every 15 s: 240 more in an hour, not counted here, since the server's clock does not run ahead. By design it asks the server once in five minutes in which the feed brought no event, twelve times in an hour. To a page whose clock runs ahead most answers seem to come later than the 10 s for which they are waited for, and it reads the status list until it asks again: most of the requests counted are that.`,
    '',
    '| | timers in the hour | requests in the hour | heap before | heap after |',
    '|---|--:|--:|--:|--:|',
    ...found.map(({ name, timers, requests, heapBefore, heapAfter }) => `| ${name} | ${timers} | ${requests} | ${mb(heapBefore)} | ${mb(heapAfter)} |`),
  ],
}

const mb = (bytes: number): string => `${(bytes / 1_000_000).toFixed(2)} MB`
