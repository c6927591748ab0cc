// A checkout in the real browser: the draft is the session's, the order is the buyer's.
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Tab } from '../driver/index.ts'
import { readStorage } from '../world/device.ts'
import { createWorld, type World } from '../world/world.ts'

let world: World
let tab: Tab
beforeEach(async () => {
  world = await createWorld({ accessTokenSeconds: 3600 })
  tab = await world.open()
  await world.signIn(tab)
})
afterEach(() => world.close())

const order = { items: ['knot-lamp'], address: { name: 'Mira', street: 'Canary Lane 7' } }
const listed = () => tab.evaluate(async () => (await (await shop.session.fetch(`${shop.issuer}/api/orders`)).json()) as unknown[])

test('G6 a draft is read in every tab, lies encrypted on the device, and goes when its order is taken', async () => {
  await tab.evaluate((draft) => shop.checkout.write(draft), order)
  const other = await world.open()
  expect(await other.evaluate(() => shop.checkout.read())).toEqual(order)
  const raw = await tab.evaluate(async () => {
    const request = indexedDB.open('3dimli.shop.checkout')
    await new Promise((resolve) => (request.onsuccess = resolve))
    const all = request.result.transaction('checkout').objectStore('checkout').getAll()
    await new Promise((resolve) => (all.onsuccess = resolve))
    request.result.close()
    return all.result.map((bytes: Uint8Array) => new TextDecoder('latin1').decode(bytes)).join()
  })
  expect(raw.length).toBeGreaterThan(80)
  expect(raw).not.toContain('Canary')
  await tab.evaluate((draft) => shop.checkout.submit(draft), order)
  expect(await listed()).toHaveLength(1)
  expect(await other.evaluate(() => shop.checkout.read())).toBeUndefined()
  expect(await tab.evaluate(() => shop.checkout.recover())).toEqual({ status: 'nothing-sent' })
})

test('P10 H2 an order whose answer was lost is found after the same buyer signs in again, and was placed once', async () => {
  await tab.evaluate((draft) => shop.checkout.write(draft), order)
  const failed = await tab.evaluate(async (draft) => {
    const { fetch } = globalThis
    globalThis.fetch = async (input, init) => {
      const answer = await fetch(input, init)
      if (new URL((input as Request).url).pathname === '/api/orders' && (input as Request).method === 'POST') throw new TypeError('connection lost')
      return answer
    }
    return shop.checkout.submit(draft).then(() => 'taken', (error: Error) => error.message)
  }, order)
  expect(failed).toBe('connection lost')
  await tab.evaluate(() => shop.session.signOut())
  expect((await readStorage(tab)).drafts).toEqual([])
  await world.signIn(tab)
  const recovered = await tab.evaluate(() => shop.checkout.recover())
  expect(recovered).toMatchObject({ status: 'found' })
  expect(await listed()).toHaveLength(1)
  expect(await tab.evaluate(() => shop.checkout.recover())).toEqual({ status: 'nothing-sent' })
})

test('P10 another account never hears of an order that is not its own', async () => {
  await tab.evaluate(async (draft) => {
    globalThis.fetch = ((fetch) => async (input, init) => {
      if ((input as Request).method === 'POST' && (input as Request).url.includes('/api/orders')) throw new TypeError('connection lost')
      return fetch(input, init)
    })(globalThis.fetch)
    await shop.checkout.submit(draft).catch(() => undefined)
  }, order)
  await tab.evaluate(() => shop.session.signOut())
  await world.signIn(tab, 'jonas@example.test')
  expect(await tab.evaluate(() => shop.checkout.recover())).toEqual({ status: 'nothing-sent' })
  await tab.evaluate(() => shop.session.signOut())
  await world.signIn(tab)
  expect(await tab.evaluate(() => shop.checkout.recover())).toMatchObject({ status: 'pending' })
})
