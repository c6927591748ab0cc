// The page of the figure about large files: the same file saved and read again by the session, by a plain JavaScript stream, and by a bare put.
import '../../../test/world/shop.ts'

const { downloads } = globalThis.shop
const id = 'large'
const cacheName = 'bare'

/** Times of one way, ms. */
export interface SavedAndRead {
  readonly save: number
  readonly open: number
}

/** A stream that passes everything on, by way of JavaScript. */
const plainly = (): TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>> => new TransformStream({ transform: (chunk, controller) => controller.enqueue(chunk) })

async function bytesOf(stream: ReadableStream<Uint8Array> | null | undefined): Promise<number> {
  if (!stream) throw new Error('there is nothing to read')
  let bytes = 0
  for await (const chunk of stream) bytes += chunk.length
  return bytes
}

async function timed(bytes: number, save: () => Promise<unknown>, open: () => Promise<ReadableStream<Uint8Array> | null | undefined>): Promise<SavedAndRead> {
  const begin = performance.now()
  await save()
  const saved = performance.now()
  const read = await bytesOf(await open())
  const end = performance.now()
  if (read !== bytes) throw new Error(`${read} bytes were read, not ${bytes}`)
  return { save: saved - begin, open: end - saved }
}

const inCache = async (stored: (response: Response) => Response, url: string): Promise<void> => {
  const response = await fetch(url, { cache: 'no-store', credentials: 'omit' })
  await (await caches.open(cacheName)).put('/large', stored(response))
}
const fromCache = async (): Promise<ReadableStream<Uint8Array<ArrayBuffer>> | null | undefined> => (await (await caches.open(cacheName)).match('/large'))?.body

const ways = {
  session: (url: string, bytes: number) => timed(bytes, () => downloads.save(id, url), async () => (await downloads.open(id))?.stream()),
  stream: (url: string, bytes: number) =>
    timed(bytes, () => inCache((response) => new Response(response.body?.pipeThrough(plainly())), url), async () => (await fromCache())?.pipeThrough(plainly())),
  put: (url: string, bytes: number) => timed(bytes, () => inCache((response) => response, url), fromCache),
}

const large = {
  /** Saves and reads a file, and removes it again. */
  async once(way: keyof typeof ways, url: string, bytes: number): Promise<SavedAndRead> {
    const took = await ways[way](url, bytes)
    if (way === 'session') await downloads.remove(id)
    else await caches.delete(cacheName)
    return took
  },

  /** What encryption alone takes of a file of that size, in records of 512 KiB and without a stream, ms. */
  async crypto(bytes: number): Promise<SavedAndRead> {
    const key = await crypto.subtle.generateKey({ name: 'AES-GCM', length: 128 }, false, ['encrypt', 'decrypt'])
    const record = new Uint8Array(512 * 1024)
    const iv = new Uint8Array(12)
    let sealed = new ArrayBuffer(0)
    const begin = performance.now()
    for (let at = 0; at < bytes; at += record.length) sealed = await crypto.subtle.encrypt({ name: 'AES-GCM', iv }, key, record)
    const saved = performance.now()
    for (let at = 0; at < bytes; at += record.length) await crypto.subtle.decrypt({ name: 'AES-GCM', iv }, key, sealed)
    return { save: saved - begin, open: performance.now() - saved }
  },
}
declare global {
  var large: LargePage
}
export type LargePage = typeof large
globalThis.large = large
