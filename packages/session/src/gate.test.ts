/** The fence that calls wait behind. */
import { describe, expect, it } from 'vitest'
import { api, outcome, problem, problems, revoked, sessionAnswer, signedIn, slowReads, turns, watched } from '../test/scene.ts'

describe('waiting behind a fence', () => {
  it('P1 a call made at any moment of the lifting goes on; none is forgotten', async () => {
    const forgotten: number[] = []
    for (let moment = 0; moment < 40; moment += 1) {
      const { first } = await signedIn()
      first.context.freeze()
      first.context.thaw()
      for (let tick = 0; tick < moment; tick += 1) await Promise.resolve()
      const call = watched(first.session.fetch(`${api}/x`))
      // The clock stands still, so nothing but the lifting can let it go on.
      await turns(15)
      if (call.result !== 200) forgotten.push(moment)
      first.session.stop()
    }
    expect(forgotten).toEqual([])
  })
})

describe('a call behind a fence', () => {
  const fences: readonly (readonly [string, (made: Awaited<ReturnType<typeof signedIn>>) => unknown])[] = [
    ['waking', ({ first }) => first.context.freeze()],
    ['storage', ({ device }) => (device.storageMode = 'hangs')],
    ['suspect', ({ first, server }) => {
      server.onSession = async () => ({ from: 'session', status: 503 })
      first.context.fetch = async () => problem(revoked(undefined))
      return outcome(first.session.fetch(`${api}/doubt`))
    }],
    ['suspended', ({ first, server, sid }) => {
      server.onSession = sessionAnswer({ active: false, type: `${problems}/account-suspended`, sid })
      return first.session.confirm()
    }],
  ]

  it.each(fences)('P1 for `%s` waits 10 s, is not sent, and is told why', async (reason, raise) => {
    const made = await signedIn()
    await made.device.clock.advance(200)
    const raised = raise(made)
    if (reason === 'waking') {
      made.device.storageMode = 'hangs'
      made.first.context.thaw()
    }
    await turns()
    made.first.context.fetch = async () => new Response('sent')
    const call = watched(made.first.session.fetch(`${api}/x`))
    await made.device.clock.advance(9_000)
    expect(call.result).toBe('pending')
    await made.device.clock.advance(1_100)
    expect(call.result).toBe('fenced')
    if (reason === 'suspect') await raised
    made.first.session.stop()
  })

  it('P1 goes on when it lifts, all hundred of them', async () => {
    const { first, device } = await signedIn()
    await device.clock.advance(200)
    device.storageMode = 'hangs'
    const calls = Array.from({ length: 100 }, () => watched(first.session.fetch(`${api}/x`)))
    await device.clock.advance(2_100)
    expect(first.session.state).toMatchObject({ status: 'fenced', reason: 'storage' })
    device.storageMode = 'works'
    await device.clock.advance(5_100)
    expect(calls.map(({ result }) => result)).toEqual(calls.map(() => 200))
  })

  it('P1 fails when the session ends behind it', async () => {
    const slow: { held?: Promise<void> | undefined } = {}
    const { first, second } = await signedIn({ tabs: 2, ports: (ports, tab) => (tab === 1 ? slowReads(ports, slow) : ports) })
    const release = Promise.withResolvers<void>()
    slow.held = release.promise
    second.context.freeze()
    second.context.thaw()
    const call = watched(second.session.fetch(`${api}/x`))
    await turns()
    expect([second.session.state, call.result]).toMatchObject([{ status: 'fenced', reason: 'waking' }, 'pending'])
    slow.held = undefined
    await first.session.signOut()
    release.resolve()
    await turns()
    expect([call.result, second.sent]).toEqual(['session-ended', []])
  })

  it('can be given up by its caller, whose reason it gets', async () => {
    const { first, device } = await signedIn()
    await device.clock.advance(200)
    device.storageMode = 'hangs'
    const caller = new AbortController()
    const call = watched(first.session.fetch(`${api}/x`, { signal: caller.signal }))
    await turns()
    const reason = new Error('changed my mind')
    caller.abort(reason)
    await turns()
    expect(call.result).toBe(reason)
  })

  it('with a timeout of its own gets that timeout, not ours', async () => {
    const { first, device } = await signedIn()
    await device.clock.advance(200)
    device.storageMode = 'hangs'
    expect(await outcome(first.session.fetch(`${api}/x`, { signal: AbortSignal.timeout(20) }))).toMatchObject({ name: 'TimeoutError' })
  })
})

describe('how often the record is read', () => {
  it('P1 once for all calls of the same 100 ms, and again after', async () => {
    let reads = 0
    const { first, device } = await signedIn({
      ports: (ports) => ({ ...ports, store: { ...ports.store, read: () => {
        reads += 1
        return ports.store.read()
      } } }),
    })
    await device.clock.advance(200)
    reads = 0
    await Promise.all(Array.from({ length: 50 }, () => first.session.fetch(`${api}/x`)))
    expect(reads).toBe(1)
    await first.session.fetch(`${api}/x`)
    expect(reads).toBe(1)
    await device.clock.advance(101)
    await first.session.fetch(`${api}/x`)
    expect(reads).toBe(2)
  })
})
