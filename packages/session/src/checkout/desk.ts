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
  /** When it was last sent, epoch ms. */
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
  /** Says anew when an order is sent, unless its key was taken away meanwhile. Returns the key that stands. */
  renew(owner: Owner, idempotencyKey: string, now: number): Promise<Submitted | undefined>
  /** Takes the key of a settled order away, and no other's; with `submittedAt`, only if it was not sent again since. Returns the key that stands. */
  settle(owner: Owner, idempotencyKey: string, submittedAt?: number): Promise<Submitted | undefined>
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

  /** Decides in one transaction which order of a person stands. */
  const change = async <Standing extends Submitted | undefined>(owner: Owner, decide: (known: Submitted | undefined, subjectHash: string) => Standing): Promise<Standing> => {
    const subjectHash = await hashOf(owner)
    return inOrders('readwrite', async (rows) => {
      const standing = decide(await promisifyRequest(rows.get(subjectHash) as IDBRequest<Submitted | undefined>), subjectHash)
      if (standing) rows.put(standing, subjectHash)
      else rows.delete(subjectHash)
      await committed(rows.transaction)
      return standing
    })
  }

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
    submit: (owner, idempotencyKey, now) => change(owner, (known, subjectHash) =>
      known && known.idempotencyKey !== idempotencyKey ? known : { subjectHash, idempotencyKey, submittedAt: now }),
    renew: (owner, idempotencyKey, now) => change(owner, (known) =>
      known?.idempotencyKey === idempotencyKey ? { ...known, submittedAt: now } : known),
    settle: (owner, idempotencyKey, submittedAt) => change(owner, (known) =>
      known?.idempotencyKey === idempotencyKey && (submittedAt ?? known.submittedAt) === known.submittedAt ? undefined : known),
  }
}

async function hashOf({ issuer, subject }: Owner): Promise<string> {
  const hash = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(`${issuer}\n${subject}`))
  return Array.from(new Uint8Array(hash), (byte) => byte.toString(16).padStart(2, '0')).join('')
}
