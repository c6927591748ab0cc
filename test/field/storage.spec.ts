// Storage of a real Chromium that loses a connection, parts of what it kept, or its room.
import { afterEach, expect, test } from 'vitest'
import { until, type Tab } from '../driver/index.ts'
import { leaveTraces, readStorage } from '../world/device.ts'
import { startServer } from '../world/server.ts'
import { allAre, createWorld, type World } from '../world/world.ts'

let world: World
afterEach(() => world.close())

const ping = (tab: Tab) => tab.evaluate(() => shop.session.fetch(`${shop.issuer}/api/ping`).then(({ status }) => status, (error: { code?: string; message: string }) => error.code ?? error.message))

test('P4 D1 a database whose connection is closed under the SDK is opened again: nothing ends, nothing is lost', async () => {
  world = await createWorld({
    accessTokenSeconds: 3600,
    bend: () => {
      const { open } = IDBFactory.prototype
      const handles: IDBDatabase[] = []
      Object.assign(globalThis, { handles })
      IDBFactory.prototype.open = function (...args) {
        const request = open.apply(this, args)
        request.addEventListener('success', () => handles.push(request.result))
        return request
      }
    },
  })
  const tab = await world.open()
  await world.signIn(tab)
  for (let round = 0; round < 3; round += 1) {
    const closed = await tab.evaluate(() => {
      const { handles } = globalThis as unknown as { handles: IDBDatabase[] }
      for (const handle of handles) handle.close()
      return handles.splice(0).length
    })
    expect(closed).toBeGreaterThan(0)
    expect(await ping(tab)).toBe(200)
    await tab.evaluate(() => shop.checkout.write({ items: ['chair'] }))
    expect(await tab.evaluate(() => shop.checkout.read())).toEqual({ items: ['chair'] })
  }
  expect(await tab.evaluate(() => shop.session.diagnostics().store)).toBe('indexeddb')
  await allAre([tab], 'active')
  expect(await tab.evaluate(() => shop.ends)).toEqual([])
})

const losses: readonly (readonly [string, () => Promise<unknown>, { signedIn: boolean; downloads: number; draft: boolean }])[] = [
  ['the record', () => new Promise((resolve) => (indexedDB.deleteDatabase('3dimli.shop').onsuccess = resolve)), { signedIn: false, downloads: 0, draft: false }],
  ['the downloads', async () => Promise.all((await caches.keys()).filter((name) => name.startsWith('3dimli.')).map((name) => caches.delete(name))), { signedIn: true, downloads: 0, draft: true }],
  ['what is known of the downloads', () => new Promise((resolve) => (indexedDB.deleteDatabase('3dimli.shop.downloads').onsuccess = resolve)), { signedIn: true, downloads: 0, draft: true }],
  ['the drafts', () => new Promise((resolve) => (indexedDB.deleteDatabase('3dimli.shop.checkout').onsuccess = resolve)), { signedIn: true, downloads: 2, draft: false }],
  ['the record and the drafts', () => Promise.all(['3dimli.shop', '3dimli.shop.checkout'].map((name) => new Promise((resolve) => (indexedDB.deleteDatabase(name).onsuccess = resolve)))), { signedIn: false, downloads: 0, draft: false }],
  ['localStorage and sessionStorage', async () => [localStorage.clear(), sessionStorage.clear()], { signedIn: true, downloads: 2, draft: true }],
]

test('P2 P4 D6 whatever part of the storage the browser wipes, the next start finds a whole session or none, and nothing is left of none', async () => {
  world = await createWorld({ accessTokenSeconds: 3600 })
  const bare = await world.browser.openTab(`${world.origin}/bare`)
  for (const [what, lose, then] of losses) {
    const tab = await world.open()
    // After a loss nobody asked the provider to forget the person, and this world signs in by its form.
    await (await tab.page.createCDPSession()).send('Network.clearBrowserCookies')
    await world.signIn(tab)
    await leaveTraces(tab)
    await tab.goto(`${world.origin}/bare`)
    await tab.evaluate(lose)
    await tab.goto(`${world.origin}/`)
    await until(() => tab.evaluate(() => globalThis.shop?.started.then(() => true)), { what: `the page to start without ${what}` })
    await allAre([tab], then.signedIn ? 'active' : 'signed-out')
    if (then.signedIn) {
      expect([what, await tab.evaluate(async () => (await shop.downloads.list()).length)]).toEqual([what, then.downloads])
      expect([what, (await tab.evaluate(() => shop.checkout.read())) !== undefined]).toEqual([what, then.draft])
      await tab.evaluate(() => shop.session.signOut())
    }
    // Whatever had a key that is lost is swept away.
    // Looking into a cache that is being deleted would make it again, so only names are asked for until they are gone.
    await until(() => bare.evaluate(async () => (await caches.keys()).every((name) => !name.startsWith('3dimli.'))), { what: `the downloads that were left without ${what} to be gone` })
    await until(async () => (await readStorage(bare, 'names')).drafts.length === 0, { what: `the drafts that were left without ${what} to be gone` })
    await until(async () => (await readStorage(bare, 'names')).cards === 0, { what: `what was known of the downloads without ${what} to be gone` })
    await tab.close()
  }
})

test('P4 G9 a download for which there is no room says so, leaves nothing, and takes neither the tokens nor the draft with it', async () => {
  const origin = await startServer((_request, response) => {
    response.writeHead(200, { 'access-control-allow-origin': '*', 'content-type': 'application/octet-stream', 'content-length': 30_000_000 })
    response.end(Buffer.alloc(30_000_000, 7))
  })
  const url = `${origin}/large`
  world = await createWorld({ accessTokenSeconds: 3600 })
  const tab = await world.open()
  await world.signIn(tab)
  await tab.evaluate(() => shop.checkout.write({ items: ['chair'] }))
  const cdp = await tab.page.createCDPSession()
  await cdp.send('Storage.overrideQuotaForOrigin', { origin: world.origin, quotaSize: 5_000_000 })
  const outcome = await tab.evaluate((address) => shop.downloads.save('large', address).then(() => 'kept', (error: { code?: string; name: string }) => error.code ?? error.name), url)
  expect(outcome).toBe('quota')
  // A file whose size nobody may know is not kept either: it would count for megabytes.
  const opaque = await tab.evaluate((address) => shop.downloads.save('opaque', new Request(address, { mode: 'no-cors' })).then(() => 'kept', (error: { code?: string }) => error.code), url)
  expect(opaque).toBe('download-failed')
  expect(await tab.evaluate(() => shop.downloads.list())).toEqual([])
  expect(Object.entries((await readStorage(tab)).caches).filter(([, entries]) => entries > 0)).toEqual([])
  expect([await ping(tab), await tab.evaluate(() => shop.checkout.read())]).toEqual([200, { items: ['chair'] }])
  await allAre([tab], 'active')
})
