// A browser that lacks, refuses or loses something: the page works on, and says what is missing.
import { afterEach, expect, test } from 'vitest'
import { can, until, type Tab } from '../driver/index.ts'
import { allAre, createWorld, type World } from '../world/world.ts'

let world: World
afterEach(() => world.close())

const diagnostics = (tab: Tab) => tab.evaluate(() => {
  const { store, persistent, degraded } = shop.session.diagnostics()
  return { store, persistent, degraded }
})

test('A9 J14 without Web Locks and BroadcastChannel a tab signs in, fetches and signs out, and other tabs still stop', async () => {
  world = await createWorld({
    accessTokenSeconds: 3600,
    bend: () => {
      Object.defineProperty(navigator, 'locks', { value: null })
      Object.defineProperty(globalThis, 'BroadcastChannel', { value: undefined })
    },
  })
  const tab = await world.open()
  await world.signIn(tab)
  const other = await world.open()
  await allAre([tab, other], 'active')
  expect((await diagnostics(tab)).degraded).toEqual([expect.stringContaining('BroadcastChannel'), expect.stringContaining('Web Locks')])
  const result = await tab.evaluate(() => shop.session.signOut())
  expect(result).toMatchObject({ remote: 'revoked', purge: { complete: true } })
  // No message may have come; the next protected act reads the record all the same.
  expect(await other.evaluate(() => shop.session.fetch(`${shop.issuer}/api/ping`).then(() => 'sent', (error: { code: string }) => error.code))).toMatch(/session-ended|signed-out/)
})

test('D2 D4 without IndexedDB and with storage that throws the session lives in the page and says so', async () => {
  world = await createWorld({
    bend: () => {
      IDBFactory.prototype.open = () => {
        throw new DOMException('refused', 'UnknownError')
      }
      Object.defineProperty(globalThis, 'localStorage', {
        get() {
          throw new DOMException('refused', 'SecurityError')
        },
      })
    },
  })
  const tab = await world.open()
  await world.signIn(tab)
  expect(await diagnostics(tab)).toMatchObject({ store: 'memory', persistent: false, degraded: expect.arrayContaining([expect.stringContaining('IndexedDB')]) })
  expect(await tab.evaluate(async () => (await shop.session.fetch(`${shop.issuer}/api/ping`)).status)).toBe(200)
})

test('D3 decision 2 storage that never answers fences the page and ends nothing; it goes on when the storage does', async () => {
  world = await createWorld({ accessTokenSeconds: 3600 })
  const tab = await world.open()
  await world.signIn(tab)
  await tab.evaluate(() => {
    const { get } = IDBObjectStore.prototype
    Object.assign(globalThis, { heal: () => void (IDBObjectStore.prototype.get = get) })
    IDBObjectStore.prototype.get = function (...args) {
      return this.name === 'record' ? ({} as IDBRequest) : get.apply(this, args)
    }
  })
  // A read of the last 100 ms may be relied on; the first act after it asks the storage.
  await until(() => tab.evaluate(() => {
    const { state } = shop.session
    if (state.status === 'active') shop.session.fetch(`${shop.issuer}/api/ping`).then((answer) => Object.assign(globalThis, { answered: answer.status }), () => undefined)
    return state.status === 'fenced' && state.reason === 'storage'
  }), { what: 'the fence' })
  await tab.evaluate(() => {
    Object.assign(globalThis, { answered: 0 })
    // Its own signal: on a busy machine the storage may come back after the 10 s that a call waits otherwise.
    void shop.session.fetch(`${shop.issuer}/api/ping`, { signal: AbortSignal.timeout(60_000) }).then((answer) => Object.assign(globalThis, { answered: answer.status }))
  })
  await tab.evaluate(() => (globalThis as unknown as { heal(): void }).heal())
  await until(() => tab.evaluate(() => (globalThis as unknown as { answered?: number }).answered === 200), { what: 'the withheld request to be answered' })
  await allAre([tab], 'active')
})

test('D6 storage that was wiped under a running session signs out cleanly, and nothing is written back', async () => {
  world = await createWorld({ accessTokenSeconds: 3600 })
  const tab = await world.open()
  await world.signIn(tab)
  await tab.evaluate(async () => {
    await new Promise((resolve, reject) => {
      const request = indexedDB.deleteDatabase('3dimli.shop')
      request.onsuccess = resolve
      request.onerror = reject
    })
  })
  await until(() => tab.evaluate(() => shop.session.fetch(`${shop.issuer}/api/ping`).then(() => false, (error: { code: string }) => /session-ended|signed-out/.test(error.code))), { what: 'the loss to be seen' })
  await allAre([tab], 'signed-out')
  await tab.reload()
  await until(() => tab.evaluate(() => globalThis.shop?.started.then(() => true)), { what: 'the page to start' })
  await allAre([tab], 'signed-out')
})

test('D8 a record of a newer version is left alone', async () => {
  world = await createWorld()
  const tab = await world.browser.openTab(`${world.origin}/bare`)
  await tab.evaluate(async () => {
    const request = indexedDB.open('3dimli.shop', 1)
    request.onupgradeneeded = () => request.result.createObjectStore('record')
    await new Promise((resolve) => (request.onsuccess = resolve))
    const write = request.result.transaction('record', 'readwrite')
    write.objectStore('record').put({ v: 2, from: 'the future' }, 'session')
    await new Promise((resolve) => (write.oncomplete = resolve))
    request.result.close()
  })
  await tab.goto(`${world.origin}/`)
  await until(() => tab.evaluate(() => globalThis.shop?.session.state.status === 'restoring'), { what: 'the page to wait' })
  const row = await tab.evaluate(async () => {
    await shop.session.fetch(`${shop.issuer}/api/ping`, { signal: AbortSignal.timeout(500) }).catch(() => undefined)
    const request = indexedDB.open('3dimli.shop')
    await new Promise((resolve) => (request.onsuccess = resolve))
    const read = request.result.transaction('record').objectStore('record').get('session')
    await new Promise((resolve) => (read.onsuccess = resolve))
    request.result.close()
    return read.result
  })
  expect(row).toEqual({ v: 2, from: 'the future' })
})

test('P8 E8 no token goes over the channel, and forged messages end nothing', async () => {
  world = await createWorld({ accessTokenSeconds: 3600 })
  const tab = await world.open()
  await world.signIn(tab)
  const listener = await world.browser.openTab(`${world.origin}/bare`)
  await listener.evaluate(() => {
    const heard: string[] = []
    Object.assign(globalThis, { heard })
    const channel = new BroadcastChannel('3dimli.shop')
    channel.addEventListener('message', (event) => heard.push(JSON.stringify(event.data)))
    Object.assign(globalThis, { channel })
  })
  await tab.evaluate(() => shop.session.fetch(`${shop.issuer}/api/ping`))
  const epochId = await tab.evaluate(() => (shop.session.state.status === 'active' ? shop.session.state.session.epochId : ''))
  await listener.evaluate((epoch) => {
    const { channel } = globalThis as unknown as { channel: BroadcastChannel }
    const say = (data: unknown) => channel.postMessage({ time: Number.MAX_SAFE_INTEGER, type: 'message', data })
    for (const junk of [null, 7, 'logout', {}, { v: 1 }, { v: 9, type: 'ended' }, { v: 1, type: 'ended', from: 'x', epochId: epoch }]) say(junk)
    say({ v: 1, type: 'changed', from: 'x', epochId: 'f'.repeat(32), generation: 1 })
    say({ v: 1, type: 'ending', from: 'x', epochId: epoch })
  }, epochId)
  await until(() => tab.evaluate(() => shop.session.diagnostics().ignored.malformed >= 6), { what: 'the forgeries to be counted' })
  await allAre([tab], 'active')
  const held = await tab.evaluate(async () => {
    const request = indexedDB.open('3dimli.shop')
    await new Promise((resolve) => (request.onsuccess = resolve))
    const row = request.result.transaction('record').objectStore('record').get('session')
    await new Promise((resolve) => (row.onsuccess = resolve))
    request.result.close()
    return [row.result.live.tokens.accessToken, row.result.live.tokens.refreshToken] as string[]
  })
  await tab.evaluate(() => shop.session.signOut())
  const heard = await listener.evaluate(() => (globalThis as unknown as { heard: string[] }).heard.join())
  // What lies in the record, and what was seen to be sent.
  const sent = tab.observed.requests.flatMap((request) => [request.headers['authorization'], new URLSearchParams(request.body ?? '').get('refresh_token')]).filter((value) => value)
  if (can('requests')) expect(sent.length).toBeGreaterThan(1)
  expect(held.every((token) => token.length > 10)).toBe(true)
  for (const secret of [...held, ...sent]) expect(heard).not.toContain(String(secret).split(' ').at(-1))
})
