// One refresh per generation at a real provider, counted there, whatever happens to the tabs.
import { afterEach, expect, test } from 'vitest'
import { can, engine, needs, until, type Tab } from '../driver/index.ts'
import { leaveTraces, readStorage, spendToken } from '../world/device.ts'
import { allAre, createWorld, onlyOneIsVisible, type World } from '../world/world.ts'

let world: World
afterEach(() => world.close())

const outcomes = () => world.of('refresh').map((event) => event.outcome)

/** Whether the refresh under way is this tab's. */
const isRefreshing = (tab: Tab) => tab.evaluate(() =>
  shop.session.diagnostics().trace.findLast(({ what }) => what.startsWith('refresh'))?.what === 'refreshing')

/** How many times the tokens in the record were renewed. */
const generation = (tab: Tab) => tab.evaluate(async () => {
  const request = indexedDB.open('3dimli.shop')
  await new Promise((resolve) => (request.onsuccess = resolve))
  const row = request.result.transaction('record').objectStore('record').get('session')
  await new Promise((resolve) => (row.onsuccess = resolve))
  request.result.close()
  return row.result.generation as number
})

/** Lets one tab die after the provider committed its refresh and before the answer leaves. */
function mortal() {
  let dying: Tab | undefined
  let died = -1
  return {
    hook: async ({ outcome }: { outcome: string }): Promise<'send'> => {
      const tab = dying
      const before = outcomes().length - 1
      // Others may refresh as well, such as one that was just looked at.
      if (outcome !== 'rotated' || !tab || !(await isRefreshing(tab)) || dying !== tab) return 'send'
      dying = undefined
      died = before
      await tab.crash()
      return 'send'
    },
    /** Spends the token. Resolves, once the tab is dead, with how many refreshes there were before its own. */
    async dieRefreshing(tab: Tab, witness: Tab): Promise<number> {
      dying = tab
      await until(async () => {
        if (died >= 0) return true
        // Again where a refresh of another tab came in between.
        await spendToken(witness)
        tab.evaluate(() => void shop.session.fetch(`${shop.issuer}/api/ping`).catch(() => undefined)).catch(() => undefined)
        return false
      }, { what: 'the refresh of the tab that dies', lookMs: 30_000 })
      return died
    },
  }
}

const ping = (tab: Tab) => tab.evaluate(async () => (await shop.session.fetch(`${shop.issuer}/api/ping`)).status)

// A minute in Chromium, twelve generations of it; three in the others, which spares every run a minute and a half.
const seconds = engine === 'chromium' ? 60 : 12

test('P3 A1 ten tabs on 5 s tokens send one request a second: one refresh for each generation', async () => {
  world = await createWorld({ accessTokenSeconds: 5 })
  const first = await world.open()
  await world.signIn(first)
  const tabs = [first]
  while (tabs.length < 10) tabs.push(await world.open())
  await allAre(tabs, 'active')
  await onlyOneIsVisible(tabs)

  const runs = tabs.map((tab) =>
    tab.evaluate(async (count) => {
      const calls: Promise<number | string>[] = []
      await new Promise<void>((resolve) => {
        const timer = setInterval(() => {
          calls.push(shop.session.fetch(`${shop.issuer}/api/ping`).then(
            (answer) => answer.status,
            (error: { code?: string; message: string }) => error.code ?? error.message,
          ))
          if (calls.length >= count) {
            clearInterval(timer)
            resolve()
          }
        }, 1_000)
      })
      return Promise.all(calls)
    }, seconds),
  )
  const results = (await Promise.all(runs)).flat()
  expect(results).toHaveLength(10 * seconds)
  expect(results.filter((result) => result !== 200)).toEqual([])
  // The last requests may have begun another refresh beside themselves, which comes to its end first.
  const generations = await until(async () => {
    const count = await generation(first)
    return count === outcomes().filter((outcome) => outcome === 'rotated').length && count
  }, { what: 'as many generations as there were refreshes' })
  const repeated = outcomes().filter((outcome) => outcome === 'replayed').length
  console.log(`${engine}: ${results.length} requests, ${generations} generations, refreshes at the provider: ${outcomes().length - repeated}`)
  expect(generations).toBeGreaterThanOrEqual(seconds / 12)
  expect(outcomes().filter((outcome) => outcome !== 'rotated' && outcome !== 'replayed')).toEqual([])
  // Whoever has waited 2 s for another tab's refresh has its answer repeated, which spends nothing. That is the exception.
  expect(repeated).toBeLessThan(generations)
  await allAre(tabs, 'active')
})

test('P3 A11 a tab that dies after the server committed its refresh costs nothing: the answer is repeated to another tab', async (context) => {
  needs(context, 'crash')
  const { hook, dieRefreshing } = mortal()
  world = await createWorld({ accessTokenSeconds: 3600, beforeRefreshAnswer: hook })
  const first = await world.open()
  await world.signIn(first)
  const second = await world.open()
  const before = await dieRefreshing(await world.open(), first)
  expect([await ping(first), await ping(second)]).toEqual([200, 200])
  expect(outcomes().slice(before, before + 2)).toEqual(['rotated', 'replayed'])
  expect(outcomes()).not.toContain('reuse')
})

test('P5 A15 a sign-out while another tab is being answered resurrects nothing, and the rotated token is revoked', async () => {
  const gate = Promise.withResolvers<void>()
  let held = 0
  world = await createWorld({
    accessTokenSeconds: 3600,
    beforeRefreshAnswer: async () => {
      held += 1
      await gate.promise
      return 'send'
    },
  })
  const first = await world.open()
  await world.signIn(first)
  const tabs = [first, await world.open(), await world.open()]
  await allAre(tabs, 'active')
  await spendToken(first)
  await tabs[1]!.evaluate(() => void shop.session.fetch(`${shop.issuer}/api/ping`).catch(() => undefined))
  await until(() => held > 0, { what: 'a refresh to be under way' })
  const result = await tabs[0]!.evaluate(() => shop.session.signOut())
  expect(result.purge).toMatchObject({ complete: true })
  await allAre(tabs, 'signed-out')
  gate.resolve()
  const seenIn = (tab: Tab) => tab.evaluate(async () => {
    const request = indexedDB.open('3dimli.shop')
    await new Promise((resolve) => (request.onsuccess = resolve))
    const row = request.result.transaction('record').objectStore('record').get('session')
    await new Promise((resolve) => (row.onsuccess = resolve))
    request.result.close()
    return { live: row.result.live !== undefined, outbox: row.result.outbox.length as number, discarded: shop.session.diagnostics().trace.some((entry) => entry.what === 'refresh-discarded') }
  })
  await until(async () => {
    const seen = await Promise.all(tabs.map(seenIn))
    // Another tab than the one that was told to may have been the first to refresh.
    return seen.some(({ discarded }) => discarded) && seen.every(({ outbox }) => outbox === 0)
  }, { what: 'the late answer to be given back' })
  expect((await seenIn(first)).live).toBe(false)
  await allAre(tabs, 'signed-out')
  expect(world.of('revocation').length).toBeGreaterThanOrEqual(2)
  expect((await world.authority.sessions()).filter((session) => session.end === undefined)).toEqual([])
})

test('P3 P10 A11 without a server that repeats its answers the worst case is expired: the work is kept, locked, and back after the sign-in', async (context) => {
  needs(context, 'crash')
  const { hook, dieRefreshing } = mortal()
  world = await createWorld({ accessTokenSeconds: 3600, contract: 'plain', idempotentRefresh: false, beforeRefreshAnswer: hook })
  const first = await world.open()
  await world.signIn(first)
  await leaveTraces(first)
  await dieRefreshing(await world.open(), first)
  await first.bringToFront()
  // It waits for the dead tab first.
  const ended = await first.evaluate(() => shop.session.fetch(`${shop.issuer}/api/ping`).then((answer) => answer.status, (error: { code: string }) => error.code))
  expect(ended).toBe('session-ended')
  await allAre([first], 'signed-out')
  expect(await first.evaluate(() => shop.ends)).toMatchObject([{ end: { cause: 'expired', disposition: 'lock', lockedUntil: expect.any(Number) } }])
  expect(await readStorage(first)).toMatchObject({ record: { live: false, hasContentKey: false, vault: 1 }, drafts: [expect.any(String)] })

  await world.signIn(first, 'jonas@example.test')
  expect(await first.evaluate(() => shop.downloads.list())).toEqual([])
  await first.evaluate(() => shop.session.signOut())
  await world.signIn(first)
  expect(await first.evaluate(() => shop.downloads.list())).toHaveLength(2)
  expect(await first.evaluate(() => shop.checkout.read())).toMatchObject({ street: 'Canary Lane 7' })
})

test('decision 12: tokens are bound to a key that cannot leave the device', async () => {
  world = await createWorld()
  const tab = await world.open()
  await world.signIn(tab)
  const held = await tab.evaluate(async () => {
    const request = indexedDB.open('3dimli.shop')
    await new Promise((resolve) => (request.onsuccess = resolve))
    const row = request.result.transaction('record').objectStore('record').get('session')
    await new Promise((resolve) => (row.onsuccess = resolve))
    request.result.close()
    const { tokens, keys, content } = row.result.live
    return { type: tokens.tokenType, proof: keys.privateKey.extractable, content: content.key.extractable }
  })
  expect(held).toEqual({ type: 'DPoP', proof: false, content: false })
  const noted = await tab.evaluate(async () => {
    const { fetch } = globalThis
    const seen: Record<string, string>[] = []
    globalThis.fetch = (input, init) => {
      seen.push(Object.fromEntries(new Request(input, init).headers))
      return fetch(input, init)
    }
    await shop.session.fetch(`${shop.issuer}/api/ping`)
    globalThis.fetch = fetch
    return seen.at(-1)
  })
  const sent = tab.observed.requests.filter((request) => request.url.endsWith('/api/ping') && request.method === 'GET')
  // From outside where that can be seen, else by what the page hands to its fetch.
  expect(can('requests') ? sent.at(-1)?.headers : noted).toMatchObject({ authorization: expect.stringMatching(/^DPoP /), dpop: expect.stringMatching(/^ey/) })
})

test('A DPoP server that asks for nonces is answered once with each, and nobody is refreshed for it', async () => {
  world = await createWorld({ dpopNonce: true, accessTokenSeconds: 2 })
  const tab = await world.open()
  await world.signIn(tab)
  for (let round = 0; round < 3; round += 1) {
    await until(async () => (await ping(tab)) === 200 && outcomes().length > round, { what: 'a refresh with a nonce' })
  }
  expect(outcomes().filter((outcome) => outcome !== 'rotated' && outcome !== 'refused')).toEqual([])
  await allAre([tab], 'active')
})
