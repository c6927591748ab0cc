// The provider does not answer, and only its status list can be had, from a cache: nothing ends, every tab is fenced within the bound, and its word ends the session.
import { beforeEach, expect, test } from 'vitest'
import { findNginx } from '../../scripts/setup/programs.mjs'
import { inPage, until, type Tab } from './driver.ts'
import { startNginx } from './nginx.ts'
import { createHostileWorld } from './world.ts'

const ttlMs = 5_000

beforeEach((context) => {
  if (!findNginx()) context.skip('not installed: nginx')
})

test('P7 P4 F1 with the feed and the session endpoint blocked, a revocation fences both tabs within the bound of the list, and ends nothing by itself', async (context) => {
  const world = await createHostileWorld({ devices: 1, statusListSeconds: ttlMs / 1000, accessTokenSeconds: 3600 })
  context.onTestFinished(() => world.close())
  const nginx = await startNginx({ routes: [['^/', world.authority.port]], buffering: true, cache: true })
  context.onTestFinished(() => nginx.close())
  const device = await world.device()
  const tabs = [device.tab, await device.open()]
  await device.keep()
  const each = <T>(look: (tab: Tab) => Promise<T>) => Promise.all(tabs.map(look))
  const via = (tab: Tab) => inPage(tab, () => shop.session.detection.via)
  await until(async () => (await each(via)).every((way) => way === 'feed'), { what: 'the feed', timeoutMs: 30_000 })

  const lists: { readonly credentials: unknown[]; readonly conditional: boolean; readonly cache: unknown }[] = []
  device.suffer(async ({ request, forward, pass }) => {
    const answer = await forward(nginx.port)
    const { authorization, dpop, cookie, referer, 'if-none-match': etag } = request.headers
    lists.push({ credentials: [authorization, dpop, cookie, referer], conditional: etag !== undefined, cache: answer.headers['x-cache'] })
    pass(answer)
  }, { on: /^\/status-lists\// })
  const blocked = device.suffer(({ response }) => response.socket?.resetAndDestroy(), { on: /^\/session(\/|$)/ })
  device.cut()
  await until(async () => (await each(via)).every((way) => way === 'list'), { what: 'both tabs to know that only the list can be had', timeoutMs: 60_000 })
  const { withinMs } = await inPage(device.tab, () => shop.session.detection)
  expect(withinMs).toBe(2.1 * ttlMs + 10_000)
  // A time or two, so that the cache holds a list from before the end.
  const before = lists.length
  await until(() => lists.length > before, { what: 'the list to be read again', timeoutMs: 60_000 })

  const { committedAt } = await world.authority.end(device.sid, { reason: 'credential-compromised' })
  const fencedAt = (tab: Tab) => inPage(tab, (from) => shop.states.find(({ status, at }) => status === 'fenced' && at >= from)?.at, committedAt)
  await until(async () => (await each(fencedAt)).every(Boolean), { what: 'both tabs to be fenced', timeoutMs: 60_000 })
  const took = (await each(fencedAt)).map((at) => at! - committedAt)
  console.log(`fenced by the status list ${took.join(' and ')} ms after the commit, bound ${withinMs} ms`)
  expect(Math.max(...took)).toBeLessThanOrEqual(withinMs)
  // A hint ends nothing: what was kept is there, and waits.
  expect(await each((tab) => inPage(tab, () => shop.ends.length))).toEqual([0, 0])
  expect((await device.storage()).record).toMatchObject({ live: true, hasContentKey: true })
  expect(await device.ping({ patienceMs: 500 })).not.toMatchObject({ result: 200 })

  // Nobody is named; the browser's cache asks whether its copy still stands, and nginx asks the server the same.
  for (const { credentials } of lists) expect(credentials).toEqual([undefined, undefined, undefined, undefined])
  expect(lists.some(({ conditional }) => conditional)).toBe(true)
  expect(lists.map(({ cache }) => cache)).toContain('REVALIDATED')

  blocked.lift()
  await each((tab) => device.confirm(tab))
  await until(async () => (await each((tab) => device.status(tab))).every((status) => status === 'signed-out'), { what: 'both tabs to be signed out', timeoutMs: 60_000 })
  for (const tab of tabs) expect(await inPage(tab, () => shop.ends)).toMatchObject([{ end: { cause: 'revoked', reason: 'credential-compromised' } }])
})
