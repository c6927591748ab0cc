/** What lies on the device, read without the SDK, from a page of the origin that runs none of the shop's code. */
import type { Tab } from '../../../test/driver/index.ts'

type Page = Tab['page']

/** Everything found in the storages of the shop's origin. */
export interface Device {
  /** Entries of each cache. */
  readonly caches: Readonly<Record<string, number>>
  /** Rows of each database. */
  readonly databases: Readonly<Record<string, number>>
  readonly webStorage: readonly string[]
  /** Keys of WebCrypto found anywhere, by what they can do. */
  readonly keys: readonly string[]
  /** Which of the given secrets were found, and where. */
  readonly secrets: readonly string[]
  /** True when some cached body is readable text of a model. */
  readonly plainModel: boolean
  /** The neighbour's things, which nobody may touch. */
  readonly neighbour: string
}

/** Reads the record's refresh token, to look for it later. */
export function refreshToken(page: Page): Promise<string> {
  return page.evaluate(() => new Promise<string>((resolve, reject) => {
    const opening = indexedDB.open('3dimli.storefront')
    opening.onerror = () => reject(new Error('The record cannot be read.'))
    opening.onsuccess = () => {
      const database = opening.result
      const reading = database.transaction(database.objectStoreNames[0]!).objectStore(database.objectStoreNames[0]!).getAll()
      reading.onsuccess = () => {
        database.close()
        const row = (reading.result as { live?: { tokens: { refreshToken?: string } } }[])[0]
        resolve(row?.live?.tokens.refreshToken ?? '')
      }
    }
  }))
}

/** Puts things of a neighbour's into every storage of the origin. */
export async function moveNeighbourIn(page: Page): Promise<void> {
  await page.evaluate(async () => {
    localStorage.setItem('neighbour', 'lamp')
    sessionStorage.setItem('neighbour', 'chair')
    await (await caches.open('neighbour')).put('/neighbour', new Response('table'))
    await new Promise<void>((resolve, reject) => {
      const opening = indexedDB.open('neighbour')
      opening.onupgradeneeded = () => opening.result.createObjectStore('things')
      opening.onerror = () => reject(new Error('The neighbour cannot move in.'))
      opening.onsuccess = () => {
        const writing = opening.result.transaction('things', 'readwrite')
        writing.objectStore('things').put('shelf', 'thing')
        writing.oncomplete = () => {
          opening.result.close()
          resolve()
        }
      }
    })
  })
}

/** Reads all storages and looks for `secrets` in everything. */
export function readDevice(page: Page, secrets: readonly string[]): Promise<Device> {
  return page.evaluate(async (wanted) => {
    const found = new Set<string>()
    const keys: string[] = []
    const decoder = new TextDecoder('latin1')
    const inspect = (value: unknown, where: string): void => {
      if (value instanceof CryptoKey) return void keys.push(`${value.algorithm.name} ${value.usages.join('+')} in ${where}`)
      if (typeof value === 'string') wanted.forEach((secret, index) => value.includes(secret) && found.add(`secret ${index + 1} in ${where}`))
      else if (value instanceof Uint8Array) inspect(decoder.decode(value), where)
      else if (value instanceof ArrayBuffer) inspect(new Uint8Array(value), where)
      else if (typeof value === 'object' && value !== null) for (const part of Object.values(value)) inspect(part, where)
    }
    const ask = <T>(request: IDBRequest<T>): Promise<T> => new Promise((resolve, reject) => {
      request.onsuccess = () => resolve(request.result)
      request.onerror = () => reject(request.error ?? new Error('not read'))
    })

    const entries: Record<string, number> = {}
    let plainModel = false
    let neighbour = ''
    for (const name of await caches.keys()) {
      const cache = await caches.open(name)
      const requests = await cache.keys()
      entries[name] = requests.length
      for (const request of requests) {
        inspect(request.url, `cache ${name}`)
        const text = decoder.decode(await (await cache.match(request))!.arrayBuffer())
        inspect(text, `cache ${name}`)
        plainModel ||= /^v -?\d/m.test(text)
        if (name === 'neighbour') neighbour += text
      }
    }
    const rows: Record<string, number> = {}
    for (const { name } of await indexedDB.databases()) {
      const database = await ask(indexedDB.open(name!))
      rows[name!] = 0
      for (const storeName of database.objectStoreNames) {
        const store = database.transaction(storeName).objectStore(storeName)
        const values = await ask(store.getAll() as IDBRequest<unknown[]>)
        rows[name!]! += values.length
        inspect(values, `database ${name}`)
        if (name === 'neighbour') neighbour += values.join('')
      }
      database.close()
    }
    const webStorage: string[] = []
    for (const storage of [localStorage, sessionStorage]) {
      for (let index = 0; index < storage.length; index += 1) {
        const key = storage.key(index)!
        const value = storage.getItem(key) ?? ''
        inspect([key, value], `web storage ${key}`)
        if (key === 'neighbour') neighbour += value
        else webStorage.push(key)
      }
    }
    return { caches: entries, databases: rows, webStorage, keys, secrets: [...found], plainModel, neighbour }
  }, [...secrets])
}
