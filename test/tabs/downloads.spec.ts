// Downloads in a real Cache Storage: whole or not there, encrypted, and larger than what a page would hold.
import { createHash } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { canItself, peakMemory, until, type Tab } from '../driver/index.ts'
import { startServer } from '../world/server.ts'
import { createWorld, type World } from '../world/world.ts'

let world: World
let tab: Tab
beforeEach(async () => {
  // With the collector at hand, what the heap holds is what is held, not what waits to be collected.
  world = await createWorld({ accessTokenSeconds: 3600, args: ['--js-flags=--expose-gc', '--enable-precise-memory-info'] })
  tab = await world.open()
  await world.signIn(tab)
})
afterEach(() => world.close())

/** Bodies in the cache, and rows about them. */
const entries = () => tab.evaluate(async () => {
  const opening = indexedDB.open('3dimli.shop.downloads')
  await new Promise((resolve) => (opening.onsuccess = resolve))
  const counting = opening.result.transaction('downloads').objectStore('downloads').count()
  await new Promise((resolve) => (counting.onsuccess = resolve))
  opening.result.close()
  const names = (await caches.keys()).filter((name) => name.startsWith('3dimli.'))
  return (await Promise.all(names.map(async (name) => (await (await caches.open(name)).keys()).length))).reduce((sum, count) => sum + count, counting.result)
})

/** A file host of another origin: byte n of the file is n modulo 251. */
async function fileHost(size: number, stopAfter = size): Promise<{ url: string; seen: IncomingHttpHeaders[]; sha256: string }> {
  const seen: IncomingHttpHeaders[] = []
  const block = Buffer.from(Uint8Array.from({ length: 251 * 1024 }, (_, index) => index % 251))
  const origin = await startServer((request, response) => {
    seen.push(request.headers)
    response.writeHead(200, { 'content-length': size, 'content-type': 'model/gltf-binary', 'access-control-allow-origin': '*' })
    let sent = 0
    const more = (): void => {
      while (sent < stopAfter) {
        const part = block.subarray(0, Math.min(block.length, stopAfter - sent))
        sent += part.length
        if (!response.write(part)) return void response.once('drain', more)
      }
      if (stopAfter < size) response.destroy()
      else response.end()
    }
    more()
  })
  const hash = createHash('sha256')
  for (let from = 0; from < size; from += block.length) hash.update(block.subarray(0, Math.min(block.length, size - from)))
  return { url: `${origin}/file.glb`, seen, sha256: hash.digest('hex') }
}

test('P2 a file of the library is kept, listed, opened byte for byte, replaced and removed', async () => {
  const result = await tab.evaluate(async () => {
    const [asset] = (await (await shop.session.fetch(`${shop.issuer}/api/library`)).json()) as { id: string; file: string; size: number; sha256: string }[]
    const progress: number[] = []
    const saved = await shop.downloads.save(asset!.id, `${shop.issuer}${asset!.file}`, {
      name: 'Chair.obj', sha256: asset!.sha256, onProgress: ({ receivedBytes }) => void progress.push(receivedBytes),
    })
    await shop.downloads.save(asset!.id, `${shop.issuer}${asset!.file}`, { name: 'Chair again.obj' })
    const opened = await shop.downloads.open(asset!.id)
    const bytes = await (await opened!.response()).arrayBuffer()
    const hash = Array.from(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)), (byte) => byte.toString(16).padStart(2, '0')).join('')
    const listed = (await shop.downloads.list()).map(({ name, size }) => ({ name, size }))
    await shop.downloads.remove(asset!.id)
    return { size: saved.size === asset!.size, last: progress.at(-1) === asset!.size, same: hash === asset!.sha256, listed, after: await shop.downloads.open(asset!.id) }
  })
  expect(result).toEqual({ size: true, last: true, same: true, listed: [{ name: 'Chair again.obj', size: expect.any(Number) }], after: undefined })
  expect(await entries()).toBe(0)
})

test('decision 16: a file of another origin is asked for without any credential', async () => {
  const host = await fileHost(2_000_000)
  await tab.evaluate((url, sha256) => shop.downloads.save('linked', url, { sha256 }), host.url, host.sha256)
  expect(host.seen).toHaveLength(1)
  expect(host.seen[0]).not.toHaveProperty('authorization')
  expect(host.seen[0]).not.toHaveProperty('dpop')
  expect(host.seen[0]).not.toHaveProperty('cookie')
})

test('P2 a save that is cut, refused, cancelled or not what was promised leaves nothing', async () => {
  const cut = await fileHost(3_000_000, 1_500_000)
  const whole = await fileHost(3_000_000)
  const codes = await tab.evaluate(async (cutUrl, wholeUrl, issuer) => {
    const outcome = (promise: Promise<unknown>) => promise.then(() => 'kept', (error: { code?: unknown; name: string }) => (typeof error.code === 'string' ? error.code : error.name))
    const cancel = new AbortController()
    return [
      await outcome(shop.downloads.save('cut', cutUrl)),
      await outcome(shop.downloads.save('changed', wholeUrl, { sha256: '0'.repeat(64) })),
      await outcome(shop.downloads.save('missing', `${issuer}/api/library/no-such-asset/file`)),
      await outcome(shop.downloads.save('cancelled', wholeUrl, { signal: cancel.signal, onProgress: () => cancel.abort() })),
    ]
  }, cut.url, whole.url, world.authority.issuer)
  expect(codes).toEqual([expect.stringMatching(/TypeError|integrity/), 'integrity', 'download-failed', 'AbortError'])
  expect(await entries()).toBe(0)
  expect(await tab.evaluate(() => shop.downloads.list())).toEqual([])
})

test('P7 once their lease is over, kept files are not opened and an open one is not read on, while the rest goes on', async () => {
  const host = await fileHost(8_000_000)
  await tab.close()
  tab = await world.open({ downloadsLease: '12h' })
  await tab.evaluate((url) => shop.downloads.save('linked', url), host.url)
  await tab.offline(true)
  const held = await tab.evaluate(async () => {
    const codeOf = (call: Promise<unknown>) => call.then(() => 'opened', (error: { code?: string }) => error.code)
    const reader = (await (await shop.downloads.open('linked'))!.stream()).getReader()
    await reader.read()
    const now = Date.now.bind(Date)
    Date.now = () => now() + 13 * 3_600_000
    const opening = codeOf(shop.downloads.open('linked'))
    const reading = codeOf((async () => {
      while (!(await reader.read()).done);
    })())
    const confirmed = await shop.session.confirm()
    const { state, detection } = shop.session
    // Whatever still waits now never was let through.
    shop.session.stop()
    return [confirmed, state.status, detection.lease.downloads.leftMs, await opening, await reading]
  })
  expect(held).toEqual(['unknown', 'active', 0, 'fenced', 'fenced'])
})

test('P2 G5 a save in flight when the session ends leaves nothing, and its caller is told', async () => {
  const origin = await startServer((_request, response) => {
    response.writeHead(200, { 'content-length': 10_000_000, 'access-control-allow-origin': '*' })
    response.write(Buffer.alloc(3_000_000))
  })
  const url = `${origin}/endless`
  await tab.evaluate((address) => {
    Object.assign(globalThis, { received: 0 })
    Object.assign(globalThis, {
      saving: shop.downloads.save('endless', address, { onProgress: ({ receivedBytes }) => Object.assign(globalThis, { received: receivedBytes }) })
        .then(() => 'kept', (error: { code: string }) => error.code),
    })
  }, url)
  await until(() => tab.evaluate(() => (globalThis as unknown as { received: number }).received >= 3_000_000), { what: 'the first bytes' })
  await tab.evaluate(() => shop.session.signOut())
  expect(await tab.evaluate(() => (globalThis as unknown as { saving: Promise<string> }).saving)).toBe('session-ended')
  expect(await entries()).toBe(0)
})

test('P2 a file larger than the page may hold streams through, both ways', async () => {
  const size = 300_000_000
  const host = await fileHost(size)
  const seesHeap = canItself('heap')
  const pid = await tab.processId()
  const peakBefore = peakMemory(pid)
  const result = await tab.evaluate(async (url, sha256, canLook) => {
    const memory = () => (performance as unknown as { memory: { usedJSHeapSize: number } }).memory.usedJSHeapSize
    // Chromium by --expose-gc, Firefox by a preference.
    const { gc, TestUtils } = globalThis as unknown as { gc?(): void; TestUtils?: { gc(): Promise<void> } }
    let highest = 0
    let looked = 0
    const look = (bytes: number) => {
      if (bytes - looked < 25_000_000) return
      looked = bytes
      gc?.()
      void TestUtils?.gc()
      if (canLook) highest = Math.max(highest, memory())
    }
    await shop.downloads.save('large', url, { sha256, onProgress: ({ receivedBytes }) => look(receivedBytes) })
    looked = 0
    const opened = await shop.downloads.open('large')
    const reader = (await opened!.stream()).getReader()
    let read = 0
    let wrong = 0
    for (;;) {
      const { done, value } = await reader.read()
      if (done) break
      if (value[0] !== read % 251) wrong += 1
      read += value.length
      look(read)
    }
    const url2 = await opened!.url().then(() => 'made', (error: { code: string }) => error.code)
    return { read, wrong, highest, url2 }
  }, host.url, host.sha256, seesHeap)
  // Where the heap cannot be read, the memory that the process of the page took more than before.
  const highest = seesHeap ? result.highest : peakMemory(pid) - peakBefore
  console.log(`300 MB through a page whose ${seesHeap ? 'heap reached' : 'process grew by'} ${Math.round(highest / 1e6)} MB`)
  expect(result).toMatchObject({ read: size, wrong: 0, url2: 'too-large' })
  // The memory of a process also holds what nobody refers to any more, and what the engine keeps for itself: no bound can be set on it.
  if (!seesHeap) return
  expect(highest).toBeGreaterThan(0)
  expect(highest).toBeLessThan(200_000_000)
})
