// In a worker and in a service worker everything can be imported and created without touching anything, and a session can be started and stopped.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { bundle, htmlPage, launch, serve, until, type Browser, type Tab } from '../driver/index.ts'
import { run } from '../traces/place.ts'
import { deleteDatabase } from './given-back.ts'

let browser: Browser
let pages: Awaited<ReturnType<typeof serve>>
let tab: Tab
beforeAll(async () => {
  pages = await serve({ routes: { '/': htmlPage({}), '/worker.js': await bundle({ entry: 'life/worker.ts' }) } })
  browser = await launch()
  tab = await browser.openTab(pages.origin)
})
afterAll(async () => {
  await browser.close()
  await pages.close()
})

const kinds: readonly (readonly [string, (message: string) => Promise<unknown>])[] = [
  ['a worker', (message) =>
    new Promise((resolve, reject) => {
      const worker = new Worker('/worker.js', { type: 'module' })
      worker.onmessage = ({ data }) => resolve(data)
      worker.onerror = ({ message: said }) => reject(new Error(said))
      worker.postMessage(message)
    })],
  ['a service worker', async (message) => {
    await navigator.serviceWorker.register('/worker.js', { type: 'module' })
    const { active } = await navigator.serviceWorker.ready
    return new Promise((resolve) => {
      navigator.serviceWorker.onmessage = ({ data }) => resolve(data)
      navigator.serviceWorker.startMessages()
      active!.postMessage(message)
    })
  }],
]

test.each(kinds)('J13 in %s importing and creating touches nothing', async (_title, ask) => {
  expect(await run(tab, ask, 'what was touched?')).toEqual({ created: 'restoring closed', touched: [] })
})

test.each(kinds)('J13 in %s a session starts and stops, and gives its locks and its database back', async (_title, ask) => {
  expect(await run(tab, ask, 'start')).toEqual({ status: 'signed-out', store: 'indexeddb', degraded: [], open: 0 })
  await until(() => run(tab, async () => {
    const { held = [], pending = [] } = await navigator.locks.query()
    return held.length + pending.length === 0
  }), { what: 'the locks' })
  expect(await deleteDatabase(tab, '3dimli.worker')).toBe('deleted')
})
