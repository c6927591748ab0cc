// A revocation reaches every tab: fenced, unreadable, erased, and nobody else's data touched.
import { afterEach, expect, test } from 'vitest'
import { until, type Tab } from '../driver/index.ts'
import { files, leaveTraces, readStorage } from '../world/device.ts'
import { allAre, createWorld, type World } from '../world/world.ts'

let world: World
afterEach(() => world.close())

test('P1 P2 P7 P9 D10 E1 F1 G8 the admin revokes with 1-hour tokens: ten tabs are fenced, what they kept is unreadable, then gone', async () => {
  world = await createWorld({ accessTokenSeconds: 3600 })
  const first = await world.open()
  const sid = await world.signIn(first)
  const tabs = [first]
  while (tabs.length < 10) tabs.push(await world.open())
  await leaveTraces(first)
  const before = await readStorage(tabs[5]!)
  const cacheName = Object.keys(before.caches).find((name) => name.startsWith('3dimli.shop.downloads.'))!
  expect(before).toMatchObject({ record: { live: true, hasContentKey: true }, cards: 2, recent: 1, files: files('kept', 'previews'), caches: { [cacheName]: 2, shell: 1 } })
  expect(before.drafts).toHaveLength(1)
  // A handle that is older than the end, and an opened download in another tab.
  await tabs[5]!.evaluate(async (name) => {
    const old = { cache: await caches.open(name), download: await shop.downloads.open((await shop.downloads.list())[0]!.id) }
    Object.assign(globalThis, { old, url: await old.download!.url() })
  }, cacheName)
  // A tab knows it from what the one that watches says now and then.
  const { withinMs } = await until(async () => {
    const detection = await tabs[2]!.evaluate(() => shop.session.detection)
    return detection.via === 'feed' && detection
  }, { what: 'the feed' })

  const { committedAt } = await world.authority.end(sid, { reason: 'password-changed' })
  await allAre(tabs, 'signed-out')
  await until(async () => (await readStorage(first, 'names')).record?.journals === 0, { what: 'the journal to be closed' })

  const traces = await Promise.all(tabs.map((tab) => tab.evaluate(() => shop.session.diagnostics().trace.map(({ what, at }) => ({ what, at })))))
  const times = (what: string) => traces.flat().filter((entry) => entry.what === what).map((entry) => entry.at - committedAt).sort((a, b) => a - b)
  console.log(`after the server's commit, ms: fenced ${times('fenced').join(' ')}; unreadable ${times('unreadable').join(' ')}; erased ${times('erased').join(' ')}`)
  expect(times('fenced')).toHaveLength(10)
  expect(times('fenced').at(-1)).toBeLessThan(withinMs)

  const ends = await Promise.all(tabs.map((tab) => tab.evaluate(() => shop.ends)))
  for (const end of ends) expect(end).toMatchObject([{ end: { cause: 'revoked', by: 'admin', reason: 'password-changed' }, report: { complete: true } }])
  expect(await readStorage(await world.browser.openTab(`${world.origin}/bare`))).toEqual({
    record: { live: false, journals: 0, outbox: 0, vault: 0, hasContentKey: false }, caches: { shell: 1 }, drafts: [], cards: 0, recent: 0, files: files('kept'),
  })
  const left = await tabs[5]!.evaluate(async () => {
    const { old, url } = globalThis as unknown as { old: { cache: Cache; download: { stream(): Promise<unknown> } }; url: string }
    return {
      entries: (await old.cache.keys()).length,
      stream: await old.download.stream().then(() => 'opened', (error: { code: string }) => error.code),
      url: await fetch(url).then(() => 'read', () => 'gone'),
      foreign: localStorage.getItem('somebody.else'),
      registered: localStorage.getItem('shop.recent.1'),
    }
  })
  expect(await first.evaluate(() => sessionStorage.getItem('shop.filter'))).toBeNull()
  expect(left).toEqual({ entries: 0, stream: 'session-ended', url: 'gone', foreign: 'stays', registered: null })
})

test('P2 between the end and the erasure the bytes are there and nobody can read them', async () => {
  world = await createWorld({ accessTokenSeconds: 3600 })
  const tab = await world.open()
  const sid = await world.signIn(tab)
  await leaveTraces(tab)
  const other = await world.open()
  // The disk stands still: nothing can be erased.
  for (const one of [tab, other]) {
    await one.evaluate(() => {
      Cache.prototype.keys = () => new Promise(() => {})
      const count = IDBObjectStore.prototype.count
      IDBObjectStore.prototype.count = function (...args) {
        // Never answers; the look for leftovers of a start may come to the cards before the journal does.
        return this.transaction.db.name === '3dimli.shop.downloads' ? ({} as IDBRequest<number>) : count.apply(this, args)
      }
    })
  }
  await world.authority.end(sid, { reason: 'credential-compromised' })
  await allAre([tab, other], 'purging')
  const bare = await world.browser.openTab(`${world.origin}/bare`)
  const raw = await readStorage(bare)
  expect(raw.record).toMatchObject({ live: false, hasContentKey: false, journals: 1 })
  expect(Object.values(raw.caches).reduce((sum, count) => sum + count)).toBe(3)
  expect(raw.cards).toBe(2)
  const readable = await bare.evaluate(async () => {
    const texts: string[] = []
    const opening = indexedDB.open('3dimli.shop.downloads')
    await new Promise((resolve) => (opening.onsuccess = resolve))
    const rows = opening.result.transaction('downloads').objectStore('downloads')
    const [keys, cards] = await Promise.all([rows.getAllKeys(), rows.getAll()].map((request) => new Promise<unknown[]>((resolve) => (request.onsuccess = () => resolve(request.result)))))
    opening.result.close()
    texts.push(...keys!.map(String), ...(cards as { body: string; card: Uint8Array }[]).map(({ body, card }) => body + new TextDecoder('latin1').decode(card)))
    for (const name of await caches.keys()) {
      const cache = await caches.open(name)
      for (const request of await cache.keys()) texts.push(request.url + new TextDecoder('latin1').decode(await (await cache.match(request))!.arrayBuffer()))
    }
    // Each long enough that megabytes of noise do not hold one by chance: a vertex of an OBJ, the head of a GLB, names.
    if (texts.length !== 7) throw new Error(`two cards, two bodies and a shell were expected, not ${texts.length} texts`)
    return texts.filter((text) => /\nvn? -?\d+\.\d{5} |"accessors"|mira@|chair|amphora|river-stone/.test(text)).length
  })
  expect(readable).toBe(0)
  expect(await other.evaluate(() => shop.downloads.list().then(() => 'listed', (error: { code: string }) => error.code))).toBe('session-ended')
  expect(await other.evaluate(() => shop.checkout.read().then(() => 'read', (error: { code: string }) => error.code))).toBe('session-ended')
})

test('P6 E9 a sign-in as another account in one tab never lets another tab send under the wrong one', async () => {
  world = await createWorld({ accessTokenSeconds: 3600 })
  const first = await world.open()
  const mira = await world.signIn(first)
  await leaveTraces(first)
  const others: Tab[] = [await world.open(), await world.open()]
  for (const tab of others) {
    await tab.evaluate(() => {
      const sent: { as: string; saw: string }[] = []
      Object.assign(globalThis, { sent })
      setInterval(() => {
        const { state } = shop.session
        if (state.status !== 'active') return
        const as = state.session.sid ?? ''
        shop.session.fetch(`${shop.issuer}/api/ping`).then(async (answer) => sent.push({ as, saw: answer.ok ? ((await answer.json()) as { sid: string }).sid : 'refused' }), () => undefined)
      }, 20)
    })
  }
  const jonas = await world.signIn(first, 'jonas@example.test')
  const seen = () => Promise.all(others.map((tab) => tab.evaluate(() => (globalThis as unknown as { sent: { as: string; saw: string }[] }).sent)))
  await until(async () => (await seen()).every((sent) => sent.some(({ saw }) => saw === jonas)), { what: 'requests as the new account' })
  for (const sent of await seen()) expect(sent.filter(({ as, saw }) => as !== saw && saw !== 'refused')).toEqual([])
  const ends = () => Promise.all(others.map((tab) => tab.evaluate(() => shop.ends)))
  // Each is told once it has erased what it kept, which the new session need not wait for.
  await until(async () => (await ends()).every((told) => told.length > 0), { what: 'both tabs to be told of the end' })
  expect((await ends()).flat()).toMatchObject([{ end: { cause: 'replaced', sid: mira } }, { end: { cause: 'replaced', sid: mira } }])
  expect(await first.evaluate(() => shop.downloads.list())).toEqual([])
  expect(await first.evaluate(() => shop.checkout.read())).toBeUndefined()
})

test('G1 G5 P9 what arrives late under the name of a session that is gone is swept away at the next start, and nothing of a live one', async () => {
  world = await createWorld({ accessTokenSeconds: 3600 })
  const tab = await world.open()
  await world.signIn(tab)
  await leaveTraces(tab)
  const before = await readStorage(tab)
  const bare = await world.browser.openTab(`${world.origin}/bare`)
  const late = `3dimli.shop.downloads.${'a'.repeat(32)}`
  await bare.evaluate(async (name) => (await caches.open(name)).put('/late', new Response('late')), late)
  await world.open()
  await until(async () => !(late in (await readStorage(bare, 'names')).caches), { what: 'the late write to be swept away' })
  expect((await readStorage(bare)).caches).toEqual(before.caches)
  expect(await tab.evaluate(() => shop.downloads.list())).toHaveLength(2)
})
