// The browser is killed after each step of an ending; the next start finishes it before anything protected can be read.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { until, type Tab } from '../driver/index.ts'
import { leaveTraces, readStorage, type RawStorage } from '../world/device.ts'
import { allAre, createWorld, type World } from '../world/world.ts'

let world: World
let profile: string
beforeEach(async () => {
  profile = await mkdtemp(join(tmpdir(), 'profile-'))
})
afterEach(async () => {
  await world.close()
  await rm(profile, { recursive: true, force: true, maxRetries: 5 })
})

/** Lets nothing be erased in a database: whoever would count its rows first never hears. */
const stopsAt = (database: string) => (tab: Tab) => tab.evaluate((name) => {
  const count = IDBObjectStore.prototype.count
  IDBObjectStore.prototype.count = function (...args) {
    return this.transaction.db.name === name ? ({} as IDBRequest<number>) : count.apply(this, args)
  }
}, database)

/** Where the disk stands still, and what a bare page then finds. */
const steps: { after: string; stop: (tab: Tab) => Promise<unknown>; reached: (raw: RawStorage) => boolean; found: object }[] = [
  {
    after: 'the ending transaction, before anything is erased',
    stop: (tab) => tab.evaluate(() => void (Cache.prototype.keys = () => new Promise(() => {}))),
    reached: (raw) => raw.record?.live === false,
    found: { record: { live: false, hasContentKey: false, journals: 1 }, drafts: [expect.any(String)], cards: 2, recent: 1 },
  },
  {
    after: 'the bytes of the downloads are erased',
    stop: stopsAt('3dimli.shop.downloads'),
    reached: (raw) => Object.keys(raw.caches).every((name) => name === 'shell'),
    found: { record: { live: false, hasContentKey: false, journals: 1 }, drafts: [expect.any(String)], cards: 2, recent: 1 },
  },
  {
    after: 'the downloads are erased',
    stop: stopsAt('3dimli.shop.checkout'),
    reached: (raw) => raw.record?.live === false && raw.cards === 0,
    found: { record: { live: false, hasContentKey: false, journals: 1 }, drafts: [expect.any(String)], cards: 0, recent: 1 },
  },
  {
    after: 'the drafts are erased',
    stop: stopsAt('recently-viewed'),
    reached: (raw) => raw.record?.live === false && raw.drafts.length === 0,
    found: { record: { live: false, hasContentKey: false, journals: 1 }, drafts: [], recent: 1 },
  },
  {
    after: 'everything is erased, before the journal is closed',
    stop: (tab) => tab.evaluate(() => {
      const put = IDBObjectStore.prototype.put
      IDBObjectStore.prototype.put = function (...args) {
        const closing = this.transaction.db.name === '3dimli.shop' && args[0].live === undefined && args[0].journals.length === 0
        return closing ? ({} as IDBRequest<IDBValidKey>) : put.apply(this, args)
      }
    }),
    reached: (raw) => raw.record?.live === false && raw.drafts.length === 0 && raw.recent === 0,
    found: { record: { live: false, hasContentKey: false, journals: 1 }, drafts: [], recent: 0 },
  },
]

describe('P2 killed after', () => {
  test.each(steps)('$after', async ({ stop, reached, found }) => {
    world = await createWorld({ accessTokenSeconds: 3600, profile })
    const tab = await world.open()
    const sid = await world.signIn(tab)
    await leaveTraces(tab)
    const watcher = await world.browser.openTab(`${world.origin}/bare`)
    await stop(tab)
    await world.authority.end(sid, { reason: 'password-changed' })
    await until(async () => reached(await readStorage(watcher, 'names')), { what: 'the step to be reached' })
    await world.restart()

    const bare = await world.browser.openTab(`${world.origin}/bare`)
    // A cache written shortly before the kill may be lost with the browser; what is there now is what must stay.
    const raw = await readStorage(bare)
    expect(raw).toMatchObject(found)
    const shell = raw.caches['shell']

    const again = await world.open()
    await allAre([again], 'signed-out')
    // A start waits for it no longer than 2 s, which a busy machine may need.
    await until(() => again.evaluate(() => shop.session.diagnostics().openJournals === 0), { what: 'the journal to be closed' })
    expect(await readStorage(bare)).toEqual({ record: expect.objectContaining({ live: false, journals: 0 }), drafts: [], cards: 0, recent: 0, files: raw.files.filter((name) => name !== 'previews'), caches: { shell } })
    // Nothing protected was read before that: whoever signs in now starts with nothing.
    await world.signIn(again)
    expect(await again.evaluate(() => shop.downloads.list())).toEqual([])
  })

  test('the server committed, before this device wrote anything: the session is live, and ends at the first question', async () => {
    world = await createWorld({ accessTokenSeconds: 3600, profile })
    const tab = await world.open()
    const sid = await world.signIn(tab)
    await leaveTraces(tab)
    await world.restart()
    await world.authority.end(sid, { reason: 'password-changed' })
    const again = await world.open()
    await allAre([again], 'signed-out')
    await until(async () => (await readStorage(again, 'names')).record?.journals === 0, { what: 'the journal to be closed' })
    const raw = await readStorage(again)
    expect(raw).toMatchObject({ record: { live: false }, drafts: [], cards: 0, recent: 0 })
    expect(Object.keys(raw.caches)).toEqual(['shell'])
  })
})
