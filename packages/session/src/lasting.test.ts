/** A store that is waited for no longer than is sensible (fake-indexeddb). */
import * as fake from 'fake-indexeddb'
import { promisifyRequest } from 'idb-keyval'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { watched, turns } from '../test/scene.ts'
import { committed, lastingStore, written } from './lasting.ts'

const waits: AbortController[] = []
beforeEach(() => {
  waits.length = 0
  vi.stubGlobal('indexedDB', new fake.IDBFactory())
  vi.spyOn(AbortSignal, 'timeout').mockImplementation((ms) => {
    expect(ms).toBe(10_000)
    waits.push(new AbortController())
    return waits.at(-1)!.signal
  })
})
afterEach(() => {
  vi.restoreAllMocks()
  vi.unstubAllGlobals()
})
const late = () => waits.at(-1)!.abort(new DOMException('', 'TimeoutError'))

it('P10 D3 a write that another holds up is given up after 10 s, and does not land when that one goes on', async () => {
  const store = lastingStore('test', 'rows')
  await written(store, (rows) => rows.put('before', 'key'))
  let held = true
  const holder = store('readwrite', async (rows) => {
    while (held) await promisifyRequest(rows.get('key'))
  })
  const writing = watched(written(store, (rows) => rows.put('late', 'key')).then(() => Response.json('written')))
  await turns()
  expect(writing.result).toBe('pending')
  late()
  await turns()
  expect(writing.result).toBe('storage')
  held = false
  await holder
  expect(await store('readonly', (rows) => promisifyRequest(rows.get('key')))).toBe('before')
})

it('P10 a write that is over when it would be given up is told as written', async () => {
  const store = lastingStore('test', 'rows')
  const told = Promise.withResolvers<void>()
  const writing = watched(store('readwrite', async (rows) => {
    rows.put('in time', 'key')
    await committed(rows.transaction)
    await told.promise
    return Response.json('written')
  }))
  await turns()
  expect(writing.result).toBe('pending')
  late()
  await turns()
  told.resolve()
  await turns()
  expect(writing.result).toBe(200)
})

it('P10 D3 a database that opens too late is not written to any more', async () => {
  const { open } = indexedDB
  let openIt = (): void => {}
  vi.stubGlobal('indexedDB', { open: (...args: Parameters<typeof open>) => {
    const request = { result: undefined as unknown, transaction: undefined } as unknown as IDBOpenDBRequest
    openIt = () => {
      const real = fakeOpen(...args)
      real.onupgradeneeded = (event) => {
        Object.assign(request, { result: real.result })
        request.onupgradeneeded?.(event)
      }
      real.onsuccess = (event) => {
        Object.assign(request, { result: real.result })
        request.onsuccess?.(event)
      }
    }
    return request
  } })
  const factory = new fake.IDBFactory()
  const fakeOpen = (...args: Parameters<typeof open>) => factory.open(...args) as IDBOpenDBRequest
  const store = lastingStore('test', 'rows')
  const writing = watched(written(store, (rows) => rows.put('late', 'key')).then(() => Response.json('written')))
  await turns()
  late()
  await turns()
  expect(writing.result).toBe('storage')
  openIt()
  expect(await store('readonly', (rows) => promisifyRequest(rows.get('key')))).toBeUndefined()
})

it('G4 is connected only while it is used: two acts share a connection, and once both are over, or failed, the database can be deleted', async () => {
  const opened = vi.spyOn(indexedDB, 'open')
  const store = lastingStore('test', 'rows')
  await Promise.all([written(store, (rows) => rows.put('one', 'key')), written(store, (rows) => rows.put('two', 'key'))])
  expect(opened).toHaveBeenCalledTimes(1)
  const refused = store('readwrite', () => {
    throw new DOMException('There is no room.', 'QuotaExceededError')
  })
  await expect(refused).rejects.toMatchObject({ name: 'QuotaExceededError' })
  const deleted = await new Promise<string>((resolve) => {
    const request = indexedDB.deleteDatabase('test')
    request.onblocked = () => resolve('blocked')
    request.onsuccess = () => resolve('deleted')
  })
  expect(deleted).toBe('deleted')
})
