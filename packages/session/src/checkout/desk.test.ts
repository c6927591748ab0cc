/** The desk of a checkout over an IndexedDB that loses connections or refuses to open (fake-indexeddb). */
import * as fake from 'fake-indexeddb'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { openDesk } from './desk.ts'

const opened: IDBDatabase[] = []
let refusals = 0

beforeEach(() => {
  const factory = new fake.IDBFactory()
  opened.length = refusals = 0
  vi.stubGlobal('indexedDB', {
    open: (name: string, version?: number) => {
      if (refusals > 0) {
        refusals -= 1
        const request = { error: new DOMException('Internal error opening backing store.', 'UnknownError'), onerror: (_event: Event) => {} }
        queueMicrotask(() => request.onerror(new Event('error')))
        return request
      }
      const request = factory.open(name, version)
      request.addEventListener('success', () => void opened.push(request.result))
      return request
    },
  })
})
afterEach(() => void vi.unstubAllGlobals())

const owner = { issuer: 'https://id.test', subject: 'mira', contentId: 'a'.repeat(32) }
const draft = { items: ['chair'] }

async function desk() {
  const key = await crypto.subtle.importKey('raw', new Uint8Array(32), 'HKDF', false, ['deriveKey', 'deriveBits'])
  const content = { id: owner.contentId, key }
  const made = openDesk('test')
  return { ...made, write: () => made.writeDraft(content, draft, crypto.getRandomValues(new Uint8Array(16))), read: () => made.readDraft(content) }
}

const ways: readonly (readonly [string, (handle: IDBDatabase) => void])[] = [
  ['closed by the browser, with its event', (handle) => fake.forceCloseDatabase(handle as never)],
  ['closed without any event', (handle) => handle.close()],
]

it.each(ways)('D1 P10 a connection that is %s costs neither the draft nor the order that is under way', async (_way, close) => {
  const { write, read, submit, submitted, settle, clearDraft } = await desk()
  await write()
  await submit(owner, 'order-1', 7)
  for (const handle of opened.splice(0)) close(handle)
  expect([await read(), await submitted(owner)]).toEqual([draft, expect.objectContaining({ idempotencyKey: 'order-1' })])
  for (const handle of opened.splice(0)) close(handle)
  await write()
  await settle(owner, 'order-1')
  for (const handle of opened.splice(0)) close(handle)
  await clearDraft(owner.contentId)
  expect([await read(), await submitted(owner)]).toEqual([undefined, undefined])
})

it('D2 P10 a database that refused to open once is tried again', async () => {
  const { write, read } = await desk()
  refusals = 1
  await write().catch(() => undefined)
  await write()
  expect(await read()).toEqual(draft)
})
