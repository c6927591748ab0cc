// The search can fail: what is planted on purpose in each place is found there, whatever form it has.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { until, type Tab } from '../driver/index.ts'
import { canary, search, shapesOf } from './canaries.ts'
import { createPlace, run, type Place } from './place.ts'
import { searchProfile } from './profile.ts'

let place: Place
let profile: string
let tab: Tab
const planted: Record<string, string[]> = {}
beforeAll(async () => {
  profile = await mkdtemp(join(tmpdir(), 'profile-'))
  place = await createPlace({ profile })
  place.routes['/worker.js'] = ''
  tab = await place.bare()
  await run(tab, () => {
    Object.assign(globalThis, {
      row: (database: string, value: unknown, key: IDBValidKey = 'row') =>
        new Promise<void>((resolve, reject) => {
          const opening = indexedDB.open(database, 1)
          opening.onupgradeneeded = () => opening.result.createObjectStore('rows')
          opening.onerror = () => reject(opening.error)
          opening.onsuccess = () => {
            const transaction = opening.result.transaction('rows', 'readwrite', { durability: 'strict' })
            transaction.objectStore('rows').put(value, key)
            transaction.oncomplete = () => {
              opening.result.close()
              resolve()
            }
          }
        }),
    })
  })
})
afterAll(async () => {
  await place.close()
  await rm(profile, { recursive: true, force: true, maxRetries: 5 })
})

declare global {
  var row: (database: string, value: unknown, key?: IDBValidKey) => Promise<void>
}

/** Where something is planted, how, and where it must be found; `disk` names the part of the profile where its bytes lie. */
const places: readonly { readonly where: string; readonly plant: (text: string) => unknown; readonly found: (text: string) => string; readonly disk?: string }[] = [
  { where: 'a value of localStorage', plant: (text) => localStorage.setItem('planted', text), found: () => 'localStorage planted', disk: 'Local Storage' },
  { where: 'a name in localStorage', plant: (text) => localStorage.setItem(text, ''), found: (text) => `localStorage ${text}` },
  { where: 'sessionStorage', plant: (text) => sessionStorage.setItem('planted', text), found: () => 'sessionStorage planted' },
  { where: 'a cookie', plant: (text) => (document.cookie = `planted=${text}`), found: () => 'cookie planted' },
  { where: 'the name of a database', plant: (text) => row(text, 1), found: (text) => `indexeddb ${text}` },
  { where: 'a key of a database', plant: (text) => row('keyed', 1, text), found: (text) => `indexeddb keyed/rows "${text}"` },
  { where: 'a nested value of a database', plant: (text) => row('nested', { deep: [new Map([['held', new Set([text])]])] }), found: () => 'indexeddb nested/rows "row".deep.0.held.0', disk: 'IndexedDB' },
  { where: 'the key of a Map in a database', plant: (text) => row('mapped', new Map([[text, 1]])), found: () => 'indexeddb mapped/rows "row".key 0' },
  { where: 'an ArrayBuffer', plant: (text) => row('buffer', { bytes: new TextEncoder().encode(text).buffer }), found: () => 'indexeddb buffer/rows "row".bytes', disk: 'IndexedDB' },
  { where: 'a view of UTF-16', plant: (text) => row('wide', Uint16Array.from(text, (one) => one.charCodeAt(0))), found: () => 'indexeddb wide/rows "row"', disk: 'IndexedDB' },
  { where: 'base64 inside other text', plant: (text) => row('coded', btoa(`{"token":"${text}"}`)), found: () => 'indexeddb coded/rows "row"', disk: 'IndexedDB' },
  { where: 'a Blob', plant: (text) => row('blob', new Blob([text])), found: () => 'indexeddb blob/rows "row"', disk: 'IndexedDB' },
  { where: 'the name of a File', plant: (text) => row('file', new File([], text)), found: () => 'indexeddb file/rows "row"' },
  { where: 'the name of a cache', plant: async (text) => void (await caches.open(text)), found: (text) => `cache ${text}` },
  { where: 'the address of a cache entry', plant: async (text) => (await caches.open('addressed')).put(`/${text}`, new Response()), found: (text) => `cache addressed GET ${location}/${text} body` },
  { where: 'a header of a cached answer', plant: async (text) => (await caches.open('headed')).put('/entry', new Response('', { headers: { 'x-planted': text } })), found: () => `cache headed GET ${location}/entry headers` },
  { where: 'a header of a cached request', plant: async (text) => (await caches.open('asked')).put(new Request('/entry', { headers: { 'x-planted': text } }), new Response()), found: () => `cache asked GET ${location}/entry headers` },
  { where: 'the body of a cached answer', plant: async (text) => (await caches.open('filled')).put('/entry', new Response(`${text}\n`.repeat(500))), found: () => `cache filled GET ${location}/entry body`, disk: 'CacheStorage' },
  {
    where: 'a file', found: () => 'opfs/folder/planted.bin', disk: 'File System',
    plant: async (text) => {
      const folder = await (await navigator.storage.getDirectory()).getDirectoryHandle('folder', { create: true })
      const writing = await (await folder.getFileHandle('planted.bin', { create: true })).createWritable()
      await writing.write(text)
      await writing.close()
    },
  },
  { where: 'the name of a file', plant: async (text) => void (await (await navigator.storage.getDirectory()).getFileHandle(text, { create: true })), found: (text) => `opfs/${text}` },
  { where: 'the address of a service worker', plant: (text) => navigator.serviceWorker.register(`/worker.js?${text}`, { scope: '/' }).then(() => undefined), found: () => `service worker ${location}/` },
  { where: 'the state of history', plant: (text) => history.replaceState({ planted: text }, ''), found: () => 'history.state.planted' },
  { where: 'the console', plant: (text) => console.warn('planted', text), found: () => 'console' },
  { where: 'a message', plant: (text) => new BroadcastChannel('3dimli.traces').postMessage({ type: 'changed', planted: text }), found: () => 'message' },
  { where: 'the address of a request', plant: (text) => fetch(`/missing?q=${text}`).then(() => undefined), found: () => 'address of a request' },
  { where: 'a header of a request', plant: (text) => fetch('/missing', { headers: { 'x-planted': text } }).then(() => undefined), found: () => 'headers of a request' },
  { where: 'the body of a request', plant: (text) => fetch('/missing', { method: 'POST', body: text }).then(() => undefined), found: () => 'body of a request' },
  { where: 'an answer that the browser caches', plant: () => fetch('/cached').then((answer) => answer.text()), found: () => '', disk: 'Cache' },
]
// Stands for the origin in what must be found; in the page it is the page's own.
const location = '<origin>'

describe('P8 the search finds what is planted in', () => {
  test.each(places.filter(({ where }) => !where.startsWith('an answer')))('$where', async ({ where, plant, found }) => {
    const text = canary()
    planted[where] = [text]
    await run(tab, plant, text)
    const look = async () => search([...(await run(tab, () => dump.origin())), ...(await run(tab, () => dump.tab())), ...(await place.letOut(0))], { it: [text] })
    const seen = await until(async () => {
      const lines = await look()
      return lines.includes(`it in ${found(text).replace('<origin>', place.origin)}`) && lines
    }, { what: `what was planted in ${where}` })
    expect(seen.length).toBeGreaterThan(0)
  })

  test('the profile of a browser on the disk', async () => {
    const text = canary()
    const where = 'an answer that the browser caches'
    planted[where] = [text]
    place.routes['/cached'] = { body: text, headers: { 'cache-control': 'private, max-age=3600' } }
    await run(tab, places.find((one) => one.where === where)!.plant as () => unknown)
    // Some files are written when the browser ends.
    await place.browser.close()
    const lines = await searchProfile(profile, planted)
    for (const { where: name, disk } of places) if (disk !== undefined) expect(lines.filter((line) => line.startsWith(`${name} in `)).join(), name).toContain(`/${disk}/`)
  })

  test('text at each of the three places in base64, with either alphabet', () => {
    const text = canary()
    for (const before of ['', '>', '>>', '>>>', 'ÿ']) {
      const digits = Buffer.from(`${before}${text}???`).toString('base64')
      expect(search([{ where: 'text', text: digits }], { it: [text] })).toEqual(['it in text'])
      expect(search([{ where: 'text', text: digits.replaceAll('+', '-').replaceAll('/', '_') }], { it: [text] })).toEqual(['it in text'])
    }
    expect(search([{ where: 'text', text: canary() }], { it: [text] })).toEqual([])
    for (const shape of shapesOf(text)) expect(shape.length).toBeGreaterThanOrEqual(text.length)
  })
})
