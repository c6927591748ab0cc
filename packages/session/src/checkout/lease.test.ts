/** The draft of a checkout and its lease. */
import * as fake from 'fake-indexeddb'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { eventually } from '../../test/eventually.ts'
import { offline, until } from '../../test/offline.ts'
import { outcome } from '../../test/scene.ts'
import { createCheckout } from './checkout.ts'

// The clock is moved by hand; a slow machine only makes the moving slow.
vi.setConfig({ testTimeout: 60_000 })

let opening = (): void => {}
beforeEach(() => {
  const factory = new fake.IDBFactory()
  opening = () => {}
  vi.stubGlobal('indexedDB', {
    open(name: string, version?: number) {
      opening()
      return factory.open(name, version)
    },
  })
})
afterEach(() => void vi.unstubAllGlobals())

const parts = { submit: async () => ({ id: 'order' }), find: async () => undefined }
const draft = { items: ['chair'] }

it('P7 P10 a draft can be neither read nor written once its lease is over, and is there again after a proof', async () => {
  const made = await offline()
  const checkout = createCheckout(made.first.session, parts)
  await checkout.write(draft)
  await until(made, 9_999)
  expect(await checkout.read()).toEqual(draft)
  await until(made, 10_000)
  const calls = Promise.all([checkout.read(), checkout.write({ items: [] }), checkout.clear(), checkout.recover()].map(outcome))
  await made.device.clock.advance(10_000)
  expect(await calls).toEqual(['fenced', 'fenced', 'fenced', 'fenced'])
  made.online()
  expect(await checkout.read()).toEqual(draft)
})

it('P7 P10 a write that the end of the lease overtakes costs no draft', async () => {
  const made = await offline()
  opening = () => made.device.clock.stepWall(10_000)
  const checkout = createCheckout(made.first.session, parts)
  const call = outcome(checkout.write(draft))
  await eventually(() => expect(made.asked.count).toBe(1))
  await made.device.clock.advance(10_000)
  expect(await call).toBe('fenced')
  made.online()
  expect(await checkout.read()).toEqual(draft)
})
