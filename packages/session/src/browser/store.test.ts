/** The record over an IndexedDB that loses its connection, refuses to open, or never answers (fake-indexeddb). */
import * as fake from 'fake-indexeddb'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Row } from '../row.ts'
import { manualClock } from '../testing/index.ts'
import { recordStore } from './store.ts'

const row = (generation: number): Row => ({ v: 1, generation }) as unknown as Row
const opened: IDBDatabase[] = []
let factory: IDBFactory

beforeEach(() => {
  factory = new fake.IDBFactory()
  opened.length = 0
  vi.stubGlobal('indexedDB', { open: (name: string, version?: number) => noting(factory.open(name, version)) })
})
afterEach(() => void vi.unstubAllGlobals())

function noting(request: IDBOpenDBRequest): IDBOpenDBRequest {
  request.addEventListener('success', () => void opened.push(request.result))
  return request
}

function store() {
  const clock = manualClock()
  const lacks: string[] = []
  return { clock, lacks, made: recordStore('3dimli.test', clock, (what) => lacks.push(what)) }
}

function abort(transaction: IDBTransaction): void {
  try {
    transaction.abort()
  } catch {
    // It was over.
  }
}

describe('a connection that is lost', () => {
  it('D1 closed by the browser, with its event: the next act opens another, and what was written is there', async () => {
    const { made, lacks } = store()
    await made.change(() => row(1), 'strict')
    fake.forceCloseDatabase(opened[0] as never)
    expect(await made.read()).toEqual(row(1))
    await made.change(() => row(2), 'strict')
    expect([await made.read(), opened.length, made.kind, lacks]).toEqual([row(2), 2, 'indexeddb', []])
  })

  it('D1 closed under the SDK without any event: the same', async () => {
    const { made } = store()
    await made.change(() => row(1), 'strict')
    opened[0]!.close()
    expect(await made.read()).toEqual(row(1))
    opened[1]!.close()
    await made.change(() => row(2), 'strict')
    expect([await made.read(), opened.length]).toEqual([row(2), 3])
  })

  it('D1 closed at any moment of a write: what is said to be written is there, what is said to have failed is not, and the next write works', async () => {
    const outcomes = new Set<string>()
    for (let moment = 0; moment < 40; moment += 1) {
      factory = new fake.IDBFactory()
      opened.length = 0
      const { made } = store()
      await made.change(() => row(1), 'strict')
      const begin = vi.spyOn(opened[0]!, 'transaction')
      const writing = made.change(() => row(2), 'strict').then(() => 'done', () => 'failed')
      for (let turn = 0; turn < moment; turn += 1) await (turn % 4 === 3 ? new Promise((resolve) => setImmediate(resolve)) : Promise.resolve())
      // What a browser does when it closes a connection by force: whatever is under way is aborted.
      for (const { value } of begin.mock.results) abort(value as IDBTransaction)
      fake.forceCloseDatabase(opened[0] as never)
      const outcome = await writing
      outcomes.add(outcome)
      expect([moment, await made.read()]).toEqual([moment, row(outcome === 'done' ? 2 : 1)])
      await made.change(() => row(3), 'strict')
      expect(await made.read()).toEqual(row(3))
    }
    expect([...outcomes].sort()).toEqual(['done', 'failed'])
  })

  it.each(['at once', 'in its requests'])('D1 lost with UnknownError, %s and without any event, is given up for a new one', async (when) => {
    const { made } = store()
    await made.change(() => row(1), 'strict')
    const error = new DOMException('Connection to Indexed Database server lost.', 'UnknownError')
    const failing = () => {
      const request = { error, onerror: () => {} }
      queueMicrotask(() => request.onerror())
      return request
    }
    const transaction = vi.spyOn(opened[0]!, 'transaction').mockImplementation(() => {
      if (when === 'at once') throw error
      return { objectStore: () => ({ get: failing }), addEventListener: () => {} } as unknown as IDBTransaction
    })
    // The first act may fail; after it another connection is used.
    await made.read().catch(() => undefined)
    expect(await made.read().catch((failure: Error) => failure.name)).toEqual(row(1))
    expect(transaction.mock.calls.length).toBeLessThanOrEqual(2)
  })
})

describe('a database that', () => {
  it('D2 never opens is tried three times and not again: the session lives in memory and says so', async () => {
    let opens = 0
    vi.stubGlobal('indexedDB', {
      open: () => {
        opens += 1
        const request = Object.assign(new EventTarget(), { error: new DOMException('Internal error opening backing store for indexedDB.open.', 'UnknownError'), onerror: (_: Event) => {} })
        queueMicrotask(() => request.onerror(new Event('error')))
        return request
      },
    })
    const { made, lacks } = store()
    const outcomes: string[] = []
    for (let act = 0; act < 100; act += 1) outcomes.push(await made.change((stored) => row(((stored as Row | undefined)?.generation ?? 0) + 1), 'strict').then(() => 'done', () => 'failed'))
    expect([opens, outcomes.filter((outcome) => outcome === 'failed').length]).toEqual([3, 2])
    expect([await made.read(), made.kind, made.persistent(), lacks]).toEqual([row(98), 'memory', false, ['IndexedDB cannot be opened: the session lives only in this page']])
  })

  it('D3 never says anything is waited for 2 s at a time; a late success is closed, and the next try is used', async () => {
    const silent: { onsuccess?: () => void; result: { close(): void } }[] = []
    const close = vi.fn()
    const real = globalThis.indexedDB
    vi.stubGlobal('indexedDB', {
      open: () => {
        silent.push({ result: { close } })
        return silent.at(-1)
      },
    })
    const { made, clock } = store()
    const first = made.read().then(() => 'read', (error: Error) => error.name)
    await clock.advance(2_000)
    expect(await first).toBe('TimeoutError')
    vi.stubGlobal('indexedDB', real)
    expect(await made.read()).toBeUndefined()
    silent[0]!.onsuccess?.()
    expect(close).toHaveBeenCalledTimes(1)
    expect([made.kind, made.persistent()]).toEqual(['indexeddb', true])
  })
})
