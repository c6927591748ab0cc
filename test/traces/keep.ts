// What a signed-in tab keeps, with canaries in all of it, and beside it what is none of the session's business.
import type { Tab } from '../driver/index.ts'
import { canary, type Canaries } from './canaries.ts'
import { run, type Place } from './place.ts'

/** Canaries that only the SDK's own, encrypted storage may hold in any form. */
export interface Sealed extends Canaries {
  readonly 'file name': readonly string[]
  readonly 'file id': readonly string[]
  readonly 'file bytes': readonly string[]
  readonly draft: readonly string[]
}

/** Has a tab keep two downloads and a draft; returns what is in them. */
export async function keepSealed(place: Place, tab: Tab): Promise<Sealed> {
  const sealed: Sealed = { 'file name': [canary()], 'file id': [canary()], 'file bytes': [canary(), canary()], draft: [canary(), canary()] }
  // One file of many short lines, one that no compression makes shorter.
  place.routes['/files/lines'] = { body: `${sealed['file bytes'][0]}\n`.repeat(2_000), headers: { 'cache-control': 'no-store', 'content-type': 'model/obj' } }
  place.routes['/files/noise'] = { body: Buffer.concat([crypto.getRandomValues(Buffer.alloc(50_000)), Buffer.from(sealed['file bytes'][1] ?? '')]), headers: { 'cache-control': 'no-store' } }
  await run(tab, async ({ 'file name': [name = ''], 'file id': [id = ''], draft: [street = '', city = ''] }) => {
    await traced.downloads.save(id, '/files/lines', { name: `${name}.obj` })
    await traced.downloads.save(`${id}.2`, '/files/noise', { name: `${name}.2.obj` })
    await traced.checkout.write({ items: ['chair'], address: { street, city } })
  }, sealed)
  return sealed
}

/** Has a tab write personal data into everything it registered. */
export async function keepOwn(tab: Tab): Promise<Canaries> {
  const own = { name: [canary()], email: [canary()], address: [canary()] }
  await run(tab, async ({ name: [name = ''], email: [email = ''], address: [address = ''] }) => {
    const write = (database: string, store: string, rows: Record<string, unknown>) =>
      new Promise<void>((resolve, reject) => {
        const opening = indexedDB.open(database, 1)
        opening.onupgradeneeded = () => opening.result.createObjectStore(store)
        opening.onerror = () => reject(opening.error)
        opening.onsuccess = () => {
          const transaction = opening.result.transaction(store, 'readwrite')
          for (const [key, value] of Object.entries(rows)) transaction.objectStore(store).put(value, key)
          transaction.oncomplete = () => {
            opening.result.close()
            resolve()
          }
        }
      })
    const bytes = new TextEncoder().encode(address)
    await write('recently-viewed', 'seen', { [email]: { name, address: new Map([['street', address]]), photo: new Blob([name]), scan: bytes.buffer } })
    await write('mixed', 'rows', { [`own.${email}`]: { name }, 'others.row': { kept: new Uint8Array([1, 2, 3]) } })
    localStorage.setItem('own.name', name)
    localStorage.setItem(`own.${email}`, '1')
    localStorage.setItem('address', JSON.stringify({ address }))
    sessionStorage.setItem('own.email', email)
    const previews = await caches.open('previews')
    await previews.put(`/previews/${email}`, new Response(address, { headers: { 'x-name': name } }))
    const folder = await (await navigator.storage.getDirectory()).getDirectoryHandle('previews', { create: true })
    const writing = await (await folder.getFileHandle(`${email}.bin`, { create: true })).createWritable()
    await writing.write(address)
    await writing.close()
  }, own)
  return own
}

/** Has a tab write what nobody registered: another application's data, and the application's own shell with its service worker. */
export async function keepForeign(tab: Tab): Promise<void> {
  await run(tab, async () => {
    await navigator.serviceWorker.register('/worker.js')
    await navigator.serviceWorker.ready
    const opening = indexedDB.open('foreign', 3)
    await new Promise<void>((resolve, reject) => {
      opening.onupgradeneeded = () => opening.result.createObjectStore('rows').put({ bytes: new Uint8Array([0, 255, 7]).buffer, at: new Date(0), text: 'stays' }, 'one')
      opening.onerror = () => reject(opening.error)
      opening.onsuccess = () => resolve()
    })
    opening.result.close()
    localStorage.setItem('somebody.else', 'stays')
    localStorage.setItem('own', 'stays: the registered prefix ends with a dot')
    localStorage.setItem('address.book', 'stays: the registered key is another')
    sessionStorage.setItem('filter', 'stays')
    document.cookie = 'choice=stays; path=/; max-age=3600'
    const root = await navigator.storage.getDirectory()
    const writing = await (await root.getFileHandle('previews.txt', { create: true })).createWritable()
    await writing.write('stays')
    await writing.close()
    await (await caches.open('previews-of-others')).put('/stays', new Response('stays', { headers: { 'x-own': 'stays' } }))
  })
}

/** Where what `keepForeign` and the service worker wrote lies. */
export const foreign =
  /^(?:service worker |cookie choice|indexeddb foreign|indexeddb mixed\/rows "others|indexeddb (?:mixed|recently-viewed)$|localStorage (?:somebody\.else|own|address\.book)$|sessionStorage filter|opfs\/previews\.txt|cache (?:previews-of-others|shell))/

/** The application's service worker: it keeps the shell, and serves it. */
export const shellWorker = `
addEventListener('install', (event) => event.waitUntil(caches.open('shell').then((cache) => cache.addAll(['/', '/page.js']))))
addEventListener('activate', (event) => event.waitUntil(clients.claim()))
addEventListener('fetch', (event) => {
  const { pathname, origin } = new URL(event.request.url)
  if (origin === location.origin && (pathname === '/' || pathname === '/page.js')) event.respondWith(caches.open('shell').then((cache) => cache.match(pathname)).then((kept) => kept ?? fetch(event.request)))
})
`
