// What lies on the device, read without the SDK: raw storage, open handles, and what a picture shows.
import { can, until, type Tab } from '../driver/index.ts'

export interface RawStorage {
  /** The record's row, keys and tokens named only by whether they are there. */
  readonly record: { live: boolean; journals: number; outbox: number; vault: number; hasContentKey: boolean } | undefined
  readonly caches: Record<string, number>
  readonly drafts: readonly string[]
  /** Rows about downloads: a card of each, and bodies that no card names. */
  readonly cards: number
  readonly recent: number
  /** Names at the root of the origin's private file system. */
  readonly files: readonly string[]
}

/**
 * Reads the origin's storage from any page of it. While something is being erased only `names` of caches can be read: opening one to count
 * what is in it would make it anew.
 */
export function readStorage(tab: Tab, look: 'names' | 'counts' = 'counts'): Promise<RawStorage> {
  return tab.evaluate(async (counting) => {
    const open = (name: string): Promise<IDBDatabase | undefined> =>
      new Promise((resolve, reject) => {
        const request = indexedDB.open(name)
        request.onupgradeneeded = () => request.transaction?.abort()
        request.onsuccess = () => resolve(request.result)
        request.onerror = () => (request.error?.name === 'AbortError' ? resolve(undefined) : reject(request.error))
      })
    const ask = <T>(request: IDBRequest<T>): Promise<T> =>
      new Promise((resolve, reject) => {
        request.onsuccess = () => resolve(request.result)
        request.onerror = () => reject(request.error)
      })
    const all = async <T>(name: string, read: (store: IDBObjectStore) => IDBRequest<T>): Promise<T | undefined> => {
      const database = await open(name)
      const store = database?.objectStoreNames[0]
      const value = store === undefined ? undefined : await ask(read(database!.transaction(store).objectStore(store)))
      database?.close()
      return value
    }
    const row = await all('3dimli.shop', (store) => store.get('session'))
    const names = await caches.keys()
    const counts = await Promise.all(names.map(async (name) => [name, counting ? (await (await caches.open(name)).keys()).length : -1] as const))
    const files: string[] = []
    const root = await (navigator as Partial<Navigator>).storage?.getDirectory?.()
    if (root) for await (const name of root.keys()) files.push(name)
    return {
      record: row && {
        live: row.live !== undefined, journals: row.journals.length, outbox: row.outbox.length, vault: row.vault.length,
        hasContentKey: row.live?.content.key !== undefined,
      },
      caches: Object.fromEntries(counts),
      drafts: ((await all('3dimli.shop.checkout', (store) => store.getAllKeys())) ?? []).map(String),
      cards: (await all('3dimli.shop.downloads', (store) => store.count())) ?? 0,
      recent: (await all('recently-viewed', (store) => store.count())) ?? 0,
      files: files.sort(),
    }
  }, look === 'counts')
}

/** No tab acts on what it read of the record longer ago than this; docs/design.md, the gate. */
const viewMs = 100

/** Lets the life of the access token be over, as far as this device knows: its times in the record are moved an hour back, in one transaction. */
export async function spendToken(tab: Tab): Promise<void> {
  await tab.evaluate(async () => {
    const request = indexedDB.open('3dimli.shop')
    await new Promise((resolve) => (request.onsuccess = resolve))
    const write = request.result.transaction('record', 'readwrite')
    const store = write.objectStore('record')
    const row = store.get('session')
    row.onsuccess = () => {
      const { tokens } = row.result.live
      tokens.receivedAt -= 3_600_000
      tokens.expiresAt -= 3_600_000
      store.put(row.result, 'session')
    }
    await new Promise((resolve) => (write.oncomplete = resolve))
    request.result.close()
  })
  const written = performance.now()
  await until(() => performance.now() - written > viewMs, { what: 'what tabs read of the record before to be out of date' })
}

/** Keeps a download, a draft and data of the application's own in a signed-in tab. */
export async function leaveTraces(tab: Tab): Promise<void> {
  await tab.evaluate(async () => {
    const library = (await (await shop.session.fetch(`${shop.issuer}/api/library`)).json()) as { id: string; file: string; sha256: string }[]
    for (const asset of library.slice(0, 2)) await shop.downloads.save(asset.id, `${shop.issuer}${asset.file}`, { sha256: asset.sha256 })
    await shop.checkout.write({ items: ['chair'], street: 'Canary Lane 7' })
    await new Promise<void>((resolve, reject) => {
      const request = indexedDB.open('recently-viewed', 1)
      request.onupgradeneeded = () => request.result.createObjectStore('seen')
      request.onerror = () => reject(request.error)
      request.onsuccess = () => {
        const write = request.result.transaction('seen', 'readwrite')
        write.objectStore('seen').put('chair', 1)
        write.oncomplete = () => {
          request.result.close()
          resolve()
        }
      }
    })
    localStorage.setItem('shop.recent.1', 'chair')
    localStorage.setItem('somebody.else', 'stays')
    sessionStorage.setItem('shop.filter', 'chairs')
    const root = await (navigator as Partial<Navigator>).storage?.getDirectory?.()
    for (const name of root ? ['previews', 'kept'] : []) {
      const file = await (await root!.getDirectoryHandle(name, { create: true })).getFileHandle('chair.bin', { create: true })
      const writing = await file.createWritable()
      await writing.write('chair')
      await writing.close()
    }
    await (await caches.open('shell')).put('/shell', new Response('shell'))
  })
}

/** Names of the private file system that a test expects; none where there is no such thing. */
export const files = (...names: string[]): string[] => (can('opfs') ? names : [])

/** Counts the pixels of a picture that are the colour of the covered content. */
export async function redPixels(viewer: Tab, picture: Uint8Array): Promise<number> {
  return viewer.evaluate(async (base64) => {
    const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))
    const bitmap = await createImageBitmap(new Blob([bytes], { type: 'image/png' }))
    const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext('2d')!
    context.drawImage(bitmap, 0, 0)
    const { data } = context.getImageData(0, 0, bitmap.width, bitmap.height)
    let red = 0
    for (let index = 0; index < data.length; index += 4) if (data[index]! > 240 && data[index + 1]! < 15 && data[index + 2]! < 15) red += 1
    return red
  }, Buffer.from(picture).toString('base64'))
}
