// The order being filled in: what is typed and what is kept never cost each other anything (fake-indexeddb).
import * as fake from 'fake-indexeddb'
import { createSession } from '@3dimli/session'
import { createCheckout } from '@3dimli/session/checkout'
import { createHttp } from '@3dimli/session/http'
import { createDevice, scriptedAuthority } from '@3dimli/session/testing'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createOrdering, findOrder, placeOrder, type Draft, type Order } from './ordering.ts'
import { createQueries } from './queries.ts'
import { createStock } from './stock.ts'

const api = 'https://api.test'
beforeEach(() => {
  vi.stubGlobal('indexedDB', new fake.IDBFactory())
  vi.stubGlobal('IDBKeyRange', fake.IDBKeyRange)
})
afterEach(() => void vi.unstubAllGlobals())

const kept = { name: 'Mira', street: 'Lindenweg 12', postcode: '10961', city: '', country: '' }

async function scene() {
  const device = createDevice()
  const server = scriptedAuthority(() => device.clock.now())
  server.pending = server.grant()
  const session = createSession({ authority: server.authority, platform: device.context().platform, origins: [api] })
  await session.start()
  const checkout = createCheckout<Draft, Order>(session, { submit: placeOrder(api), find: findOrder(api) })
  await checkout.write({ address: kept, items: [] })
  /** Each write of the form waits until it is let through. */
  let held = Promise.resolve()
  let broken = false
  const form = {
    ...checkout,
    write: async (draft: Draft) => held.then(() => {
      if (broken) throw new Error('the disk is full')
      return checkout.write(draft)
    }),
  }
  return {
    session, checkout,
    ordering: createOrdering(session, form, createStock(createHttp(session, { prefix: api }), createQueries())),
    breakDisk: (is: boolean) => void (broken = is),
    hold() {
      const { promise, resolve } = Promise.withResolvers<void>()
      held = promise
      return resolve
    },
  }
}

test('P10 what is typed before the draft was read joins it, in the form and on the device', async () => {
  const { session, checkout, ordering } = await scene()
  ordering.type('city', 'Berlin')
  const opened = ordering.open()
  ordering.type('street', 'Lindenweg 13')
  await opened
  const whole = { ...kept, street: 'Lindenweg 13', city: 'Berlin' }
  expect(ordering.address.value).toEqual(whole)
  await vi.waitFor(() => expect(ordering.keeping.value).toBe('written'), { timeout: 60_000 })
  expect(await checkout.read()).toEqual({ address: whole, items: [] })
  session.stop()
})

test('P10 nothing is said to be on the device while it is being written, whatever is read meanwhile', async () => {
  const { session, checkout, ordering, hold } = await scene()
  const letThrough = hold()
  ordering.type('city', 'Berlin')
  await vi.waitFor(() => expect(ordering.keeping.value).toBe('writing'), { timeout: 60_000 })
  await ordering.open()
  expect(ordering.keeping.value).toBe('writing')
  letThrough()
  await vi.waitFor(() => expect(ordering.keeping.value).toBe('written'), { timeout: 60_000 })
  expect(await checkout.read()).toEqual({ address: { ...kept, city: 'Berlin' }, items: [] })
  session.stop()
})

test('P10 what could not be written is not said to be on the device because something older was read', async () => {
  const { session, checkout, ordering, breakDisk } = await scene()
  breakDisk(true)
  ordering.type('city', 'Berlin')
  await vi.waitFor(() => expect(ordering.keeping.value).toBe('failed'), { timeout: 60_000 })
  await ordering.open()
  expect(ordering.keeping.value).toBe('failed')
  breakDisk(false)
  ordering.type('country', 'Germany')
  await vi.waitFor(() => expect(ordering.keeping.value).toBe('written'), { timeout: 60_000 })
  expect(await checkout.read()).toMatchObject({ address: { city: 'Berlin', country: 'Germany' } })
  session.stop()
})
