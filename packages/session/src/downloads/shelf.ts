/** Where encrypted downloads lie: one cache for each content id, entries named by keyed hashes, no file name in the clear. */
import { SessionError } from '../errors.ts'
import type { Content } from '../row.ts'
import { decrypt, encrypt, streamOf } from '../aes128gcm.ts'

type Bytes = Uint8Array<ArrayBuffer>

const cardRecordSize = 4096

/** What is known of one download; stored encrypted. */
export interface Card {
  readonly id: string
  readonly name: string
  readonly type: string
  readonly size: number
  /** Epoch ms. */
  readonly savedAt: number
  /** The entry that holds the bytes. */
  readonly body: string
}

/** The downloads of one content id. */
export interface Shelf {
  putBody(body: string, plain: ReadableStream<Bytes>): Promise<void>
  putCard(card: Card): Promise<void>
  card(id: string): Promise<Card | undefined>
  cards(): Promise<readonly Card[]>
  read(card: Card): Promise<ReadableStream<Bytes>>
  remove(card: Card): Promise<void>
  removeBody(body: string): Promise<void>
  /** Removes bodies that no card names: saves that were interrupted. `current` are still being written. */
  tidy(current: ReadonlySet<string>): Promise<void>
}

/** Opens the shelf of a content id. Entries are addressed under a path of this origin that is never fetched. */
export async function openShelf(cacheName: string, content: Required<Content>, random: (length: number) => Bytes, origin: string): Promise<Shelf> {
  const cache = await globalThis.caches.open(cacheName)
  const base = `${origin}/.3dimli-downloads/`
  const naming = await crypto.subtle.deriveKey(
    { name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(16), info: new TextEncoder().encode('3dimli names') },
    content.key, { name: 'HMAC', hash: 'SHA-256', length: 256 }, false, ['sign'],
  )

  const cardUrl = async (id: string): Promise<string> => {
    const hash = new Uint8Array(await crypto.subtle.sign('HMAC', naming, new TextEncoder().encode(id)))
    return `${base}card/${Array.from(hash, (byte) => byte.toString(16).padStart(2, '0')).join('')}`
  }
  const bodyUrl = (body: string): string => `${base}body/${body}`
  const sealed = (plain: ReadableStream<Bytes>, recordSize?: number): ReadableStream<Bytes> =>
    encrypt(plain, content.key, random(16), recordSize)

  const put = async (url: string, body: ReadableStream<Bytes>): Promise<void> => {
    try {
      // The type says that these bytes are no page and no script, whoever finds them.
      await cache.put(url, new Response(body, { headers: { 'content-type': 'application/octet-stream' } }))
    } catch (error) {
      await cache.delete(url)
      if (error instanceof DOMException && error.name === 'QuotaExceededError') throw new SessionError('quota', {})
      throw error
    }
  }

  const open = async (url: string): Promise<Card | undefined> => {
    const response = await cache.match(url)
    if (!response?.body) return undefined
    try {
      return (await new Response(decrypt(response.body, content.key)).json()) as Card
    } catch {
      // Changed or foreign bytes are nothing of ours.
      return undefined
    }
  }

  const urls = async (kind: 'card' | 'body'): Promise<readonly string[]> =>
    (await cache.keys()).map((request) => request.url).filter((url) => url.startsWith(`${base}${kind}/`))

  const removeBody = async (body: string): Promise<void> => void (await cache.delete(bodyUrl(body)))
  const cards = async (): Promise<readonly Card[]> => (await Promise.all((await urls('card')).map(open))).filter((card) => card !== undefined)

  return {
    cards,
    removeBody,
    putBody: (body, plain) => put(bodyUrl(body), sealed(plain)),
    putCard: async (card) => put(await cardUrl(card.id), sealed(streamOf(new TextEncoder().encode(JSON.stringify(card))), cardRecordSize)),
    card: async (id) => open(await cardUrl(id)),
    async read(card) {
      const response = await cache.match(bodyUrl(card.body))
      if (!response?.body) throw new SessionError('integrity', {})
      return decrypt(response.body, content.key)
    },
    async remove(card) {
      // The card first: from then on nobody finds the body.
      await cache.delete(await cardUrl(card.id))
      await removeBody(card.body)
    },
    async tidy(current) {
      const named = new Set([...(await cards()).map((card) => card.body), ...current].map(bodyUrl))
      await Promise.all((await urls('body')).filter((url) => !named.has(url)).map((url) => cache.delete(url)))
    },
  }
}
