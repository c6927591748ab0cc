// A tab that slept through the end sends nothing and shows nothing when it comes back.
import { afterEach, expect, test } from 'vitest'
import { can, canItself, needs, until, type Tab } from '../driver/index.ts'
import { askInTurn, keepAsking, leaveStorageAlone, rest } from '../world/asking.ts'
import { redPixels, spendToken } from '../world/device.ts'
import { allAre, createWorld, type World } from '../world/world.ts'

let world: World
afterEach(() => world.close())

interface Sleep {
  readonly sleep: (tab: Tab) => Promise<void>
  readonly wake: (tab: Tab) => Promise<void>
  /** @default true */
  readonly isWatching?: boolean
  /** What the server says of its pages. */
  readonly headers?: Record<string, string>
}

/** The session ends while a tab is away; once it is back it knows of the end, and nothing is sent. */
async function endedMeanwhile({ sleep, wake, isWatching = true, headers = {} }: Sleep): Promise<{ sleeper: Tab; viewer: Tab; picture: Uint8Array }> {
  world = await createWorld({ accessTokenSeconds: 3600, headers })
  const first = await world.open()
  const sid = await world.signIn(first)
  const sleeper = isWatching ? first : await world.open()
  await until(() => first.evaluate(() => shop.session.diagnostics().feed === 'open'), { what: 'the first tab to watch' })
  await until(() => sleeper.evaluate(() => document.querySelector('main') !== null), { what: 'the covered content' })
  const viewer = await world.browser.openTab(`${world.origin}/bare`)
  // A tab that comes to the front stays covered until it has read the record.
  await until(async () => (await redPixels(viewer, await sleeper.screenshot())) > 10_000, { what: 'the content to be shown', lookMs: 20_000 })
  await keepAsking(sleeper)
  await until(() => world.of('api').length > 3, { what: 'requests of the tab' })
  const authorized = () => sleeper.observed.requests.filter((request) => 'authorization' in request.headers)
  if (can('requests')) await until(() => authorized().length > 0, { what: 'its requests to be observed' })

  await sleep(sleeper)
  const other = await world.open()
  await allAre([other], 'active')
  const { committedAt } = await world.authority.end(sid, { reason: 'access-removed' })
  // Where a tab is not told that it freezes, it keeps the feed: the others notice by 12.5 s of silence.
  await allAre([other], 'signed-out')
  const before = world.of('api').length
  sleeper.observed.clear()

  await wake(sleeper)
  const picture = await sleeper.screenshot()
  await allAre([sleeper], 'signed-out')
  expect(world.of('api').slice(before).filter((event) => event.at >= committedAt)).toEqual([])
  if (can('requests')) expect(authorized()).toEqual([])
  return { sleeper, viewer, picture }
}

/** The page is the one that fell asleep: it is covered from its first picture on, and tells of the end. */
async function asleep(how: Sleep): Promise<void> {
  const { sleeper, viewer, picture } = await endedMeanwhile(how)
  expect(await redPixels(viewer, picture)).toBe(0)
  expect(await redPixels(viewer, await sleeper.screenshot())).toBe(0)
  expect(await sleeper.evaluate(() => shop.ends)).toMatchObject([{ end: { cause: 'revoked', reason: 'access-removed' } }])
  // Elsewhere no event tells that it goes on.
  if (can('freeze-event')) expect(await sleeper.evaluate(() => asking.rests), 'it does not ask since it woke').toBe(false)
}

/** The tab is left for another page, and its person comes back. */
const left = (persisted: boolean): Sleep => ({
  async sleep(tab) {
    // Chromium evicts a page from its cache whose database transaction stands in another's way.
    await rest(tab)
    await tab.goto(`${world.origin}/bare`)
  },
  async wake(tab) {
    expect(await tab.back()).toEqual({ persisted })
  },
})

test('P1 E3 E4 a revocation while the tab that watches is in the back/forward cache', async (context) => {
  // It gives its lock up when it is left, which is too late for Firefox.
  needs(context, 'keep-locks')
  await asleep(left(true))
})

test('P1 E3 E4 a revocation while another tab is in the back/forward cache', async (context) => {
  // It waits for the lock of the one that watches.
  needs(context, 'keep-locks')
  await asleep({ ...left(true), isWatching: false })
})

test('P1 a page that is made anew by going back after a revocation knows of the end and is given nothing of the session', async (context) => {
  needs(context, 'anew')
  const { sleeper } = await endedMeanwhile({ ...left(false), headers: canItself('anew') ? {} : { 'cache-control': 'no-store' } })
  // This page draws the same whoever is signed in, so a picture of it tells nothing. One that draws what it is told and given shows nothing.
  expect(await sleeper.evaluate(() => shop.states.map(({ status }) => status))).not.toContain('active')
  const given = await sleeper.evaluate(() => {
    const attempts = [shop.session.fetch(`${shop.issuer}/api/ping`), shop.downloads.list(), shop.checkout.read()]
    return Promise.all(attempts.map((attempt) => attempt.then(() => 'given', (error: { code: string }) => error.code)))
  })
  expect(given).toEqual(['signed-out', 'signed-out', 'signed-out'])
  // The tab that was open meanwhile was told of the end.
  expect(await sleeper.evaluate(() => shop.ends)).toEqual([])
})

test('P1 E3 A8 a revocation while a tab is frozen', async () => {
  await asleep({
    async sleep(tab) {
      await (await world.browser.openTab(`${world.origin}/bare`)).bringToFront()
      // A process that is stopped inside a transaction would keep the whole origin waiting: that is another test. And what a tab asked for
      // before it froze, the browser may send at any time after.
      await rest(tab)
      await tab.freeze()
    },
    wake: (tab) => tab.thaw(),
  })
})

test('P3 A8 a tab frozen in the middle of a refresh does not keep the others waiting beyond the deadline', async () => {
  let freezing: Tab | undefined
  let frozen = false
  world = await createWorld({
    accessTokenSeconds: 3600,
    beforeRefreshAnswer: async ({ outcome }) => {
      const tab = freezing
      if (outcome !== 'rotated' || !tab) return 'send'
      freezing = undefined
      // The refresh stays under way. A process that is stopped inside a transaction would hold up the whole origin, and nobody could help it.
      if (!canItself('freeze')) await leaveStorageAlone(tab)
      await tab.freeze()
      frozen = true
      return 'send'
    },
  })
  const first = await world.open()
  await world.signIn(first)
  const tab = await world.open()
  await first.bringToFront()
  await allAre([first, tab], 'active')
  freezing = tab
  await spendToken(first)
  await askInTurn(tab)
  await until(() => frozen, { what: 'the refresh of the tab that freezes' })
  // The frozen tab still holds the lock: this call has an answer only because nobody waits for it for ever.
  expect(await first.evaluate(async () => (await shop.session.fetch(`${shop.issuer}/api/ping`)).status)).toBe(200)
  await tab.thaw()
  await allAre([first, tab], 'active')
  expect(world.of('refresh').map((event) => event.outcome)).not.toContain('reuse')
})
