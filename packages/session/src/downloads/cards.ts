/** What is known of each download, sealed, a row each; and notes of bodies that no card names, so that none is left behind. */
import { promisifyRequest, type UseStore } from 'idb-keyval'
import { SessionError } from '../errors.ts'
import { committed, written } from '../lasting.ts'
import type { Content } from '../row.ts'

type Bytes = Uint8Array<ArrayBuffer>

const ivSize = 12

/** What a note says of its body: it may still come to be named, or is being removed. */
const [noted, going] = [true, false]

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

/** A card as it lies in the store; the name of its body says nothing to anybody, and must be known where nothing can be opened. */
interface Sealed {
  readonly body: string
  readonly card: Bytes
}

/** The cards of one content id. */
export interface Cards {
  get(id: string): Promise<Card | undefined>
  all(): Promise<readonly Card[]>
  /**
   * Names a body, and no longer the one that was known by the same id; returns that one. Rejects with {@link SessionError} `storage` where
   * somebody began to remove the body meanwhile.
   */
  put(card: Card): Promise<string | undefined>
  /** Takes a card away; returns its body, which nothing names any more. */
  remove(id: string): Promise<string | undefined>
  /** One of them, whichever. */
  some(): Promise<Card | undefined>
  /** Takes a card away whose body is gone, without a note of it; one that names another body by now stays. */
  drop(card: Card): Promise<void>
  /** Notes a body that no card names, before anything is written under it. */
  note(body: string): Promise<void>
  /** Bodies that no card names, but for those of `current`. From here on no card comes to name them: they can be removed. */
  claim(current: ReadonlySet<string>): Promise<readonly string[]>
  /** Forgets a body that is gone. */
  forget(body: string): Promise<void>
}

/** Opens the cards of a content id; rows are named by keyed hashes, no id or file name lies in the clear. */
export async function openCards(inRows: UseStore, { id: contentId, key }: Required<Content>, random: (length: number) => Bytes): Promise<Cards> {
  const hkdf = (info: string): HkdfParams => ({ name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(16), info: new TextEncoder().encode(info) })
  const [naming, sealing] = await Promise.all([
    crypto.subtle.deriveKey(hkdf('3dimli names'), key, { name: 'HMAC', hash: 'SHA-256', length: 256 }, false, ['sign']),
    crypto.subtle.deriveKey(hkdf('3dimli cards'), key, { name: 'AES-GCM', length: 128 }, false, ['encrypt', 'decrypt']),
  ])
  const cardPrefix = `${contentId}:card:`
  const bodyPrefix = `${contentId}:body:`
  const noteOf = (body: string): string => bodyPrefix + body
  const under = (prefix: string): IDBKeyRange => IDBKeyRange.bound(prefix, `${prefix}\uffff`)

  const rowOf = async (id: string): Promise<string> => {
    const hash = new Uint8Array(await crypto.subtle.sign('HMAC', naming, new TextEncoder().encode(id)))
    return cardPrefix + Array.from(hash, (byte) => byte.toString(16).padStart(2, '0')).join('')
  }

  /** Binds a card to its row and its body: one that was moved is nothing of ours. */
  const gcm = (iv: Bytes, row: string, body: string): AesGcmParams => ({ name: 'AES-GCM', iv, additionalData: new TextEncoder().encode(`${row}\n${body}`) })

  const open = async (row: string, sealed: Sealed | undefined): Promise<Card | undefined> => {
    if (!sealed) return undefined
    try {
      const plain = await crypto.subtle.decrypt(gcm(sealed.card.subarray(0, ivSize), row, sealed.body), sealing, sealed.card.subarray(ivSize))
      return JSON.parse(new TextDecoder().decode(plain)) as Card
    } catch {
      // Changed or foreign bytes are nothing of ours.
      return undefined
    }
  }

  const opened = async (most?: number): Promise<readonly Card[]> => {
    const [names, sealed] = await inRows('readonly', (rows) => Promise.all([promisifyRequest(rows.getAllKeys(under(cardPrefix), most)), promisifyRequest<Sealed[]>(rows.getAll(under(cardPrefix), most))]))
    return (await Promise.all(sealed.map((one, at) => open(String(names[at]), one)))).filter((card) => card !== undefined)
  }

  const seal = async (row: string, card: Card): Promise<Sealed> => {
    const iv = random(ivSize)
    const cipher = new Uint8Array(await crypto.subtle.encrypt(gcm(iv, row, card.body), sealing, new TextEncoder().encode(JSON.stringify(card))))
    const bytes = new Uint8Array(ivSize + cipher.length)
    bytes.set(iv)
    bytes.set(cipher, ivSize)
    return { body: card.body, card: bytes }
  }

  /** In one transaction: what stood in the row is named no more, what is to stand there is, unless it was claimed. */
  const replace = async (row: string, next: Sealed | undefined): Promise<string | undefined> =>
    inRows('readwrite', async (rows) => {
      const before = await promisifyRequest<Sealed | undefined>(rows.get(row))
      if (next && (await promisifyRequest<unknown>(rows.get(noteOf(next.body)))) !== noted) throw new SessionError('storage', { operation: 'write' })
      if (before) rows.put(noted, noteOf(before.body))
      if (next) {
        rows.put(next, row)
        rows.delete(noteOf(next.body))
      } else {
        rows.delete(row)
      }
      await committed(rows.transaction)
      return before?.body
    })

  return {
    get: async (id) => {
      const row = await rowOf(id)
      return open(row, await inRows('readonly', (rows) => promisifyRequest<Sealed | undefined>(rows.get(row))))
    },
    all: () => opened(),
    some: async () => (await opened(1))[0],
    async put(card) {
      const row = await rowOf(card.id)
      return replace(row, await seal(row, card))
    },
    remove: async (id) => replace(await rowOf(id), undefined),
    async drop({ id, body }) {
      const row = await rowOf(id)
      await inRows('readwrite', async (rows) => {
        const now = await promisifyRequest<Sealed | undefined>(rows.get(row))
        if (now?.body === body) rows.delete(row)
        await committed(rows.transaction)
      })
    },
    note: (body) => written(inRows, (rows) => rows.put(noted, noteOf(body))),
    async claim(current) {
      const unnamed = async (rows: IDBObjectStore): Promise<string[]> => {
        const names = await promisifyRequest(rows.getAllKeys(under(bodyPrefix)))
        return names.map((name) => String(name).slice(bodyPrefix.length)).filter((body) => !current.has(body))
      }
      const claimed = (claim: (rows: IDBObjectStore, note: string) => void): Promise<readonly string[]> =>
        inRows('readwrite', async (rows) => {
          const bodies = await unnamed(rows)
          for (const body of bodies) claim(rows, noteOf(body))
          await committed(rows.transaction)
          return bodies
        })
      if ((await inRows('readonly', unnamed)).length === 0) return []
      // A full device takes no word more; one that is taken away says the same, and is gone should the device be, too.
      return claimed((rows, note) => rows.put(going, note)).catch(() => claimed((rows, note) => rows.delete(note)))
    },
    forget: (body) => written(inRows, (rows) => rows.delete(noteOf(body))),
  }
}
