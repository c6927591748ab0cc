/** An order that another tab took for lost is sent no more. */
import * as fake from 'fake-indexeddb'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { eventually } from '../../test/eventually.ts'
import { api, outcome, signedIn, slowReads, turns, type SceneOptions } from '../../test/scene.ts'
import { createCheckout, type Checkout, type OrderCall } from './checkout.ts'

beforeEach(() => void vi.stubGlobal('indexedDB', new fake.IDBFactory()))
afterEach(() => void vi.unstubAllGlobals())

const draft = { items: ['chair'] }

/** What whoever asks for it waits for, until it is let go. */
function hold() {
  const { promise, resolve } = Promise.withResolvers<void>()
  let asked = 0
  return { go: resolve, asked: () => asked, wait: () => ((asked += 1), promise) }
}

/** Two tabs before one shop, which takes an order once for each key. The first calls `before` in its `submit`, then sends. */
async function shop({ before = async () => {}, ...given }: SceneOptions & { readonly before?: () => Promise<unknown>; readonly lifetimeSeconds?: number } = {}) {
  const made = await signedIn({ tabs: 2, lifetimeSeconds: 3_600, ...given })
  const { first, second } = made
  const bought = new Set<string>()
  first.context.fetch = async ({ headers }) => {
    bought.add(headers.get('idempotency-key') ?? '')
    return new Response('ok')
  }
  const send = async (_draft: unknown, { idempotencyKey, fetch }: OrderCall): Promise<number> => {
    await before()
    return (await fetch(`${api}/orders`, { method: 'POST', headers: { 'idempotency-key': idempotencyKey } })).status
  }
  const find = async ({ idempotencyKey }: OrderCall): Promise<number | undefined> => (bought.has(idempotencyKey) ? 200 : undefined)
  const one = createCheckout(first.session, { submit: send, find, freshWithinMs: Number.POSITIVE_INFINITY })
  const looking = { find }
  const other: Checkout<unknown, number> = createCheckout(second.session, {
    freshWithinMs: Number.POSITIVE_INFINITY,
    find: (call) => looking.find(call),
    submit: async (_draft, { idempotencyKey }) => bought.add(idempotencyKey).size,
  })
  const boughtElsewhere = async (): Promise<void> => {
    expect(await other.recover()).toMatchObject({ status: 'not-received' })
    await other.submit(draft)
  }
  return { ...made, bought, one, other, looking, find, boughtElsewhere }
}

/** An order is held up; meanwhile its minute goes by and another tab buys: it is sent no more when it goes on. */
async function overtaken({ device, one, bought, boughtElsewhere }: Awaited<ReturnType<typeof shop>>, { go, asked }: ReturnType<typeof hold>): Promise<void> {
  const call = outcome(one.submit(draft))
  await eventually(() => expect(asked()).toBe(1))
  device.clock.stepWall(60_000)
  await boughtElsewhere()
  go()
  expect([await call, bought.size]).toEqual(['order-pending', 1])
}

it('P10 an order that froze before it was sent is bought once, by the tab that went on', async () => {
  const { go, wait, asked } = hold()
  const { device, first, one, bought, boughtElsewhere } = await shop({ before: wait })
  const call = outcome(one.submit(draft))
  await eventually(() => expect(asked()).toBe(1))
  first.context.freeze()
  await device.clock.advance(60_000)
  await boughtElsewhere()
  first.context.thaw()
  go()
  expect([await call, bought.size]).toEqual(['order-pending', 1])
  expect(await one.recover()).toEqual({ status: 'nothing-sent' })
})

it('P10 an order whose place another one has is not sent, nor is that one taken away', async () => {
  const { go, wait, asked } = hold()
  const { device, second, one, other, find, bought } = await shop({ before: wait })
  const call = outcome(one.submit(draft))
  await eventually(() => expect(asked()).toBe(1))
  await device.clock.advance(60_000)
  expect(await other.recover()).toMatchObject({ status: 'not-received' })
  const lost = createCheckout(second.session, { find, submit: async () => Promise.reject(new TypeError('the network failed')) })
  await lost.submit(draft).catch(() => undefined)
  go()
  expect([await call, bought.size]).toEqual(['order-pending', 0])
  expect(await other.recover()).toMatchObject({ status: 'pending' })
})

it('P10 an order that was not yet sent when the clock was set ahead is bought once', async () => {
  const held = hold()
  await overtaken(await shop({ before: held.wait }), held)
})

it('P10 an order that slept behind a fence is bought once', async () => {
  const { promise, resolve } = Promise.withResolvers<void>()
  const slow: { held?: Promise<void> | undefined } = {}
  const before = async (): Promise<void> => {
    slow.held = promise
    first.context.freeze()
    first.context.thaw()
  }
  const { device, first, one, bought, boughtElsewhere } = await shop({ before, ports: (ports, tab) => (tab === 0 ? slowReads(ports, slow) : ports) })
  const call = outcome(one.submit(draft))
  await eventually(() => expect(first.session.state).toMatchObject({ status: 'fenced', reason: 'waking' }))
  device.clock.stepWall(60_000)
  await boughtElsewhere()
  slow.held = undefined
  resolve()
  expect([await call, bought.size]).toEqual(['order-pending', 1])
})

it('P10 an order that slept while it waited for a new token is bought once', async () => {
  const held = hold()
  const made = await shop({ before: () => made.device.clock.advance(59_000), lifetimeSeconds: 50 })
  const { onRefresh } = made.server
  made.server.onRefresh = async (...refresh) => held.wait().then(() => onRefresh(...refresh))
  await overtaken(made, held)
})

it('P10 an order that slept between a 401 and its retry is bought once', async () => {
  const held = hold()
  const made = await shop()
  const { server, first } = made
  const { onRefresh } = server
  const { fetch } = first.context
  server.onRefresh = async (...refresh) => held.wait().then(() => onRefresh(...refresh))
  first.context.fetch = async (request) => (request.headers.get('authorization') === 'Bearer at-1' ? new Response('', { status: 401 }) : fetch(request))
  await overtaken(made, held)
})

it('P10 an order that slept after its key was looked at is bought once', async () => {
  const { promise, resolve } = Promise.withResolvers<void>()
  const slow: { held?: Promise<void> | undefined } = {}
  const { device, first, one, bought, boughtElsewhere } = await shop({ before: async () => void (sending = true), ports: (ports, tab) => (tab === 0 ? slowReads(ports, slow) : ports) })
  let sending = false
  const factory = globalThis.indexedDB
  vi.stubGlobal('indexedDB', {
    open(name: string, version?: number) {
      if (sending) {
        sending = false
        slow.held = promise
        first.context.freeze()
        first.context.thaw()
      }
      return factory.open(name, version)
    },
  })
  const call = outcome(one.submit(draft))
  await eventually(() => expect(first.session.state).toMatchObject({ status: 'fenced', reason: 'waking' }))
  await turns()
  device.clock.stepWall(60_000)
  await boughtElsewhere()
  slow.held = undefined
  resolve()
  expect([await call, bought.size]).toEqual(['order-pending', 1])
})

it('P10 an order that waited before it was sent may still arrive for a minute after', async () => {
  const { device, first, one, other } = await shop({ before: () => device.clock.advance(50_000) })
  first.context.fetch = async () => Promise.reject(new TypeError('the network failed'))
  await one.submit(draft).catch(() => undefined)
  await device.clock.advance(59_000)
  expect(await other.recover()).toMatchObject({ status: 'pending' })
  await device.clock.advance(1_000)
  expect(await other.recover()).toMatchObject({ status: 'not-received' })
})

it('P10 an order that is sent while another tab asks for it may still arrive', async () => {
  const sending = hold()
  const arriving = hold()
  const answering = hold()
  const { device, first, one, other, looking } = await shop({ before: sending.wait })
  first.context.fetch = async () => arriving.wait().then(() => new Response('ok'))
  looking.find = async () => answering.wait() as Promise<undefined>
  const call = outcome(one.submit(draft))
  await eventually(() => expect(sending.asked()).toBe(1))
  await device.clock.advance(60_000)
  const recovery = other.recover()
  await eventually(() => expect(answering.asked()).toBe(1))
  sending.go()
  await eventually(() => expect(arriving.asked()).toBe(1))
  answering.go()
  expect(await recovery).toMatchObject({ status: 'pending' })
  arriving.go()
  expect(await call).toBe(200)
})

it('P10 an order that the server was asked for within its minute may still arrive, however late the answer comes', async () => {
  const { wait, go, asked } = hold()
  const { device, first, one, other, looking } = await shop()
  first.context.fetch = async () => Promise.reject(new TypeError('the network failed'))
  looking.find = async () => wait() as Promise<undefined>
  await one.submit(draft).catch(() => undefined)
  await device.clock.advance(59_000)
  const recovery = other.recover()
  await eventually(() => expect(asked()).toBe(1))
  await device.clock.advance(1_000)
  go()
  expect(await recovery).toMatchObject({ status: 'pending' })
})

it('P10 an order is sent as it was when its call was made', async () => {
  const { first } = await signedIn()
  const sent: string[] = []
  first.context.fetch = async (request) => {
    sent.push(`${request.url} ${await request.text()}`)
    return new Response('ok')
  }
  const submit = async (_draft: unknown, { fetch }: OrderCall): Promise<number> => {
    const body = new TextEncoder().encode('1')
    const answer = fetch(new URL(`${api}/orders`), { method: 'POST', body })
    body.fill(50)
    return (await answer).status
  }
  await createCheckout(first.session, { submit, find: async () => undefined }).submit(draft)
  expect(sent).toEqual([`${api}/orders 1`])
})

it('P10 an order that slept while the person signed in anew, since the shop asked for more, is bought once', async () => {
  const held = hold()
  const stepUp = (): Promise<void> => held.wait().then(() => first.session.adopt({ accessToken: 'at-strong', subject: 'mira' }))
  const made = await shop({ options: { stepUp } })
  const { first } = made
  const { fetch } = first.context
  const weak = (): Response => new Response(null, { status: 401, headers: { 'www-authenticate': 'Bearer error="insufficient_user_authentication", acr_values="mfa"' } })
  first.context.fetch = async (request) => (request.headers.get('authorization') === 'Bearer at-strong' ? fetch(request) : weak())
  await overtaken(made, held)
})
