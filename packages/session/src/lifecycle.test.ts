/** Starting and stopping, in any order and as often as a framework likes. */
import { describe, expect, it } from 'vitest'
import { api, outcome, scene, signedIn, turns, watched } from '../test/scene.ts'

describe('before start()', () => {
  it('J12 nothing happens: no read, no timer, no message', async () => {
    const { first, device } = scene()
    await turns()
    expect([first.session.state, device.clock.pending(), device.posted, device.row()]).toEqual([{ status: 'restoring' }, 0, [], undefined])
  })

  it('calls wait for it', async () => {
    const made = await signedIn()
    const later = made.open()
    const call = watched(later.session.fetch(`${api}/x`))
    await turns()
    expect(call.result).toBe('pending')
    await later.session.start()
    await turns()
    expect(call.result).toBe(200)
  })

  it('E5 calls wait for it, also when something was stopped that never ran', async () => {
    const made = await signedIn()
    const later = made.open()
    const call = watched(later.session.fetch(`${api}/x`))
    await turns()
    later.session.stop()
    await later.session.start()
    await turns()
    expect(call.result).toBe(200)
  })
})

describe('start()', () => {
  it('E5 twice is once', async () => {
    const { first, device } = scene()
    const [one, two] = await Promise.all([first.session.start(), first.session.start()])
    await turns()
    expect([one, two]).toEqual([{}, {}])
    const timers = device.clock.pending()
    await first.session.start()
    await turns()
    expect(device.clock.pending()).toBe(timers)
  })

  it('E5 stop, start at once, as a framework does in development, leaves one session that works', async () => {
    const { first, device, sid } = await signedIn()
    first.session.stop()
    const begun = first.session.start()
    first.session.stop()
    const again = first.session.start()
    expect([await begun, await again]).toEqual([{}, {}])
    expect(first.session.state).toMatchObject({ status: 'active', session: { sid } })
    expect(await outcome(first.session.fetch(`${api}/x`))).toBe(200)
    await first.session.signOut()
    expect([device.row()?.live, first.ends]).toEqual([undefined, ['signed-out']])
  })

  it('E5 J12 a hundred times leaves no more timers than once', async () => {
    const { first, device } = await signedIn()
    await turns()
    const timers = device.clock.pending()
    for (let turn = 0; turn < 100; turn += 1) {
      first.session.stop()
      await first.session.start()
    }
    await turns()
    expect(device.clock.pending()).toBe(timers)
    device.posted.length = 0
    await first.session.signOut()
    expect(device.posted.filter((message) => (message as { type: string }).type === 'ending')).toHaveLength(1)
  })
})

describe('stop()', () => {
  it('E5 J12 leaves no timer, listens to nothing and posts nothing', async () => {
    const { first, second, device } = await signedIn({ tabs: 2 })
    await device.clock.advance(100)
    second.session.stop()
    first.session.stop()
    await turns()
    device.posted.length = 0
    const states = [...second.states]
    await device.clock.advance(10_000)
    first.context.look()
    second.context.thaw()
    await turns()
    expect([device.clock.pending(), device.posted, second.states]).toEqual([0, [], states])
  })

  it('E5 in the middle of a start gives way to the next one', async () => {
    const { first, device } = scene()
    device.storageMode = 'hangs'
    const begun = watched(first.session.start())
    await turns()
    first.session.stop()
    device.storageMode = 'works'
    await first.session.start()
    await device.clock.advance(10_000)
    expect([begun.result, first.session.state.status]).toEqual([{}, 'signed-out'])
  })

  it('E5 twice, and before anything, is no error', () => {
    const { first } = scene()
    expect(() => {
      first.session.stop()
      first.session.stop()
    }).not.toThrow()
  })

  it('ends nothing: the session is there at the next start, and in the other tabs', async () => {
    const { first, second, device } = await signedIn({ tabs: 2 })
    first.session.stop()
    expect(first.session.state).toEqual({ status: 'restoring' })
    expect(await outcome(second.session.fetch(`${api}/x`))).toBe(200)
    await first.session.start()
    expect(first.session.state).toMatchObject({ status: 'active', session: { epochId: device.row()?.epoch.id } })
  })

  it('E5 a call that it cut off settles within its 10 s', async () => {
    const { first, device } = await signedIn()
    await device.clock.advance(200)
    device.storageMode = 'hangs'
    const call = watched(first.session.fetch(`${api}/x`))
    await turns()
    first.session.stop()
    await device.clock.advance(12_100)
    expect(call.result).not.toBe('pending')
  })

  it('P5 a refresh it left behind still keeps what it brought', async () => {
    const { first, device, server } = await signedIn({ lifetimeSeconds: 5 })
    await device.clock.advance(6_000)
    const answer = Promise.withResolvers<void>()
    const rotate = server.onRefresh
    server.onRefresh = async (refresh, signal) => {
      await answer.promise
      return rotate(refresh, signal)
    }
    outcome(first.session.fetch(`${api}/x`)).catch(() => undefined)
    await turns()
    first.session.stop()
    answer.resolve()
    await turns()
    expect(device.row()).toMatchObject({ generation: 1, live: { tokens: { refreshToken: 'rt-2' } } })
  })
})
