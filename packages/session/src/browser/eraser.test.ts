/** Erasing databases that others hold open: rows go, handles stay, and nothing waits (fake-indexeddb). */
import * as fake from 'fake-indexeddb'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { pageEraser } from './eraser.ts'

let factory: IDBFactory
beforeEach(() => {
  factory = new fake.IDBFactory()
  vi.stubGlobal('indexedDB', factory)
  vi.stubGlobal('IDBKeyRange', fake.IDBKeyRange)
})
afterEach(() => void vi.unstubAllGlobals())

const done = <T>(request: IDBRequest<T>): Promise<T> => new Promise((resolve, reject) => {
  request.addEventListener('success', () => resolve(request.result))
  request.addEventListener('error', () => reject(request.error as Error))
})

/** A database with three rows, and a handle that ignores whatever it is told. */
async function filled(name: string): Promise<IDBDatabase> {
  const request = factory.open(name, 1)
  request.addEventListener('upgradeneeded', () => void request.result.createObjectStore('seen'))
  const handle = await done(request)
  const store = handle.transaction('seen', 'readwrite').objectStore('seen')
  for (const key of ['a:1', 'a:2', 'b:1']) await done(store.put('chair', key))
  return handle
}

const keys = (handle: IDBDatabase) => done(handle.transaction('seen').objectStore('seen').getAllKeys())

describe('a database that another tab holds open and never lets go', () => {
  it('P2 G4 is emptied all the same; it is not deleted, since that would wait for the other tab', async () => {
    const handle = await filled('recently-viewed')
    const deleted = vi.spyOn(factory, 'deleteDatabase')
    const target = { kind: 'indexeddb', database: 'recently-viewed' } as const
    expect([await pageEraser().erase(target), await pageEraser().remains(target)]).toEqual([3, 0])
    expect([await keys(handle), deleted.mock.calls]).toEqual([[], []])
  })

  it('P9 G4 D10 keeps the rows that were not named', async () => {
    const handle = await filled('recently-viewed')
    expect(await pageEraser().erase({ kind: 'indexeddb', database: 'recently-viewed', prefix: 'a:' })).toBe(2)
    expect(await keys(handle)).toEqual(['b:1'])
  })
})

describe('a database that cannot be opened just now', () => {
  it('P2 G4 is reported as failed, and never as erased', async () => {
    await filled('recently-viewed')
    vi.stubGlobal('indexedDB', {
      open: () => {
        const request = { onblocked: () => {} }
        queueMicrotask(() => request.onblocked())
        return request
      },
    })
    await expect(pageEraser().erase({ kind: 'indexeddb', database: 'recently-viewed' })).rejects.toThrow('blocked')
  })

  it('P9 one that does not exist is not made', async () => {
    expect(await pageEraser().erase({ kind: 'indexeddb', database: 'nowhere' })).toBe(0)
    expect(await factory.databases()).toEqual([])
  })
})

it('J14 P9 a page has no folder of files: a directory target holds nothing there', async () => {
  const eraser = pageEraser()
  const target = { kind: 'directory', path: '{content}' } as const
  expect([await eraser.erase(target), await eraser.remains(target), await eraser.sweep(target, async () => [])]).toEqual([0, 0, 0])
})

describe('a cache that the browser cannot list', () => {
  const refusing = (error: Error) => {
    const names = new Set(['previews'])
    vi.stubGlobal('caches', {
      has: async (name: string) => names.has(name), open: async () => ({ keys: () => Promise.reject(error) }), delete: async (name: string) => names.delete(name), keys: async () => [...names],
    })
    return names
  }
  const target = { kind: 'cache-storage', cache: 'previews' } as const

  it('P2 is dropped as a whole where it has too many entries for that', async () => {
    const names = refusing(new DOMException('Operation too large.', 'AbortError'))
    expect([await pageEraser().remains(target), await pageEraser().erase(target), await pageEraser().remains(target), names.size]).toEqual([1, 0, 0, 0])
  })

  it('P2 is not taken for erased where that failed for another reason', async () => {
    const names = refusing(new DOMException('', 'UnknownError'))
    await expect(pageEraser().erase(target)).rejects.toMatchObject({ name: 'UnknownError' })
    expect(names.size).toBe(1)
  })
})
