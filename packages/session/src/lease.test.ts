/** How long each kind may be used without a proof: to the millisecond, and what lifts it. */
import { describe, expect, it, vi } from 'vitest'
import { eventually } from '../test/eventually.ts'
import { allUsable, hour, lease, offline, until, usable, use, type Offline } from '../test/offline.ts'
import { api, outcome, revoked, sessionAnswer, turns, watched, type SceneOptions } from '../test/scene.ts'
import { decrypt, encrypt, streamOf } from './aes128gcm.ts'
import { permitted } from './downloads/permitted.ts'
import { feature, type LeaseKind } from './feature.ts'

// The clock is moved by hand; a slow machine only makes the moving slow.
vi.setConfig({ testTimeout: 60_000 })

describe('without a proof', () => {
  it('P7 each kind is held back when its own lease is over, not a millisecond sooner or later', async () => {
    const made = await offline()
    const { first } = made
    expect(await allUsable(first)).toEqual(['default', 'downloads', 'checkout'])
    await until(made, 9_999)
    expect(await allUsable(first)).toEqual(['default', 'downloads', 'checkout'])
    await until(made, 10_000)
    expect([await allUsable(first), first.session.state.status]).toEqual([['default', 'downloads'], 'active'])
    await until(made, 19_999)
    expect([await allUsable(first), first.session.state.status]).toEqual([['default', 'downloads'], 'active'])
    await until(made, 20_000)
    expect([await allUsable(first), first.session.state]).toMatchObject([['downloads'], { status: 'fenced', reason: 'lease' }])
    await until(made, 39_999)
    expect(await allUsable(first)).toEqual(['downloads'])
    await until(made, 40_000)
    expect([await allUsable(first), first.ends]).toEqual([[], []])
  })

  it('P7 the application hears of the default lease when it is over, though nobody does anything', async () => {
    const made = await offline({ tabs: 2 })
    for (const { states } of made.tabs) states.length = 0
    await until(made, 19_999)
    expect(made.tabs.map(({ states }) => states)).toEqual([[], []])
    await until(made, 20_000)
    expect(made.tabs.map(({ states }) => states.map((state) => 'reason' in state && state.reason))).toEqual([['lease'], ['lease']])
  })

  it.each<LeaseKind>(['checkout', 'default'])('P7 a use of %s waits 10 s and is told why', async (kind) => {
    const made = await offline()
    await until(made, 20_000)
    const call = use(made.first, kind).catch((error: unknown) => error)
    await made.device.clock.advance(9_999)
    expect(watched(call).result).toBe('pending')
    await made.device.clock.advance(1)
    expect(await call).toMatchObject({ code: 'fenced', details: { reason: 'lease' } })
  })

  it('P7 a request is a request, also one that a download makes', async () => {
    const made = await offline()
    await until(made, 25_000)
    const access = made.first.session[feature]
    const call = watched(access.fetch(`${api}/file`, undefined, await access.capture(undefined, 'downloads')))
    await made.device.clock.advance(10_000)
    expect([call.result, made.first.sent, await usable(made.first, 'downloads')]).toEqual(['fenced', [], true])
  })

  it('P7 a request whose lease is over the moment before it leaves is not sent', async () => {
    let late = (): void => {}
    const made = await offline({ authority: (given) => ({ ...given, connect(io) {
      const connection = given.connect(io)
      return { ...connection, async headers(request) {
        late()
        return connection.headers(request)
      } }
    } }) })
    late = () => made.device.clock.stepWall(20_000)
    const call = watched(made.first.session.fetch(`${api}/x`))
    await turns()
    expect([call.result, made.first.sent, made.asked.count]).toEqual(['pending', [], 1])
  })

  it('P1 what has a longer lease than the rest is used no longer than the record allows, also while the rest is held back', async () => {
    const made = await offline()
    await until(made, 25_000)
    const access = made.first.session[feature]
    const captured = await access.capture(undefined, 'downloads')
    await access.pass(captured)
    const { live: _live, ...row } = made.device.row()!
    made.device.overwrite({ ...row, epoch: { n: row.epoch.n + 1, id: 'after' } })
    await made.device.clock.advance(101)
    expect(await outcome(access.pass(captured))).toBe('session-ended')
  })

  it('P7 a stream that is open stops at the next record', async () => {
    const made = await offline()
    const access = made.first.session[feature]
    const captured = await access.capture(undefined, 'downloads')
    const { key } = await access.content(captured)
    const sealed = encrypt(streamOf(new Uint8Array(2_000)), key, new Uint8Array(16), 117)
    const reader = decrypt(sealed, key).pipeThrough(permitted(async () => void (await access.pass(captured)))).getReader()
    let read = 0
    const toTheEnd = async (): Promise<void> => {
      while (!(await reader.read()).done) read += 1
    }
    await reader.read()
    await until(made, 40_000)
    const rest = watched(toTheEnd())
    while (rest.result === 'pending') await made.device.clock.advance(10_000)
    // What had been opened ahead when the time was up is not handed out.
    expect([rest.result, read]).toEqual(['fenced', 0])
  })
})

describe('a proof', () => {
  it('P7 is asked for once by all who wait, and lets them go on', async () => {
    const made = await offline()
    await until(made, 10_000)
    expect(made.asked.count).toBe(0)
    made.online()
    expect(await Promise.all([use(made.first, 'checkout'), use(made.first, 'checkout'), use(made.first, 'checkout')])).toEqual(['used', 'used', 'used'])
    expect([made.asked.count, made.device.row()?.provenAt]).toEqual([1, made.device.clock.now()])
    await until(made, 9_999)
    expect(await usable(made.first, 'checkout')).toBe(true)
  })

  it('P7 that does not come is asked for once, whatever moves while a call waits', async () => {
    const made = await offline({ options: { lease: { ...lease, default: '1h' } } })
    await until(made, 10_000)
    const call = watched(use(made.first, 'checkout'))
    await turns()
    made.first.states.length = 0
    made.device.post({ v: 1, type: 'watching', from: 'another', epochId: 'another', feed: true })
    await turns()
    expect([made.first.states.map(({ status }) => status), call.result, made.asked.count]).toEqual([['fenced', 'active'], 'pending', 1])
  })

  const proofs: readonly (readonly [string, (made: Offline) => unknown])[] = [
    ['the session endpoint', ({ first }) => first.session.confirm()],
    ['the feed', ({ server, sid }) => [...server.feeds][0]?.event({ from: 'feed', status: 200, body: { active: true, sid } }, undefined)],
    ['a refresh', ({ first }) => {
      first.context.fetch = async (request) => (request.headers.get('authorization') === 'Bearer at-1' ? new Response('', { status: 401 }) : new Response('ok'))
      return first.session.fetch(`${api}/x`)
    }],
    ['a look at the page', ({ first }) => first.context.look()],
  ]
  it.each(proofs)('P7 by %s lifts at once what waits', async (_by, prove) => {
    const made = await offline({ options: { lease: { ...lease, default: '1h' } }, tabs: 1 })
    made.server.features = { ...made.server.features, feed: true }
    await until(made, 15_000)
    const call = watched(use(made.first, 'checkout'))
    await turns()
    expect([call.result, made.asked.count]).toEqual(['pending', 1])
    made.online()
    await prove(made)
    await turns()
    expect(call.result).toBe('used')
  })

  it('P7 that another tab had is enough, without a message and without a question', async () => {
    const made = await offline({ tabs: 2, options: { lease: { ...lease, default: '1h' } } })
    const { first, second } = made
    await until(made, 10_000)
    made.online()
    await first.session.confirm()
    expect(made.device.posted.at(-1)).not.toMatchObject({ type: 'changed' })
    await made.device.clock.advance(101)
    expect([await usable(second, 'checkout'), made.asked.count]).toEqual([true, 1])
  })

  it('P7 of the default lease is asked for in time, by one tab for all: nobody ever sees a fence', async () => {
    /** Each tab draws its share first. */
    const ports: SceneOptions['ports'] = (given, tab) => {
      let drawn = false
      return { ...given, random: (length) => {
        const bytes = given.random(length)
        if (!drawn) bytes[0] = tab * 100
        drawn = true
        return bytes
      } }
    }
    const made = await offline({ tabs: 3, ports, options: { lease: { default: '60s' } } })
    made.online()
    for (const { states } of made.tabs) states.length = 0
    // The last tenth is 6 s long, and of it the third tab asks 0.5 + 200 / 512 ahead.
    await until(made, 54_656)
    expect(made.asked.count).toBe(0)
    await until(made, 54_657)
    expect(made.asked.count).toBe(1)
    await until(made, 54_656)
    expect(made.asked.count).toBe(1)
    await until(made, 54_657)
    expect([made.asked.count, made.tabs.map(({ states }) => states)]).toEqual([2, [[], [], []]])
  })

  it('P7 of the default lease that was asked for in vain is asked for again when it is over, and not at every read in between', async () => {
    const made = await offline({ options: { lease: { default: '60s' } } })
    await until(made, 59_000)
    for (let call = 0; call < 3; call += 1) {
      await made.device.clock.advance(101)
      expect(await usable(made.first, 'default')).toBe(true)
    }
    expect(made.asked.count).toBe(1)
    await until(made, 60_000)
    expect([made.asked.count, made.first.session.state]).toMatchObject([2, { status: 'fenced', reason: 'lease' }])
  })

  it('P7 lifts the default lease in every tab', async () => {
    const made = await offline({ tabs: 3 })
    await until(made, 20_000)
    expect(made.tabs.map(({ session }) => session.state.status)).toEqual(['fenced', 'fenced', 'fenced'])
    made.online()
    await made.first.session.confirm()
    await turns()
    expect(made.tabs.map(({ session }) => session.state.status)).toEqual(['active', 'active', 'active'])
  })

  it('P7 is none where the server says that it is over: what waits fails with the end', async () => {
    const made = await offline()
    await until(made, 10_000)
    made.server.onSession = sessionAnswer(revoked(made.sid))
    expect(await outcome(use(made.first, 'checkout'))).toBe('session-ended')
    await eventually(() => expect(made.first.ends).toEqual(['revoked']))
  })

  it('P4 that never comes ends and erases nothing, however long it takes', async () => {
    const made = await offline()
    const content = made.device.row()?.live?.content
    made.device.clock.stepWall(400 * 24 * hour)
    await made.device.clock.advance(60_000)
    expect([await allUsable(made.first), made.first.ends, made.device.row()?.live?.content]).toEqual([[], [], content])
    made.online()
    expect(await made.first.session.confirm()).toBe('alive')
    expect(await allUsable(made.first)).toEqual(['default', 'downloads', 'checkout'])
  })
})
