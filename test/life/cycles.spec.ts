// Three hundred sessions that were created, started and stopped in a real page leave no heap, listener, channel, lock, database or timer.
import { afterEach, expect, test } from 'vitest'
import { until, type Tab } from '../driver/index.ts'
import { createPlace, run, type Place } from '../traces/place.ts'
import { deleteDatabase, givenBack, openIn, openSignedIn } from './given-back.ts'

let place: Place
afterEach(() => place.close())

/** Bytes of heap each cycle may leave: a session that is kept weighs over ten times as much. */
const flatBytes = 2_048

interface Measured {
  readonly heap: number
  /** Every listener there is, also those of nodes and databases. */
  readonly listeners: number
  readonly objects: Readonly<Record<string, number>>
}

const things = ['BroadcastChannel', 'IDBDatabase', 'AbortController', 'ReadableStreamDefaultReader'] as const

/** What is left when the collector has taken what it can. */
async function measure(tab: Tab): Promise<Measured> {
  const cdp = await tab.page.createCDPSession()
  await cdp.send('Performance.enable')
  let last: Measured | undefined
  for (let look = 0; look < 6; look += 1) {
    await cdp.send('HeapProfiler.collectGarbage')
    const { metrics } = await cdp.send('Performance.getMetrics')
    const of = (name: string) => metrics.find((metric) => metric.name === name)?.value ?? 0
    if (last && of('JSHeapUsedSize') >= last.heap) break
    last = { heap: of('JSHeapUsedSize'), listeners: of('JSEventListeners'), objects: {} }
  }
  const objects: Record<string, number> = {}
  for (const name of things) {
    const prototype = await tab.page.evaluateHandle((given) => (globalThis as unknown as Record<string, { prototype: object }>)[given]!.prototype, name)
    const all = await tab.page.queryObjects(prototype)
    objects[name] = await all.evaluate((list) => (list as unknown as unknown[]).length)
    await all.dispose()
    await prototype.dispose()
  }
  await cdp.detach()
  return { ...last!, objects }
}

const nothing = { timers: 0, channels: 0, databases: 0, requests: 0, urls: 0, locks: 0 }

test('J12 D11 E5 over 300 starts and stops where somebody is signed in, everything stays flat', async () => {
  let feeds = 0
  place = await createPlace({ entry: 'life/page.ts', observe: (event) => (feeds = event.type === 'feed' ? event.open : feeds) })
  const tab = await openSignedIn(place)
  await until(() => feeds === 1, { what: 'the feed' })
  const running = await openIn(tab)
  // The counters see what runs: a channel, the record's database, locks, timers, listeners.
  expect(running).toMatchObject({ channels: 1, databases: 1, urls: 0 })
  expect([running.timers > 0, running.locks > 0, running.listeners > 5]).toEqual([true, true, true])
  await run(tab, () => traced.session.stop())
  await until(() => feeds === 0, { what: 'the feed to be given up' })
  const listeners = (await openIn(tab)).listeners
  expect(listeners).toBeLessThan(running.listeners - 5)
  await givenBack(tab, { ...nothing, listeners })

  expect(await run(tab, () => life.cycles(60))).toBe(60)
  await givenBack(tab, { ...nothing, listeners })
  const before = await measure(tab)
  expect(await run(tab, () => life.cycles(300))).toBe(300)
  await givenBack(tab, { ...nothing, listeners })
  const after = await measure(tab)
  console.log(`300 sessions: ${Math.round((after.heap - before.heap) / 300)} bytes each, listeners ${before.listeners} then ${after.listeners}, ${JSON.stringify(after.objects)}`)
  expect(after.objects).toEqual(before.objects)
  expect(after.listeners).toBe(before.listeners)
  expect((after.heap - before.heap) / 300).toBeLessThan(flatBytes)

  // One session that is stopped and started is as good as many.
  await run(tab, () => life.restarts(100))
  await run(tab, () => traced.session.stop())
  await givenBack(tab, { ...nothing, listeners })
  expect((await measure(tab)).objects).toEqual(before.objects)
  await until(() => feeds === 0, { what: 'every feed to be given up' })
  expect(await run(tab, () => instruments.loose)).toEqual([])

  // The database is nobody's: deleting it waits for no connection.
  expect(await deleteDatabase(tab, '3dimli.traces')).toBe('deleted')
})

test('J12 the measure sees sessions that are not stopped', async () => {
  place = await createPlace({ entry: 'life/page.ts' })
  const tab = await openSignedIn(place)
  const before = await measure(tab)
  await run(tab, () => life.cycles(20, true))
  const after = await measure(tab)
  expect((after.heap - before.heap) / 20).toBeGreaterThan(5 * flatBytes)
  expect(after.objects['BroadcastChannel']).toBe((before.objects['BroadcastChannel'] ?? 0) + 20)
  expect(after.objects['IDBDatabase']).toBe((before.objects['IDBDatabase'] ?? 0) + 20)
  expect(after.listeners).toBeGreaterThan(before.listeners + 5 * 20)
  expect(await openIn(tab)).toMatchObject({ channels: 21, databases: 21 })
})
