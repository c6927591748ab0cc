/** Cards of downloads in rows (fake-indexeddb): sealed, replaced in one step, and no body that nobody names is forgotten. */
import * as fake from 'fake-indexeddb'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { lastingStore } from '../lasting.ts'
import { openCards, type Card, type Cards } from './cards.ts'

beforeEach(() => {
  vi.stubGlobal('indexedDB', new fake.IDBFactory())
  vi.stubGlobal('IDBKeyRange', fake.IDBKeyRange)
})
afterEach(() => void vi.unstubAllGlobals())

const random = (length: number) => crypto.getRandomValues(new Uint8Array(length))
const rows = () => lastingStore('test', 'downloads')

async function cardsOf(contentId: string, secret = 1): Promise<Cards> {
  const key = await crypto.subtle.importKey('raw', new Uint8Array(32).fill(secret), 'HKDF', false, ['deriveKey', 'deriveBits'])
  return openCards(rows(), { id: contentId, key }, random)
}
/** Puts a card whose body was noted, as a save does. */
const put = async (cards: Cards, id: string, body: string): Promise<string | undefined> => {
  await cards.note(body)
  return cards.put(card(id, body))
}
const card = (id: string, body: string): Card => ({ id, name: `${id}.obj`, type: 'model/obj', size: 7, savedAt: 1, body })

/** Every key and value of the store. */
const raw = (): Promise<[IDBValidKey, unknown][]> =>
  rows()('readonly', async (store) => {
    const [keys, values] = await Promise.all([store.getAllKeys(), store.getAll()].map((request) => new Promise<unknown[]>((resolve) => (request.onsuccess = () => resolve(request.result)))))
    return (keys ?? []).map((key, index): [IDBValidKey, unknown] => [key as IDBValidKey, values?.[index]])
  })
/** Bodies that are noted as ones without a card. */
const noted = async (contentId = 'one'): Promise<string[]> => (await raw()).map(([key]) => String(key)).filter((key) => key.startsWith(`${contentId}:body:`)).map((key) => key.split(':').at(-1)!)
const write = (value: unknown, key: IDBValidKey): Promise<unknown> => rows()('readwrite', async (store) => void store.put(value, key))

it('P2 a card is found by its id and in the list, and neither id, name nor type lies in the clear', async () => {
  const cards = await cardsOf('one')
  await put(cards, 'chair', 'b1')
  await put(cards, 'table', 'b2')
  expect(await cards.get('chair')).toEqual(card('chair', 'b1'))
  expect(await cards.get('lamp')).toBeUndefined()
  expect((await cards.all()).map(({ id }) => id).sort()).toEqual(['chair', 'table'])
  const text = (await raw()).map(([key, value]) => `${String(key)} ${Buffer.from((value as { card: Uint8Array }).card).toString('latin1')}`).join('\n')
  expect(text).toMatch(/^one:card:[0-9a-f]{64} /m)
  expect(text).not.toMatch(/chair|table|obj/)
})

it('P2 G5 a body is noted before it is written, named by its card, and noted again once another takes its place or the card is gone', async () => {
  const cards = await cardsOf('one')
  await cards.note('b1')
  expect(await noted()).toEqual(['b1'])
  expect(await cards.put(card('chair', 'b1'))).toBeUndefined()
  expect(await noted()).toEqual([])
  await cards.note('b2')
  expect(await cards.put(card('chair', 'b2'))).toBe('b1')
  expect(await noted()).toEqual(['b1'])
  await cards.forget('b1')
  expect(await cards.remove('chair')).toBe('b2')
  expect(await noted()).toEqual(['b2'])
  await cards.forget('b2')
  expect(await cards.remove('chair')).toBeUndefined()
  expect(await raw()).toEqual([])
})

it('P2 a card whose body is gone is taken away without a note, unless it names another by now', async () => {
  const cards = await cardsOf('one')
  await put(cards, 'chair', 'b2')
  expect(await cards.some()).toEqual(card('chair', 'b2'))
  await cards.drop(card('chair', 'b1'))
  expect(await cards.get('chair')).toEqual(card('chair', 'b2'))
  await cards.drop(card('chair', 'b2'))
  expect([await raw(), await cards.some()]).toEqual([[], undefined])
})

it('P2 rows that were changed, moved, cut or sealed with another key are nothing of ours', async () => {
  const cards = await cardsOf('one')
  await put(cards, 'chair', 'b1')
  await put(cards, 'table', 'b2')
  const other = await cardsOf('one', 2)
  expect([await other.get('chair'), await other.all()]).toEqual([undefined, []])
  const [[key, value] = [], [otherKey] = []] = await raw() as [string, { body: string; card: Uint8Array }][]
  const changed = value!.card.slice()
  changed[20]! ^= 1
  for (const bytes of [changed, value!.card.slice(0, 12), new Uint8Array(0), undefined]) {
    await write({ ...value, card: bytes }, key!)
    expect(await cards.all()).toHaveLength(1)
  }
  // A whole card in the row of another, and one that names another body.
  await write({ ...value, body: 'b9' }, key!)
  await write(value, otherKey!)
  expect([await cards.get('chair'), await cards.get('table'), await cards.all()]).toEqual([undefined, undefined, []])
})

/** Has writes fail: as a request of its own, or when all is to be written. */
function failing(how: 'request' | 'commit', put = fake.IDBObjectStore.prototype.put): void {
  vi.spyOn(fake.IDBObjectStore.prototype, 'put').mockImplementation(function (this: InstanceType<typeof fake.IDBObjectStore>, ...args: Parameters<typeof put>) {
    const request = put.apply(this, args)
    if (how === 'commit') queueMicrotask(() => this.transaction.abort())
    // A constraint that is broken fails as a full disk does in engines that tell it of the request.
    else this.add!(...args)
    return request
  })
}

it.each(['request', 'commit'] as const)('D5 a write that fails as a %s rejects with an error, never with nothing', async (how) => {
  const cards = await cardsOf('one')
  failing(how)
  for (const act of [() => cards.note('b1'), () => cards.put(card('chair', 'b1'))]) {
    const error: unknown = await act().catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(Error)
  }
  vi.restoreAllMocks()
  expect(await raw()).toEqual([])
})

it('P2 G5 a body that is being removed comes to be named by no card, and is noted until it is gone', async () => {
  const cards = await cardsOf('one')
  await put(cards, 'chair', 'b1')
  await cards.note('b2')
  await cards.note('b3')
  expect(await cards.claim(new Set(['b3']))).toEqual(['b2'])
  await expect(cards.put(card('chair', 'b2'))).rejects.toMatchObject({ code: 'storage' })
  expect([(await cards.get('chair'))?.body, await noted()]).toEqual(['b1', ['b2', 'b3']])
  expect(await put(cards, 'chair', 'b3')).toBe('b1')
  await cards.forget('b2')
  await expect(cards.put(card('table', 'b2'))).rejects.toMatchObject({ code: 'storage' })
})

it('P2 G9 a body is claimed on a device on which nothing more can be written', async () => {
  const cards = await cardsOf('one')
  await cards.note('b1')
  vi.spyOn(fake.IDBObjectStore.prototype, 'put').mockImplementation(() => {
    throw new DOMException('There is no room.', 'QuotaExceededError')
  })
  expect(await cards.claim(new Set())).toEqual(['b1'])
  vi.restoreAllMocks()
  await expect(cards.put(card('chair', 'b1'))).rejects.toMatchObject({ code: 'storage' })
})

it('P6 cards of one content are not seen under another', async () => {
  const cards = await cardsOf('one')
  await put(cards, 'chair', 'b1')
  await cards.note('b2')
  const others = await cardsOf('other')
  expect([await others.all(), await others.claim(new Set()), await others.get('chair')]).toEqual([[], [], undefined])
})
