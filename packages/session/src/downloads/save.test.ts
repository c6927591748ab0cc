/** What a save is given, and what becomes of it. */
import * as fake from 'fake-indexeddb'
import { createStore, keys } from 'idb-keyval'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { api, signedIn, turns, watched, type Tab } from '../../test/scene.ts'
import { feature } from '../feature.ts'
import { createDownloads } from './downloads.ts'

/** A cache that takes everything and keeps nothing. */
const cache = { put: async (_url: string, response: Response) => void (await response.arrayBuffer()), match: async () => undefined, keys: async () => [], delete: async () => true }

beforeEach(() => {
  vi.stubGlobal('caches', { open: async () => cache })
  vi.stubGlobal('indexedDB', new fake.IDBFactory())
  vi.stubGlobal('IDBKeyRange', fake.IDBKeyRange)
})
afterEach(() => void vi.unstubAllGlobals())

/** A server of files; says what it was asked for. */
function serving({ context }: Tab): readonly string[] {
  const fetched: string[] = []
  context.fetch = async (request) => {
    fetched.push(request.url)
    return new Response('bytes')
  }
  return fetched
}

it.each([`${api}/chair`, 'https://files.test/chair?signature=s'])('a save of %s is given up by the signal of its Request, too', async (url) => {
  const { first } = await signedIn()
  first.context.fetch = (_request, signal) => new Promise((_resolve, reject) => {
    signal?.addEventListener('abort', () => reject(signal.reason))
  })
  const caller = new AbortController()
  const reason = new Error('changed my mind')
  const call = watched(createDownloads(first.session).save('chair', new Request(url, { signal: caller.signal })))
  await turns()
  caller.abort(reason)
  await turns()
  expect(call.result).toBe(reason)
})

it('a save fetches the address that it was given, whatever becomes of it after the call', async () => {
  const { first } = await signedIn()
  const fetched = serving(first)
  const downloads = createDownloads(first.session)
  const url = new URL(`${api}/1`)
  const call = downloads.save('one', url)
  url.pathname = '/2'
  expect((await call).size).toBe(5)
  expect(fetched).toEqual([`${api}/1`])
})

it('P10 D3 a save has noted what it will write before it asks for the file: bytes that stream in hold up what the storage answers', async () => {
  const { first } = await signedIn()
  const notes: number[] = []
  first.context.fetch = async () => {
    const rows = await keys(createStore(`3dimli.${first.session[feature].name}.downloads`, 'downloads'))
    notes.push(rows.length)
    return new Response('bytes')
  }
  await createDownloads(first.session).save('chair', `${api}/chair`)
  expect(notes).toEqual([1])
})

it('P10 D5 a save whose body cannot be noted asks for nothing', async () => {
  const { first } = await signedIn()
  const fetched = serving(first)
  vi.spyOn(fake.IDBObjectStore.prototype, 'put').mockImplementation(() => {
    throw new DOMException('There is no room.', 'QuotaExceededError')
  })
  const saving = createDownloads(first.session).save('chair', `${api}/chair`)
  await expect(saving).rejects.toMatchObject({ code: 'quota' })
  vi.restoreAllMocks()
  expect(fetched).toEqual([])
})

it('P10 D3 a save whose rows never answer ends with its signal all the same', async () => {
  const { first } = await signedIn()
  first.context.fetch = async () => new Response('bytes')
  vi.stubGlobal('indexedDB', { open: () => ({}) })
  const waits: AbortController[] = []
  vi.spyOn(AbortSignal, 'timeout').mockImplementation(() => {
    waits.push(new AbortController())
    return waits.at(-1)!.signal
  })
  const caller = new AbortController()
  const reason = new Error('changed my mind')
  const call = watched(createDownloads(first.session).save('chair', `${api}/chair`, { signal: caller.signal }))
  await turns()
  caller.abort(reason)
  await turns()
  // The last wait is for what a failed save leaves.
  waits.at(-1)!.abort()
  await turns()
  expect(call.result).toBe(reason)
  vi.restoreAllMocks()
})
