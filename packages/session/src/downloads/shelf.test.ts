/** The shelf of downloads (fake-indexeddb, and a cache in memory): whatever breaks off where, nothing that nobody names stays. */
import * as fake from 'fake-indexeddb'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { streamOf } from '../aes128gcm.ts'
import { lastingStore } from '../lasting.ts'
import { openShelf, type Shelf } from './shelf.ts'

const held = new Map<string, Uint8Array>()
let refuse: 'put' | 'delete' | 'full' | undefined
const cache = {
  async put(url: string, response: Response) {
    const bytes = new Uint8Array(await response.arrayBuffer())
    if (refuse === 'full') throw new DOMException('There is no room.', 'QuotaExceededError')
    held.set(url, bytes)
    if (refuse === 'put') throw new TypeError('the body broke off')
  },
  match: async (url: string) => (held.has(url) ? new Response(held.get(url) as Uint8Array<ArrayBuffer>) : undefined),
  async delete(url: string) {
    if (refuse === 'delete') throw new Error('the disk does not answer')
    return held.delete(url)
  },
}

beforeEach(() => {
  held.clear()
  refuse = undefined
  vi.stubGlobal('indexedDB', new fake.IDBFactory())
  vi.stubGlobal('IDBKeyRange', fake.IDBKeyRange)
  vi.stubGlobal('caches', { open: async () => cache })
})
afterEach(() => void vi.unstubAllGlobals())

const shelf = async () => {
  const key = await crypto.subtle.importKey('raw', new Uint8Array(32), 'HKDF', false, ['deriveKey', 'deriveBits'])
  return openShelf({ cacheName: 'test', rows: lastingStore('test', 'downloads'), origin: 'https://shop.test' }, { id: 'c'.repeat(32), key }, (length) => crypto.getRandomValues(new Uint8Array(length)))
}
const put = async (own: Shelf, body: string) => {
  await own.note(body)
  await own.putBody(body, streamOf(new TextEncoder().encode(body)))
}
const card = (body: string) => ({ id: 'chair', name: 'chair', type: 'model/obj', size: 5, savedAt: 1, body })
const bodies = () => [...held.keys()].map((url) => url.split('/').at(-1))

it('P2 G5 a save that was killed before it was whole is tidied away; one that is under way, and one that is whole, are not', async () => {
  const first = await shelf()
  await put(first, 'whole')
  await first.putCard(card('whole'))
  await put(first, 'killed')
  await put(first, 'current')
  await (await shelf()).tidy(new Set(['current']))
  expect(bodies()).toEqual(['whole', 'current'])
  expect(await new Response(await first.read((await first.card('chair'))!)).text()).toBe('whole')
  await (await shelf()).tidy(new Set())
  expect(bodies()).toEqual(['whole'])
})

it.each(['before it was whole', 'while its bytes were being removed'])('P2 A8 a save that a tab which had slept took for a leftover %s says that it failed, and leaves nothing', async (when) => {
  const own = await shelf()
  await put(own, 'chair')
  const other = await shelf()
  const { promise, resolve } = Promise.withResolvers<void>()
  const { delete: remove } = cache
  if (when !== 'before it was whole') vi.spyOn(cache, 'delete').mockImplementation((url) => promise.then(() => remove(url)))
  const tidied = other.tidy(new Set())
  if (when === 'before it was whole') await tidied
  else await vi.waitFor(() => expect(cache.delete).toHaveBeenCalled())
  await expect(own.putCard(card('chair'))).rejects.toMatchObject({ code: 'storage' })
  resolve()
  await tidied
  expect([bodies(), await own.cards()]).toEqual([[], []])
  vi.restoreAllMocks()
})

it('P2 the file before is gone once the new one is whole; where it cannot be removed then, it is tidied away later', async () => {
  const own = await shelf()
  await put(own, 'first')
  await own.putCard(card('first'))
  await put(own, 'before')
  await own.putCard(card('before'))
  expect(bodies()).toEqual(['before'])
  await put(own, 'after')
  refuse = 'delete'
  await own.putCard(card('after'))
  expect(await own.card('chair')).toEqual(card('after'))
  expect(bodies()).toEqual(['before', 'after'])
  refuse = undefined
  await own.tidy(new Set())
  expect(bodies()).toEqual(['after'])
  refuse = 'delete'
  await own.remove('chair')
  expect(await own.cards()).toEqual([])
  refuse = undefined
  await own.tidy(new Set())
  expect(bodies()).toEqual([])
})

it('D6 a cache that the browser dropped is an empty one: what cannot be opened is listed no more', async () => {
  const own = await shelf()
  for (const id of ['chair', 'table']) {
    await put(own, id)
    await own.putCard({ ...card(id), id })
  }
  await own.tidy(new Set())
  expect(await own.cards()).toHaveLength(2)
  held.clear()
  await own.tidy(new Set())
  expect(await own.cards()).toEqual([])
})

it('D5 G9 what was kept can be removed from a device on which nothing more can be written', async () => {
  const own = await shelf()
  await put(own, 'body')
  await own.putCard(card('body'))
  vi.spyOn(fake.IDBObjectStore.prototype, 'put').mockImplementation(() => {
    throw new DOMException('There is no room.', 'QuotaExceededError')
  })
  await own.remove('chair')
  vi.restoreAllMocks()
  expect([bodies(), await own.cards()]).toEqual([[], []])
})

it('G9 a cache that is full is said to be, and a body that breaks off is known as one without a card', async () => {
  const own = await shelf()
  refuse = 'full'
  await expect(put(own, 'large')).rejects.toMatchObject({ code: 'quota' })
  refuse = 'put'
  await expect(put(own, 'cut')).rejects.toThrow('the body broke off')
  refuse = undefined
  await own.tidy(new Set())
  expect(bodies()).toEqual([])
})
