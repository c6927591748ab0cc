/** Erases what was registered: entries first, since a container that is deleted keeps its bytes and stays readable through open handles. */
import type { Target } from '../end.ts'
import type { Eraser } from '../ports.ts'

const contentMark = '{content}'
const contentId = '([0-9a-f]{32})'
const atOnce = 64

/** Erases, counts and sweeps one kind of storage. */
interface Kind<T extends Target> {
  erase(target: T): Promise<number>
  remains(target: T): Promise<number>
  /** Every name that exists in the place where `target` would be. */
  names(target: T): Promise<readonly string[]>
  name(target: T): string
  named(target: T, name: string): T
}

type Of<Name extends Target['kind']> = Extract<Target, { kind: Name }>

/** Makes the eraser of a page. A storage that does not exist here holds nothing. */
export function pageEraser(): Eraser {
  const kinds: { readonly [Name in Target['kind']]: Kind<Of<Name>> } = { 'cache-storage': cacheStorage, indexeddb, 'web-storage': webStorage, opfs, directory }
  const kindOf = (target: Target): Kind<Target> => kinds[target.kind] as unknown as Kind<Target>
  return {
    erase: (target) => kindOf(target).erase(target),
    remains: (target) => kindOf(target).remains(target),
    async sweep(target, keep) {
      const kind = kindOf(target)
      const pattern = kind.name(target)
      if (!pattern.includes(contentMark)) return 0
      const shape = new RegExp(`^${pattern.split(contentMark).map(escape).join(contentId)}`)
      const stale = new Set<string>()
      const found = await kind.names(target)
      const kept = await keep()
      for (const name of found) {
        const id = shape.exec(name)?.[1]
        if (id !== undefined && !kept.includes(id)) stale.add(pattern.replaceAll(contentMark, id))
      }
      let entries = 0
      for (const name of stale) entries += await kind.erase(kind.named(target, name))
      return entries
    },
  }
}

const cacheStorage: Kind<Of<'cache-storage'>> = {
  async erase({ cache: name }) {
    if (!globalThis.caches || !(await caches.has(name))) return 0
    const cache = await caches.open(name)
    let erased = 0
    // A write that was under way may land between two looks.
    for (let look = 0; look < 3; look += 1) {
      const entries = await listed(cache)
      if (entries.length === 0) break
      for (let from = 0; from < entries.length; from += atOnce) {
        await Promise.all(entries.slice(from, from + atOnce).map((entry) => cache.delete(entry)))
      }
      erased += entries.length
    }
    await caches.delete(name)
    return erased
  },
  async remains({ cache }) {
    if (!globalThis.caches || !(await caches.has(cache))) return 0
    return Math.max(1, (await listed(await caches.open(cache))).length)
  },
  names: async () => (globalThis.caches ? caches.keys() : []),
  name: ({ cache }) => cache,
  named: (target, cache) => ({ ...target, cache }),
}

const indexeddb: Kind<Of<'indexeddb'>> = {
  // The database itself stays: deleting it waits for every open tab, and every later open would wait for the deletion.
  erase: (target) => eachStore(target, 'readwrite', async (store, range) => {
    const count = await done(store.count(range))
    if (count > 0) await done(range ? store.delete(range) : store.clear())
    return count
  }),
  remains: (target) => eachStore(target, 'readonly', (store, range) => done(store.count(range))),
  async names(target) {
    const names: string[] = []
    const { prefix: _prefix, ...whole } = target
    await eachStore(whole, 'readonly', async (store) => {
      names.push(...(await done(store.getAllKeys())).filter((key): key is string => typeof key === 'string'))
      return 0
    })
    return names
  },
  name: ({ prefix }) => prefix ?? '',
  named: (target, prefix) => ({ ...target, prefix }),
}

async function eachStore(
  target: Of<'indexeddb'>,
  mode: 'readonly' | 'readwrite',
  work: (store: IDBObjectStore, range: IDBKeyRange | undefined) => Promise<number>,
): Promise<number> {
  const database = await openExisting(target.database)
  if (!database) return 0
  try {
    const stores = [...database.objectStoreNames].filter((name) => target.store === undefined || name === target.store)
    if (stores.length === 0) return 0
    const transaction = database.transaction(stores, mode, { durability: 'strict' })
    const range = target.prefix === undefined ? undefined : IDBKeyRange.bound(target.prefix, `${target.prefix}\uffff`)
    const counts = await Promise.all(stores.map((name) => work(transaction.objectStore(name), range)))
    return counts.reduce((sum, count) => sum + count, 0)
  } finally {
    database.close()
  }
}

/** Opens a database only if it exists; opening one that does not would create it. */
function openExisting(name: string): Promise<IDBDatabase | undefined> {
  return new Promise((resolve, reject) => {
    if (!globalThis.indexedDB) return resolve(undefined)
    const request = indexedDB.open(name)
    request.onupgradeneeded = () => request.transaction?.abort()
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => (request.error?.name === 'AbortError' ? resolve(undefined) : reject(request.error))
    request.onblocked = () => reject(new DOMException('The database is blocked.', 'AbortError'))
  })
}

function done<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })
}

const webStorage: Kind<Of<'web-storage'>> = {
  async erase(target) {
    const keys = await webStorage.names(target)
    for (const key of keys) storageOf(target).removeItem(key)
    return keys.length
  },
  remains: async (target) => (await webStorage.names(target)).length,
  async names(target) {
    const storage = storageOf(target)
    const keys = Array.from({ length: storage.length }, (_, index) => storage.key(index)).filter((key) => key !== null)
    const before = target.prefix?.split(contentMark)[0]
    return keys.filter((key) => (target.key === undefined ? key.startsWith(before ?? '') : key === target.key))
  },
  name: ({ prefix }) => prefix ?? '',
  named: ({ kind, area }, prefix) => ({ kind, area, prefix }),
}

function storageOf(target: Of<'web-storage'>): Storage {
  return target.area === 'local' ? globalThis.localStorage : globalThis.sessionStorage
}

const opfs: Kind<Of<'opfs'>> = {
  async erase({ path }) {
    const found = await findEntry(path)
    if (!found) return 0
    await found.parent.removeEntry(found.name, { recursive: true })
    return 1
  },
  remains: async ({ path }) => ((await findEntry(path)) ? 1 : 0),
  async names({ path }) {
    const parts = path.split('/')
    const parent = parts.slice(0, -1)
    const directory = await findDirectory(parent)
    const names: string[] = []
    if (directory) for await (const name of directory.keys()) names.push([...parent, name].join('/'))
    return names
  },
  name: ({ path }) => path,
  named: (target, path) => ({ ...target, path }),
}

/** A page has no files of its own. */
const directory: Kind<Of<'directory'>> = {
  erase: async () => 0,
  remains: async () => 0,
  names: async () => [],
  name: ({ path }) => path,
  named: (target, path) => ({ ...target, path }),
}

/** Chromium refuses to list a cache of twenty thousand entries ("Operation too large", an `AbortError`, seen in 156): such a one goes as a whole. */
async function listed(cache: Cache): Promise<readonly Request[]> {
  return cache.keys().catch((error: unknown) => {
    if ((error as Error).name === 'AbortError') return []
    throw error
  })
}

async function findDirectory(parts: readonly string[]): Promise<FileSystemDirectoryHandle | undefined> {
  let directory: FileSystemDirectoryHandle | undefined = await globalThis.navigator?.storage?.getDirectory?.()
  for (const part of parts) {
    directory = await directory?.getDirectoryHandle(part).catch(() => undefined)
  }
  return directory
}

async function findEntry(path: string): Promise<{ parent: FileSystemDirectoryHandle; name: string } | undefined> {
  const parts = path.split('/').filter((part) => part !== '')
  const name = parts.pop()
  const parent = await findDirectory(parts)
  if (!parent || name === undefined) return undefined
  for await (const entry of parent.keys()) if (entry === name) return { parent, name }
  return undefined
}

function escape(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')
}
