/** The key of an order: the same for the same order of one person, and no other. */
import * as fake from 'fake-indexeddb'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { api, outcome, signedIn, signIn } from '../../test/scene.ts'
import { createCheckout, type OrderCall } from './checkout.ts'

let opening: (database: string) => void
beforeEach(() => {
  const factory = new fake.IDBFactory()
  opening = () => {}
  vi.stubGlobal('indexedDB', {
    open(name: string, version?: number) {
      opening(name)
      return factory.open(name, version)
    },
  })
})
afterEach(() => void vi.unstubAllGlobals())

const draft = { items: ['chair'] }

it('P10 an order that was sent again may still arrive for as long as one that was sent once', async () => {
  const { first, device } = await signedIn({ lifetimeSeconds: 3_600 })
  const submit = async (): Promise<never> => {
    throw new TypeError('the network failed')
  }
  const checkout = createCheckout(first.session, { submit, find: async () => undefined })
  await checkout.submit(draft).catch(() => undefined)
  await device.clock.advance(59_999)
  expect(await checkout.recover()).toMatchObject({ status: 'pending' })
  await checkout.submit(draft).catch(() => undefined)
  await device.clock.advance(59_999)
  expect(await checkout.recover()).toMatchObject({ status: 'pending' })
  await device.clock.advance(1)
  expect(await checkout.recover()).toMatchObject({ status: 'not-received' })
})
