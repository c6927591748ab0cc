// Addresses that fail without a word: signed links that died, and gateways whose refusals a page may not read.
import { afterEach, expect, test } from 'vitest'
import { until } from '../driver/index.ts'
import { readStorage } from '../world/device.ts'
import { startServer } from '../world/server.ts'
import { allAre, createWorld, type World } from '../world/world.ts'

let world: World
afterEach(() => world.close())

test('P4 H3 a signed link that died before or during the download says so, keeps nothing and ends nothing; a fresh link brings the whole file', async () => {
  const file = Buffer.from(Uint8Array.from({ length: 400_000 }, (_, index) => index % 251))
  const asked: string[] = []
  const host = await startServer((request, response) => {
    asked.push(`${request.url} ${request.headers.authorization ?? 'no credential'}`)
    const headers = { 'access-control-allow-origin': '*', 'content-length': file.length }
    if (request.url === '/expired') return void response.writeHead(403, { 'access-control-allow-origin': '*', 'content-type': 'application/xml' }).end('<Error><Code>AccessDenied</Code></Error>')
    response.writeHead(200, headers)
    if (request.url === '/dies') return void response.write(file.subarray(0, 200_000), () => response.destroy())
    response.end(file)
  })
  world = await createWorld({ accessTokenSeconds: 3600 })
  const tab = await world.open()
  await world.signIn(tab)
  const save = (path: string) => tab.evaluate((url) => shop.downloads.save('chair', url).then(({ size }) => size, (error: { code?: string; name: string; details?: { status?: number } }) => [error.code ?? error.name, error.details?.status]), host + path)
  expect(await save('/expired')).toEqual(['download-failed', 403])
  expect((await save('/dies') as unknown[])[0]).toMatch(/TypeError|integrity|download-failed/)
  expect(await tab.evaluate(() => shop.downloads.list())).toEqual([])
  expect(Object.entries((await readStorage(tab)).caches).filter(([, entries]) => entries > 0)).toEqual([])
  expect(await save('/fresh')).toBe(file.length)
  const bytes = await tab.evaluate(async () => Array.from(new Uint8Array(await (await (await shop.downloads.open('chair'))!.response()).arrayBuffer()).slice(0, 600)))
  expect(bytes).toEqual([...file.subarray(0, 600)])
  // The first file is whole on the disk while a second save of the same id fails.
  expect((await save('/dies') as unknown[])[0]).toMatch(/TypeError|integrity|download-failed/)
  expect(await tab.evaluate(async () => (await shop.downloads.list()).map(({ size }) => size))).toEqual([file.length])
  expect(asked.every((line) => line.endsWith('no credential'))).toBe(true)
  await allAre([tab], 'active')
})

test('P4 B3 a gateway whose 401 a page may not read looks like a broken network: nothing ends, and the next token gets through', async () => {
  const born = new Map<string, number>()
  let unread = 0
  const api = await startServer((request, response) => {
    const allowed = { 'access-control-allow-origin': '*', 'access-control-allow-headers': 'authorization, dpop' }
    if (request.method === 'OPTIONS') return void response.writeHead(204, allowed).end()
    const token = request.headers.authorization ?? ''
    if (!born.has(token)) born.set(token, Date.now())
    // The gateway takes each token for a second, and its refusal lacks what lets a page read it.
    const spent = Date.now() - born.get(token)! > 1_000
    if (spent) unread += 1
    response.writeHead(spent ? 401 : 200, spent ? {} : allowed).end()
  })
  world = await createWorld({ accessTokenSeconds: 3 })
  const tab = await world.open({ origin: api })
  await world.signIn(tab)
  const before = world.of('refresh').length
  const seen = new Set<number | string>()
  await until(async () => {
    const outcome = await tab.evaluate((url) => shop.session.fetch(url).then(({ status }) => status, (error: Error) => error.name), `${api}/x`)
    seen.add(outcome)
    return unread > 0 && outcome === 200 && world.of('refresh').length > before
  }, { what: 'the way through with the next token' })
  expect(seen).toEqual(new Set([200, 'TypeError']))
  expect(world.of('refresh').map(({ outcome }) => outcome)).not.toContain('reuse')
  await allAre([tab], 'active')
  expect(await tab.evaluate(() => shop.ends)).toEqual([])
})
