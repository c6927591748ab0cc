// The driver itself, proven in the real browser: what the other tests rely on is really so.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { bundle, can, canItself, htmlPage, launch, needs, serve, until, type BrowserOptions } from './index.ts'

declare global {
  var ticks: number
  var heard: string[]
  var room: BroadcastChannel
}

const ticking = htmlPage({ title: 'ticking', script: 'globalThis.ticks = 0; setInterval(() => (globalThis.ticks += 1), 50)' })
const talking = htmlPage({
  script: `globalThis.heard = []; globalThis.room = new BroadcastChannel('room'); room.onmessage = ({ data }) => heard.push(data)`,
})

let site: Awaited<ReturnType<typeof serve>>
beforeAll(async () => {
  const broken = htmlPage({ script: `console.warn('careful'); fetch('/missing'); throw new Error('thrown by the page')` })
  site = await serve({ routes: { '/': htmlPage(), '/ticking': ticking, '/talking': talking, '/broken': broken } })
})
afterAll(() => site.close())

async function browser(options?: BrowserOptions) {
  const launched = await launch(options)
  onTestFinished(() => launched.close())
  return launched
}

test('of ten tabs nine are hidden', async () => {
  const driven = await browser()
  for (let n = 0; n < 10; n++) await driven.openTab(site.origin)
  const visibilities = () => Promise.all(driven.tabs.map((tab) => tab.visibility()))
  const hidden = Array<string>(9).fill('hidden')
  await until(async () => (await visibilities()).join() === [...hidden, 'visible'].join(), { what: 'the last opened tab alone to be visible' })
  await driven.tabs[0]?.bringToFront()
  await until(async () => (await visibilities()).join() === ['visible', ...hidden].join(), { what: 'the first tab alone to be visible' })
})

test('a hidden tab is throttled, a frozen one stands still and goes on when thawed', async () => {
  const driven = await browser()
  const tab = await driven.openTab(`${site.origin}/ticking`)
  const other = await driven.openTab(`${site.origin}/ticking`)
  const ticks = (of: typeof tab) => of.evaluate(() => globalThis.ticks)
  await until(() => ticks(tab), { what: 'a first tick' })
  const ticksOf = async (of: typeof tab, count: number) => {
    const from = await ticks(of)
    await until(async () => (await ticks(of)) > from + count, { what: `${count} ticks of the visible tab` })
  }
  await until(async () => (await tab.visibility()) === 'hidden', { what: 'the first tab to be hidden' })
  const seconds = (from: number) => (performance.now() - from) / 1_000
  let from = performance.now()
  const hidden = await ticks(tab)
  await ticksOf(other, 40)
  expect((await ticks(tab)) - hidden, 'a hidden tab ticks once a second').toBeLessThan(seconds(from) + 2)
  from = performance.now()
  const before = await ticks(tab)
  await tab.freeze()
  const untilFrozen = seconds(from)
  // A stopped process does not say how often it ticked; it may have once before it was stopped, and does once when it goes on.
  const inFreeze = () => (canItself('freeze') ? ticks(tab) : before)
  const atFreeze = await inFreeze()
  await ticksOf(other, 100)
  expect(await inFreeze()).toBe(atFreeze)
  from = performance.now()
  await tab.thaw()
  // Once a second while it was not frozen, and once for what fell due meanwhile; it would have ticked five times more.
  expect((await ticks(tab)) - before).toBeLessThan(untilFrozen + seconds(from) + 3)
  await until(async () => (await ticks(tab)) > atFreeze, { what: 'the thawed tab to tick' })
})

test('a page comes back from the back/forward cache as it was left', async () => {
  const driven = await browser()
  const tab = await driven.openTab(`${site.origin}/ticking`)
  await tab.evaluate(() => (document.title = 'marked'))
  await tab.goto(site.origin)
  expect(await tab.back()).toEqual({ persisted: true })
  expect(await tab.title()).toBe('marked')
  expect(await tab.forward()).toEqual({ persisted: true })
  expect(new URL(await tab.url()).pathname).toBe('/')
})

test('a page that waits for a Web Lock when it is left is kept or made anew, as the table says', async () => {
  const driven = await browser()
  const holder = await driven.openTab(site.origin)
  const ask = () => new Promise<void>((asked) => {
    navigator.locks.request('one', () => new Promise(() => {})).catch(() => undefined)
    void navigator.locks.query().then(() => asked())
  })
  await holder.evaluate(ask)
  const waiter = await driven.openTab(site.origin)
  await waiter.evaluate(ask)
  await waiter.goto(`${site.origin}/ticking`)
  expect(await waiter.back()).toEqual({ persisted: can('keep-locks') })
})

test('what IndexedDB committed outlives the killed browser', async (context) => {
  needs(context, 'profile')
  const profile = await mkdtemp(join(tmpdir(), 'profile-'))
  onTestFinished(() => rm(profile, { recursive: true, force: true }))
  const store = (value?: string) =>
    new Promise<unknown>((resolve, reject) => {
      const opening = indexedDB.open('kept', 1)
      opening.onupgradeneeded = () => opening.result.createObjectStore('rows')
      opening.onerror = () => reject(new Error('not opened'))
      opening.onsuccess = () => {
        const transaction = opening.result.transaction('rows', 'readwrite', { durability: 'strict' })
        const rows = transaction.objectStore('rows')
        if (value) rows.put(value, 'row')
        const reading = rows.get('row')
        transaction.oncomplete = () => resolve(reading.result)
      }
    })

  const killed = await launch({ profile })
  const before = await killed.openTab(site.origin)
  expect(await before.evaluate(store, 'kept value')).toBe('kept value')
  await killed.kill()

  const driven = await browser({ profile })
  const after = await driven.openTab(site.origin)
  expect(await after.evaluate(store)).toBe('kept value')
})

test('tabs hear one another', async () => {
  const driven = await browser()
  const listener = await driven.openTab(`${site.origin}/talking`)
  const speaker = await driven.openTab(`${site.origin}/talking`)
  await speaker.evaluate(() => globalThis.room.postMessage('hello'))
  expect(await until(() => listener.evaluate(() => globalThis.heard[0]), { what: 'the message' })).toBe('hello')
})

test('a crashed tab frees the lock it held', async (context) => {
  needs(context, 'crash')
  const driven = await browser()
  const holder = await driven.openTab(site.origin)
  await holder.evaluate(() => new Promise<void>((held) => void navigator.locks.request('one', () => (held(), new Promise(() => {})))))
  const waiter = await driven.openTab(site.origin)
  const isFree = () => waiter.evaluate(() => navigator.locks.request('one', { ifAvailable: true }, (lock) => lock !== null))
  expect(await isFree()).toBe(false)
  await holder.crash()
  await until(isFree, { what: 'the lock of the crashed tab' })
})

test('console, errors and requests are observed', async (context) => {
  needs(context, 'requests')
  const driven = await browser()
  const tab = await driven.openTab(`${site.origin}/broken`)
  await until(() => tab.observed.errors[0]?.message.includes('thrown by the page'), { what: 'the uncaught error' })
  expect(tab.observed.console.map(({ text }) => text)).toContain('careful')
  await until(() => tab.observed.requests.find(({ url, status }) => url.endsWith('/missing') && status === 404), { what: 'the request' })
})

test('a tab that is offline is refused, and its picture can be taken', async () => {
  const driven = await browser()
  const tab = await driven.openTab(site.origin)
  await tab.offline(true)
  const outcome = tab.evaluate(() => fetch('/').then(() => 'answered', (error: Error) => error.name))
  expect(await outcome).toBe('TypeError')
  expect(await tab.evaluate(() => navigator.onLine)).toBe(false)
  await tab.offline(false)
  expect(await tab.evaluate(() => fetch('/').then(({ status }) => status))).toBe(200)
  expect((await tab.screenshot()).length).toBeGreaterThan(100)
})

test('a wait in vain says what it waited for and what it saw', async () => {
  await expect(until(() => 0, { what: 'the impossible', timeoutMs: 50 })).rejects.toThrow('waited 50 ms for the impossible (last seen: 0)')
  const never = () => new Promise<boolean>(() => {})
  await expect(until(never, { what: 'an answer', timeoutMs: 50 })).rejects.toThrow('waited 50 ms for an answer (last look: no answer)')
})

test('a wait for a page that is slow gives it the time it needs', async () => {
  const slow = () => new Promise<string>((resolve) => setTimeout(resolve, 200, 'answered'))
  expect(await until(slow, { what: 'an answer', lookMs: 20 })).toBe('answered')
})

test('a page runs TypeScript that was bundled for it', async () => {
  const script = await bundle({ code: `import { greeting } from './driver/fixture/greeting.ts'; const shown: string = greeting; document.title = shown` })
  const page = await serve({ routes: { '/': htmlPage({ script }) }, headers: { 'x-content-type-options': 'nosniff' } })
  onTestFinished(() => page.close())
  const driven = await browser()
  const tab = await driven.openTab(page.origin)
  expect(await tab.title()).toBe('greetings')
  expect(page.requests.map(({ path }) => path)).toEqual(['/'])
})
