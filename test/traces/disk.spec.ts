// The browser's profile on the disk never holds a download, its name or a draft in the clear: not while the session lives, not after.
// Tokens are not looked for here: the record holds them while the session lives, and the browser's database may keep deleted bytes (README, Limits).
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { until } from '../driver/index.ts'
import { canary } from './canaries.ts'
import { keepSealed } from './keep.ts'
import { createPlace, run, type Place } from './place.ts'
import { searchProfile } from './profile.ts'

let place: Place
let profile: string
beforeEach(async () => {
  profile = await mkdtemp(join(tmpdir(), 'profile-'))
  place = await createPlace({ profile })
})
afterEach(async () => {
  await place.close()
  await rm(profile, { recursive: true, force: true, maxRetries: 5 })
})

test('P2 G6 downloads, their names and drafts are on the disk in no readable form, while the session lives and after it', async () => {
  const tab = await place.open()
  const sid = await place.signIn(tab)
  const sealed = await keepSealed(place, tab)
  // What nobody protects shows that the search reaches what was written before it, in the same storages.
  const plain = { plain: [canary()] }
  await run(tab, async (text) => {
    await (await caches.open('plain')).put('/plain', new Response(`${text}\n`.repeat(2_000)))
    const opening = indexedDB.open('plain', 1)
    opening.onupgradeneeded = () => opening.result.createObjectStore('rows').put({ address: { street: text } }, 'draft')
    await new Promise((resolve) => (opening.onsuccess = resolve))
  }, plain.plain[0] ?? '')
  // Reading what was kept must not write it elsewhere.
  await run(tab, async (id) => {
    const opened = await traced.downloads.open(id)
    await (await opened!.response()).text()
    await (await fetch(await opened!.url())).text()
    await traced.checkout.read()
    await traced.downloads.list()
  }, sealed['file id'][0] ?? '')
  const isFound = async (where: RegExp) => (await searchProfile(profile, plain)).some((line) => where.test(line))
  // A look reads the whole profile.
  await until(() => isFound(/IndexedDB/), { what: 'the plain row on the disk', lookMs: 30_000 })
  await until(() => isFound(/CacheStorage/), { what: 'the plain cache entry on the disk', lookMs: 30_000 })
  expect(await searchProfile(profile, sealed)).toEqual([])

  await place.authority.end(sid, { reason: 'password-changed' })
  await until(() => run(tab, () => traced.told.some((one) => typeof one === 'object' && one !== null && 'report' in one)), { what: 'the end to be told' })
  expect(await searchProfile(profile, sealed)).toEqual([])
  // What was still in memory is written when the browser ends.
  await place.browser.close()
  expect(await isFound(/IndexedDB/)).toBe(true)
  expect(await searchProfile(profile, sealed)).toEqual([])
})

test.each([
  ['says nothing', {}],
  ['would let it be kept for an hour', { 'cache-control': 'private, max-age=3600', etag: '"1"' }],
])('P2 G1 a download whose server %s of caching is in no cache of the browser', async (_title, headers) => {
  const text = canary()
  place.routes['/files/cacheable'] = { body: `${text}\n`.repeat(2_000), headers: { 'content-type': 'model/obj', ...headers } }
  const tab = await place.open()
  await place.signIn(tab)
  await run(tab, () => traced.downloads.save('chair', '/files/cacheable'))
  await place.browser.close()
  expect(await searchProfile(profile, { 'file bytes': [text] })).toEqual([])
})
