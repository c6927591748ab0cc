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

test('P10 what is typed before the draft was read joins it, in the form and on the device', async () => {
  const device = createDevice()
  const server = scriptedAuthority(() => device.clock.now())
  server.pending = server.grant()
  const session = createSession({ authority: server.authority, platform: device.context().platform, origins: [api] })
  await session.start()
  const checkout = createCheckout<Draft, Order>(session, { submit: placeOrder(api), find: findOrder(api) })
  const kept = { name: 'Mira', street: 'Lindenweg 12', postcode: '10961', city: '', country: '' }
  await checkout.write({ address: kept, items: [] })

  const ordering = createOrdering(session, checkout, createStock(createHttp(session, { prefix: api }), createQueries()))
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
