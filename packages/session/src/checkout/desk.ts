/** Where a checkout keeps things: the encrypted draft of a session, and the key of a submitted order, which is no secret. */
import { get, promisifyRequest } from 'idb-keyval'
import { decrypt, encrypt, streamOf } from '../aes128gcm.ts'
import type { Owner } from '../feature.ts'
import { committed, lastingStore, written } from '../lasting.ts'
import type { Content } from '../row.ts'

const storeName = 'checkout'
const recordSize = 16_384

/** An order that was sent and whose answer was not seen. It survives the end of the session; it names nobody in the clear. */
export interface Submitted {
  /** SHA-256 of issuer and subject, hexadecimal. */
  readonly subjectHash: string
  readonly idempotencyKey: string
  /** Epoch ms. */
  readonly submittedAt: number
}

/** The storage of one checkout. */
export interface Desk {
  readDraft(content: Required<Content>): Promise<unknown>
  writeDraft(content: Required<Content>, draft: unknown, salt: Uint8Array<ArrayBuffer>): Promise<void>
  clearDraft(contentId: string): Promise<void>
  submitted(owner: Owner): Promise<Submitted | undefined>
  /** Writes the key of an order before it is sent, also before it is sent again; another that is already on its way keeps its place. */
  submit(owner: Owner, idempotencyKey: string, now: number): Promise<Submitted>
  /** Takes the key of a settled order away, and no other's. */
  settle(owner: Owner, idempotencyKey: string): Promise<void>
}

/** Names the database of drafts, which is erased, and that of submitted orders, which is not. */
export function databases(name: string): { readonly drafts: string; readonly orders: string } {
  return { drafts: `3dimli.${name}.checkout`, orders: `3dimli.${name}.orders` }
}

/** Opens the desk; databases are opened when first used. */
export function openDesk(name: string): Desk {
  const { drafts, orders } = databases(name)
  const inDrafts = lastingStore(drafts, storeName)
  const inOrders = lastingStore(orders, storeName)
  const keyOf = (contentId: string): string => `${contentId}:draft`

  return {
    async readDraft({ id, key }) {
      const sealed = await get<Uint8Array<ArrayBuffer>>(keyOf(id), inDrafts)
      if (!sealed) return undefined
      return new Response(decrypt(streamOf(sealed), key)).json().catch(() => undefined)
    },
    async writeDraft({ id, key }, draft, salt) {
      const plain = new TextEncoder().encode(JSON.stringify(draft))
      const sealed = new Uint8Array(await new Response(encrypt(streamOf(plain), key, salt, recordSize)).arrayBuffer())
      await written(inDrafts, (rows) => rows.put(sealed, keyOf(id)))
    },
    clearDraft: (contentId) => written(inDrafts, (rows) => rows.delete(keyOf(contentId))),
    submitted: async (owner) => get<Submitted>(await hashOf(owner), inOrders),
    async submit(owner, idempotencyKey, now) {
      const subjectHash = await hashOf(owner)
      return inOrders('readwrite', async (rows) => {
        const known = await promisifyRequest(rows.get(subjectHash) as IDBRequest<Submitted | undefined>)
        const standing = known && known.idempotencyKey !== idempotencyKey ? known : { subjectHash, idempotencyKey, submittedAt: now }
        rows.put(standing, subjectHash)
        await committed(rows.transaction)
        return standing
      })
    },
    async settle(owner, idempotencyKey) {
      const hash = await hashOf(owner)
      await inOrders('readwrite', async (store) => {
        const request = store.get(hash) as IDBRequest<Submitted | undefined>
        await promisifyRequest(request)
        if (request.result?.idempotencyKey === idempotencyKey) store.delete(hash)
        await committed(store.transaction)
      })
    },
  }
}

async function hashOf({ issuer, subject }: Owner): Promise<string> {
  const hash = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(`${issuer}\n${subject}`))
  return Array.from(new Uint8Array(hash), (byte) => byte.toString(16).padStart(2, '0')).join('')
}
