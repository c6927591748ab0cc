// stop() in the middle of anything in a real page: calls settle, everything is given back, nothing is thrown where nobody catches it.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { until, type Tab } from '../driver/index.ts'
import { createPlace, run, type Place } from '../traces/place.ts'
import { typeIn } from '../world/person.ts'
import { givenBack, openIn, openSignedIn } from './given-back.ts'

let place: Place
let tab: Tab
let listeners = 0
beforeAll(async () => {
  place = await createPlace({ entry: 'life/page.ts' })
  place.routes['/files/slow'] = (_request, response) => {
    response.writeHead(200, { 'content-type': 'model/obj', 'content-length': 1_000 })
    response.write('never whole')
  }
  tab = await openSignedIn(place)
  await run(tab, () => traced.session.stop())
  listeners = (await openIn(tab)).listeners
})
afterAll(() => place.close())

type Phase = readonly [title: string, run: () => Promise<string>]

/** Each stops in the middle and lets go of what was held; says what became of the calls. */
const phases: readonly Phase[] = [
  ['the record is read', async () => {
    const store = life.stall('get')
    const { session } = life.make()
    const started = session.start()
    const call = life.outcome(session.fetch(`${traced.issuer}/api/ping`))
    await store.reached()
    session.stop()
    store.letGo()
    return `${JSON.stringify(await started)} ${await call}`
  }],
  ['the server is asked', async () => {
    const letGo = instruments.hold('/session')
    const { session } = await life.begin()
    const asked = life.outcome(session.confirm())
    await life.when(() => instruments.counts().requests > 0 && session.diagnostics().trace.some(({ what }) => what === 'confirming'))
    session.stop()
    letGo()
    return asked
  }],
  ['the tokens are refreshed', async () => {
    const letGo = instruments.hold('/token')
    const { now } = Date
    const { session } = await life.begin()
    Date.now = () => now() + 2 * 3_600_000
    const call = life.outcome(session.fetch(`${traced.issuer}/api/ping`))
    await life.when(() => session.diagnostics().trace.some(({ what }) => what === 'refreshing'))
    session.stop()
    Date.now = now
    letGo()
    return call
  }],
  ['a file is saved', async () => {
    const { session, downloads } = await life.begin()
    const saved = life.outcome(downloads.save('slow', `${location.origin}/files/slow`))
    await life.when(async () => (await caches.keys()).length > 0)
    session.stop()
    return saved
  }],
  ['an end is written', async () => {
    const { session } = await life.begin()
    const store = life.stall('put')
    const ended = life.outcome(session.signOut())
    await store.reached()
    session.stop()
    store.letGo()
    return ended
  }],
]

describe('E5 J12 stop() while', () => {
  test.each(phases)('%s', async (_title, work) => {
    // What an earlier phase kept for good is that phase's failure.
    const { databases } = await openIn(tab)
    const outcome = await run(tab, work)
    expect(outcome).toMatch(/^[\w {}-]+$/)
    await givenBack(tab, { timers: 0, channels: 0, databases, listeners, requests: 0, urls: 0, locks: 0 })
    expect(await run(tab, () => instruments.loose)).toEqual([])
  })

  test('a sign-in that came back is completed', async () => {
    const coming = await place.open()
    await run(coming, () => sessionStorage.setItem('held', '/token'))
    await run(coming, () => void traced.session.signIn())
    await typeIn(coming, 'jonas@example.test')
    await until(() => run(coming, () => globalThis.instruments?.counts().requests > 0 && globalThis.traced !== undefined), { what: 'the page to come back' })
    const outcome = await run(coming, async () => {
      traced.session.stop()
      sessionStorage.removeItem('held')
      instruments.letGo()
      return JSON.stringify(await traced.started)
    })
    expect(outcome).toBe('{}')
    await givenBack(coming, { channels: 0, databases: 0, requests: 0, locks: 0 })
    expect(await run(coming, () => [traced.session.state.status, instruments.loose.length])).toEqual(['restoring', 0])
  })

  // Last: the erasing that never answers holds its lock for up to 30 s, and others go on without it.
  test('what a session kept is erased, and the next start finishes it', async () => {
    const shared = await openSignedIn(place)
    await run(shared, () => traced.session.stop())
    await shared.close()
    const outcome = await run(tab, async () => {
      const { session, checkout } = await life.begin()
      await checkout.write({ items: ['chair'] })
      const store = life.stall('count', '3dimli.traces.checkout')
      void life.outcome(session.signOut())
      await store.reached()
      session.stop()
      store.letGo()
      const { session: again } = await life.begin()
      await life.when(() => again.diagnostics().openJournals === 0)
      const { lastPurge } = again.diagnostics()
      again.stop()
      return lastPurge?.complete
    })
    expect(outcome).toBe(true)
  })
})
