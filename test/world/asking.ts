// A tab that asks for things without a pause, until it is told to rest.
import { until, type Tab } from '../driver/index.ts'
import type {} from './shop.ts'

declare global {
  var asking: { rests: boolean; open: number }
}

/** Asks for something every few milliseconds, as long as it is let; from the first moment when it is shown again. */
export const keepAsking = (tab: Tab) => tab.evaluate(() => {
  globalThis.asking = { rests: false, open: 0 }
  for (const event of ['pageshow', 'resume']) addEventListener(event, () => (asking.rests = false), { capture: true })
  let last = performance.now()
  setInterval(() => {
    const now = performance.now()
    // Where no event says that it slept, the gap does.
    if (now - last > 3_000) asking.rests = false
    last = now
    if (asking.rests) return
    asking.open += 1
    shop.session.fetch(`${shop.issuer}/api/ping`).then(() => (asking.open -= 1), () => (asking.open -= 1))
  }, 10)
})

/** Sends one request after the other: a tab that freezes does not take all of the browser's connections to the server with it. */
export const askInTurn = (tab: Tab) => tab.evaluate(() => {
  globalThis.asking = { rests: false, open: 1 }
  const next = (): unknown => {
    if (asking.rests) return (asking.open = 0)
    return shop.session.fetch(`${shop.issuer}/api/ping`).then(next, () => (asking.open = 0))
  }
  next()
})

/** Lets what is under way come to its end, and begins nothing new until the page is shown or goes on. */
export async function rest(tab: Tab): Promise<void> {
  await tab.evaluate(() => (asking.rests = true))
  await until(() => tab.evaluate(() => asking.open === 0), { what: 'the requests to be answered' })
}

/** Asks for nothing new, and waits until the transactions that were begun are over: a write of our own comes after them. */
export const leaveStorageAlone = (tab: Tab) => tab.evaluate(async () => {
  asking.rests = true
  const request = indexedDB.open('3dimli.shop')
  await new Promise((resolve) => (request.onsuccess = resolve))
  const write = request.result.transaction('record', 'readwrite')
  write.objectStore('record').count()
  await new Promise((resolve) => (write.oncomplete = resolve))
  request.result.close()
})
