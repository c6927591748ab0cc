// The page of the figures about what a session keeps: it fills caches as downloads do, notes when an end came how far, and deletes by bare means.
import '../../../test/world/shop.ts'

/** What encryption adds to a file of one record: a header, a tag and a delimiter. */
const bytesMore = 38
const { session, downloads } = globalThis.shop

let moments: Partial<Record<string, number>> = {}
session.subscribe(({ status }) => {
  moments[status] ??= performance.timeOrigin + performance.now()
})

/** The cache of this session's downloads; a file is saved, so that there is one. */
async function ownCache(): Promise<string> {
  await downloads.save('first', `${location.origin}/bare`)
  const names = (await caches.keys()).filter((name) => name.startsWith('3dimli.shop.downloads.'))
  const [name] = names
  if (name === undefined || names.length > 1) throw new Error(`one cache was expected, not ${names.length}`)
  return name
}

const requested = <T>(request: IDBRequest<T>): Promise<T> => new Promise((resolve, reject) => {
  request.onsuccess = () => resolve(request.result)
  request.onerror = () => reject(request.error)
})
const over = (transaction: IDBTransaction): Promise<unknown> => new Promise((resolve, reject) => {
  transaction.oncomplete = resolve
  transaction.onabort = () => reject(transaction.error)
})

/** Puts bodies of that size into a cache. */
async function fill(name: string, files: number, bytes: number): Promise<void> {
  const cache = await caches.open(name)
  for (let from = 0; from < files; from += 32) {
    const some = Array.from({ length: Math.min(32, files - from) }, (_, index) => from + index)
    await Promise.all(some.map((file) => cache.put(`/.3dimli-downloads/${file.toString(16).padStart(32, '0')}`, new Response(new Uint8Array(bytes + bytesMore), { headers: { 'content-type': 'application/octet-stream' } }))))
  }
}

/** Puts cards of as many files beside those of this session. */
async function card(name: string, files: number): Promise<void> {
  const contentId = name.split('.').at(-1) ?? ''
  const opening = indexedDB.open('3dimli.shop.downloads')
  const database = await requested(opening)
  const writing = database.transaction('downloads', 'readwrite')
  for (let file = 0; file < files; file += 1) {
    writing.objectStore('downloads').put({ body: file.toString(16).padStart(32, '0'), card: new Uint8Array(228) }, `${contentId}:card:${file.toString(16).padStart(64, '0')}`)
  }
  await over(writing)
  database.close()
}

/** Has the SDK save so many small files, some at a time. */
async function saveMany(files: number, atOnce: number): Promise<void> {
  for (let from = 0; from < files; from += atOnce) {
    await Promise.all(Array.from({ length: Math.min(atOnce, files - from) }, (_, index) => downloads.save(`file ${from + index}`, `${location.origin}/bare`)))
  }
}

const middle = (times: number[]): number => times.sort((a, b) => a - b)[Math.floor(times.length / 2)] ?? NaN
async function timeOf(work: (turn: number) => Promise<unknown>, turns = 10): Promise<number> {
  const times: number[] = []
  for (let turn = 0; turn < turns; turn += 1) {
    const begin = performance.now()
    await work(turn)
    times.push(performance.now() - begin)
  }
  return middle(times)
}

let database: IDBDatabase | undefined

const kept = {
  /** Begins anew to note when which state came, epoch ms with fractions. */
  note(): void {
    moments = {}
  },
  moments: () => moments,
  ownCache,
  fill,
  card,
  saveMany,

  /** What one more save, one opening and one listing take now, ms. */
  times: async () => ({
    save: await timeOf((turn) => downloads.save(`more ${turn}`, `${location.origin}/bare`)),
    open: await timeOf(async () => (await (await downloads.open('file 0'))?.response())?.arrayBuffer()),
    list: await timeOf(() => downloads.list(), 1),
  }),

  /** One bare delete of a row with a key in it, as durable as an end, ms. */
  async bareDelete(): Promise<number> {
    if (!database) {
      const opening = indexedDB.open('bare', 1)
      opening.onupgradeneeded = () => opening.result.createObjectStore('row')
      database = await requested(opening)
    }
    const key = await crypto.subtle.importKey('raw', crypto.getRandomValues(new Uint8Array(32)), 'HKDF', false, ['deriveKey'])
    const writing = database.transaction('row', 'readwrite')
    writing.objectStore('row').put({ key, tokens: 'x'.repeat(2000) }, 'session')
    await over(writing)
    const begin = performance.now()
    const deleting = database.transaction('row', 'readwrite', { durability: 'strict' })
    deleting.objectStore('row').delete('session')
    await over(deleting)
    return performance.now() - begin
  },

  /** Deletes a cache entry by entry, ms. */
  async bareErase(name: string): Promise<number> {
    const begin = performance.now()
    const cache = await caches.open(name)
    for (const entry of await cache.keys()) await cache.delete(entry)
    await caches.delete(name)
    return performance.now() - begin
  },
}
declare global {
  var kept: KeptPage
}
export type KeptPage = typeof kept
globalThis.kept = kept
