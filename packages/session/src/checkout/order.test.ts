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

it('P6 an order whose key was being written when its person signed out lends that key to nobody', async () => {
  const made = await signedIn()
  const { first } = made
  const keys: string[] = []
  const submit = async (_draft: unknown, { idempotencyKey, fetch }: OrderCall): Promise<number> => {
    keys.push(idempotencyKey)
    return (await fetch(`${api}/orders`, { method: 'POST' })).status
  }
  const checkout = createCheckout(first.session, { submit, find: async () => undefined })
  let signedOut: Promise<unknown> | undefined
  opening = (database) => {
    if (database.endsWith('.orders')) signedOut ??= first.session.signOut()
  }
  expect(await outcome(checkout.submit(draft))).toBe('session-ended')
  await signedOut
  await signIn(made, first, 'otto')
  expect([await outcome(checkout.submit(draft)), keys.length]).toEqual([200, 1])
  await signIn(made, first, 'mira')
  expect(await checkout.recover()).toMatchObject({ status: 'pending' })
})
