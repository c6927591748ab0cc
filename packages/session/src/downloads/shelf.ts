/** Where encrypted downloads lie: their bytes in one cache for each content id, their cards beside it in rows. */
import type { UseStore } from 'idb-keyval'
import { decrypt, encrypt } from '../aes128gcm.ts'
import { SessionError, isSessionError } from '../errors.ts'
import type { Content } from '../row.ts'
import { openCards, type Card } from './cards.ts'

type Bytes = Uint8Array<ArrayBuffer>

/** The downloads of one content id. */
export interface Shelf {
  /** Notes a body before anything is written under it; what no card names in the end is removed. */
  note(body: string): Promise<void>
  /** Writes the bytes of a body that was noted. */
  putBody(body: string, plain: ReadableStream<Bytes>): Promise<void>
  /** Makes a body a download, in the place of the one that has the same id. */
  putCard(card: Card): Promise<void>
  card(id: string): Promise<Card | undefined>
  cards(): Promise<readonly Card[]>
  read(card: Card): Promise<ReadableStream<Bytes>>
  remove(id: string): Promise<void>
  removeBody(body: string): Promise<void>
  /** Removes bodies that no card names, of saves that were interrupted, and cards whose bodies are lost. `current` are still being written. */
  tidy(current: ReadonlySet<string>): Promise<void>
}

/** Opens the shelf of a content id. Entries are addressed under a path of this origin that is never fetched. */
export async function openShelf(
  { cacheName, rows, origin }: { readonly cacheName: string; readonly rows: UseStore; readonly origin: string },
  content: Required<Content>,
  random: (length: number) => Bytes,
): Promise<Shelf> {
  const [cache, cards] = await Promise.all([globalThis.caches.open(cacheName), openCards(rows, content, random)])
  const urlOf = (body: string): string => `${origin}/.3dimli-downloads/${body}`

  const noticing = async <T>(work: Promise<T>): Promise<T> => {
    try {
      return await work
    } catch (error) {
      if (error instanceof DOMException && error.name === 'QuotaExceededError') throw new SessionError('quota', {})
      throw error
    }
  }
  const removeBody = async (body: string): Promise<void> => {
    await cache.delete(urlOf(body))
    await cards.forget(body)
  }
  /** Nothing names it any more; what fails here is tidied away another time. */
  const removeOld = async (body: string | undefined): Promise<void> => {
    if (body !== undefined) await removeBody(body).catch(() => undefined)
  }

  return {
    removeBody,
    note: (body) => noticing(cards.note(body)),
    async putBody(body, plain) {
      // The type says that these bytes are no page and no script, whoever finds them.
      const sealed = new Response(encrypt(plain, content.key, random(16)), { headers: { 'content-type': 'application/octet-stream' } })
      await noticing(cache.put(urlOf(body), sealed))
    },
    putCard: async (card) => removeOld(await noticing(cards.put(card))),
    card: cards.get,
    cards: cards.all,
    async read(card) {
      const response = await cache.match(urlOf(card.body))
      if (!response?.body) throw new SessionError('integrity', {})
      return decrypt(response.body, content.key)
    },
    async remove(id) {
      try {
        await removeOld(await cards.remove(id))
      } catch (error) {
        const card = isSessionError(error) ? undefined : await cards.get(id)
        if (!card) throw error
        // A full device takes no note, and still everything that makes room: the bytes first, for they must not be forgotten.
        await cache.delete(urlOf(card.body))
        await cards.drop(card)
      }
    },
    async tidy(current) {
      await Promise.all((await cards.claim(current)).map(removeOld))
      // A browser may drop the cache and keep the rows; what cannot be opened is no download.
      const isThere = async ({ body }: Card): Promise<boolean> => (await cache.match(urlOf(body))) !== undefined
      const some = await cards.some()
      if (!some || (await isThere(some))) return
      for (const card of await cards.all()) if (!(await isThere(card))) await cards.drop(card)
    },
  }
}
