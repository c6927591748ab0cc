// Runs in a page: everything that lies in the storages of its origin, and everything its own tab holds, read without the SDK.
import type { Leaf } from './canaries.ts'

const latin1 = (buffer: ArrayBuffer): string => {
  const bytes = new Uint8Array(buffer)
  let text = ''
  for (let from = 0; from < bytes.length; from += 32_768) text += String.fromCharCode(...bytes.subarray(from, from + 32_768))
  return text
}

const asked = <T>(request: IDBRequest<T>): Promise<T> =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })

/** Every value inside a value that structured cloning can keep. */
async function leavesOf(where: string, value: unknown): Promise<Leaf[]> {
  if (value instanceof CryptoKey) return [{ where, text: `CryptoKey ${value.algorithm.name} ${value.type}${value.extractable ? ' extractable' : ''}` }]
  if (value instanceof Blob) return [{ where, text: `${value.type} ${value instanceof File ? value.name : ''} ${latin1(await value.arrayBuffer())}` }]
  if (value instanceof ArrayBuffer) return [{ where, text: latin1(value) }]
  if (ArrayBuffer.isView(value)) return [{ where, text: latin1(value.buffer.slice(value.byteOffset, value.byteOffset + value.byteLength) as ArrayBuffer) }]
  if (typeof value !== 'object' || value === null || value instanceof Date || value instanceof RegExp) return [{ where, text: String(value) }]
  const members: [string, unknown][] = value instanceof Map ? [...value].flatMap(([key, held], index): [string, unknown][] => [[`key ${index}`, key], [String(key), held]])
    : value instanceof Set ? [...value].map((held, index): [string, unknown] => [String(index), held])
    : Object.entries(value)
  return (await Promise.all(members.map(([name, held]) => leavesOf(`${where}.${name}`, held)))).flat()
}

async function databases(): Promise<Leaf[]> {
  const leaves: Leaf[] = []
  for (const { name = '', version = 0 } of await indexedDB.databases()) {
    leaves.push({ where: `indexeddb ${name}`, text: `version ${version}` })
    const database = await asked(indexedDB.open(name))
    for (const store of database.objectStoreNames) {
      const rows = database.transaction(store).objectStore(store)
      const [keys, values] = await Promise.all([asked(rows.getAllKeys()), asked(rows.getAll())])
      for (const [index, key] of keys.entries()) leaves.push(...(await leavesOf(`indexeddb ${name}/${store} ${JSON.stringify(key)}`, values[index])))
    }
    database.close()
  }
  return leaves
}

async function cacheStorage(): Promise<Leaf[]> {
  const leaves: Leaf[] = []
  for (const name of await caches.keys()) {
    leaves.push({ where: `cache ${name}`, text: name })
    const cache = await caches.open(name)
    for (const request of await cache.keys()) {
      const where = `cache ${name} ${request.method} ${request.url}`
      const response = await cache.match(request)
      const headers = [...request.headers, ...(response?.headers ?? [])].map(([header, value]) => `${header}: ${value}`).join('\n')
      leaves.push({ where: `${where} headers`, text: `${request.referrer}\n${headers}` }, { where: `${where} body`, text: latin1(await (response ?? new Response()).arrayBuffer()) })
    }
  }
  return leaves
}

async function files(directory: FileSystemDirectoryHandle, path: string): Promise<Leaf[]> {
  const leaves: Leaf[] = []
  for await (const [name, entry] of directory.entries()) {
    const where = `${path}/${name}`
    if (entry instanceof FileSystemDirectoryHandle) leaves.push({ where, text: name }, ...(await files(entry, where)))
    else leaves.push({ where, text: latin1(await (await (entry as FileSystemFileHandle).getFile()).arrayBuffer()) })
  }
  return leaves
}

const storageOf = (name: string, storage: Storage): Leaf[] =>
  Array.from({ length: storage.length }, (_, index) => storage.key(index) ?? '').map((key) => ({ where: `${name} ${key}`, text: storage.getItem(key) ?? '' }))

/** What all tabs of the origin share. */
async function dumpOrigin(): Promise<Leaf[]> {
  const workers = await navigator.serviceWorker.getRegistrations()
  return [
    ...storageOf('localStorage', localStorage),
    ...(await databases()),
    ...(await cacheStorage()),
    ...(await files(await navigator.storage.getDirectory(), 'opfs')),
    ...(await cookieStore.getAll()).map(({ name = '', value = '' }) => ({ where: `cookie ${name}`, text: value })),
    ...workers.map(({ scope, active, waiting, installing }) => ({ where: `service worker ${scope}`, text: [active, waiting, installing].map((worker) => worker?.scriptURL ?? '').join(' ') })),
  ]
}

/** What this tab alone holds. */
async function dumpTab(): Promise<Leaf[]> {
  const seen = performance.getEntries().map(({ entryType, name }) => `${entryType} ${name}`)
  return [
    ...storageOf('sessionStorage', sessionStorage),
    { where: 'location', text: location.href }, { where: 'referrer', text: document.referrer }, { where: 'window.name', text: window.name },
    ...(await leavesOf('history.state', history.state)),
    { where: 'performance', text: seen.join('\n') },
  ]
}

declare global {
  var dump: { origin: typeof dumpOrigin; tab: typeof dumpTab }
}
globalThis.dump = { origin: dumpOrigin, tab: dumpTab }
