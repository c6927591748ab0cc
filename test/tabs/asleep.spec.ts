// A tab that slept through the end sends nothing and shows nothing when it comes back.
import { afterEach, expect, test } from 'vitest'
import { can, canItself, until, type Tab } from '../driver/index.ts'
import { askInTurn, keepAsking, leaveStorageAlone, rest } from '../world/asking.ts'
import { redPixels, spendToken } from '../world/device.ts'
import { allAre, createWorld, type World } from '../world/world.ts'

let world: World
afterEach(() => world.close())

/** `wake` tells whether the page is the one that fell asleep, and not a new one. */
async function asleep(sleep: (tab: Tab) => Promise<void>, wake: (tab: Tab) => Promise<boolean>, isWatching = true): Promise<void> {
  world = await createWorld({ accessTokenSeconds: 3600 })
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

  await sleep(sleeper)
  const other = await world.open()
  await allAre([other], 'active')
  const { committedAt } = await world.authority.end(sid, { reason: 'access-removed' })
  // Where a tab is not told that it freezes, it keeps the feed: the others notice by 12.5 s of silence.
  await allAre([other], 'signed-out')
  const before = world.of('api').length
  sleeper.observed.clear()

  const isSame = await wake(sleeper)
  const picture = await sleeper.screenshot()
  await allAre([sleeper], 'signed-out')
  // A page that was made anew adds its content whoever is signed in: only one that slept tells whether it is covered.
  if (isSame) {
    expect(await redPixels(viewer, picture)).toBe(0)
    expect(await redPixels(viewer, await sleeper.screenshot())).toBe(0)
  }
  expect(await sleeper.evaluate(() => shop.ends)).toMatchObject(isSame ? [{ end: { cause: 'revoked', reason: 'access-removed' } }] : [])
  expect(world.of('api').slice(before).filter((event) => event.at >= committedAt)).toEqual([])
  expect(sleeper.observed.requests.filter((request) => 'authorization' in request.headers)).toEqual([])
}

/** The tab is left for another page, and its person comes back. */
const asleepInCache = (isWatching: boolean): Promise<void> => asleep(
  async (tab) => {
    // Chromium evicts a page from its cache whose database transaction stands in another's way.
    await rest(tab)
    await tab.goto(`${world.origin}/bare`)
  },
  async (tab) => {
    const { persisted } = await tab.back()
    // One that watches gives its lock up when it is left, which is too late for Firefox; another waits for that lock.
    expect(persisted).toBe(can('keep-locks'))
    return persisted
  },
  isWatching,
)

test('P1 E3 E4 a revocation while the tab that watches is in the back/forward cache', () => asleepInCache(true))

test('P1 E3 E4 a revocation while another tab is in the back/forward cache', () => asleepInCache(false))

test('P1 E3 A8 a revocation while a tab is frozen', async () => {
  await asleep(
    async (tab) => {
      await (await world.browser.openTab(`${world.origin}/bare`)).bringToFront()
      // A process that is stopped inside a transaction would keep the whole origin waiting: that is another test.
      if (!canItself('freeze')) await rest(tab)
      await tab.freeze()
    },
    async (tab) => {
      await tab.thaw()
      return true
    },
  )
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
