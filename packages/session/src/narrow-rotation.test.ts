/** A token for one job spends the refresh token: what that must not do to the session's own token, to other tabs, and after a loss. */
import { describe, expect, it, vi } from 'vitest'
import { epochId, refreshing, signedInRow } from '../test/refreshing.ts'
import { rotating } from '../test/rotation.ts'
import { api, outcome, signedIn, turns, watched, type SceneOptions } from '../test/scene.ts'

const scope = 'uploads:write'

/** Tabs over a server that takes a repeated token for theft. */
async function rotation(idempotent: boolean, given: SceneOptions & { readonly lifetimeSeconds?: number } = {}) {
  const made = await signedIn(given)
  const server = rotating(made.server, { idempotent, first: made.device.row()?.live?.tokens.refreshToken ?? '' })
  const narrow = (tab = made.tabs[0]!) => outcome(tab.session.narrow({ scope }).fetch(`${api}/x`))
  const own = (tab = made.tabs[0]!) => outcome(tab.session.fetch(`${api}/x`))
  return { ...made, first: made.tabs[0]!, second: made.tabs[1]!, rotation: server, narrow, own }
}

describe('the refresh token that comes with it', () => {
  it('P3 is committed while the access token, its generation and its lifetime stay', async () => {
    const { narrow, device, rotation: { jobs } } = await rotation(true)
    const before = device.row()!
    expect(await narrow()).toBe(200)
    const { live, generation, mints, attempt } = device.row()!
    expect([jobs, generation, mints, attempt]).toEqual([[scope], before.generation, 1, undefined])
    expect(live?.tokens).toEqual({ ...before.live?.tokens, refreshToken: `${before.live?.tokens.refreshToken}.1` })
  })

  it('P3 A1 is used by ten tabs one after the other, and none is taken for a thief', async () => {
    for (const idempotent of [true, false]) {
      const { tabs, narrow, rotation: seen, device } = await rotation(idempotent, { tabs: 10 })
      expect(await Promise.all(tabs.map((tab) => narrow(tab)))).toEqual(tabs.map(() => 200))
      expect([seen.thefts, seen.spent, seen.most, device.row()?.mints]).toEqual([0, 10, 1, 10])
      expect(tabs.map(({ ends }) => ends)).toEqual(tabs.map(() => []))
    }
  })

  it('P3 A1 is used by tabs that refresh and tabs that ask for a job at once', async () => {
    for (const idempotent of [true, false]) {
      const { tabs, narrow, own, rotation: seen, device } = await rotation(idempotent, { tabs: 6, lifetimeSeconds: 5 })
      await device.clock.advance(5_100)
      expect(await Promise.all(tabs.flatMap((tab) => [narrow(tab), own(tab)]))).toEqual(tabs.flatMap(() => [200, 200]))
      expect([seen.thefts, seen.most, seen.jobs.filter((job) => job === 'all'), device.row()?.generation]).toEqual([0, 1, ['all'], 1])
    }
  })

  it('P3 A3 does not make a tab believe that its access token is new: a 401 still leads to one refresh', async () => {
    const { tabs, first, second, narrow, own, rotation: seen, device } = await rotation(true, { tabs: 2 })
    const refused = `Bearer ${device.row()?.live?.tokens.accessToken}`
    for (const tab of tabs) {
      const { fetch } = tab.context
      tab.context.fetch = async (request) => {
        const response = await fetch(request)
        if (request.headers.get('authorization') !== refused) return response
        // Another job takes its turn between the request and its refusal.
        await narrow(tab === first ? second : first)
        return new Response(null, { status: 401 })
      }
    }
    expect(await Promise.all([own(first), own(second)])).toEqual([200, 200])
    expect([seen.jobs.sort(), seen.thefts, device.row()?.generation]).toEqual([['all', scope, scope], 0, 1])
  })

  it('P3 C3 does not keep the session\'s own token from being refreshed when it is spent', async () => {
    const { first, second, narrow, own, device, rotation: seen } = await rotation(true, { tabs: 2, lifetimeSeconds: 5 })
    await device.clock.advance(5_100)
    await narrow()
    expect([await own(second), await own(), seen.jobs, seen.thefts, first.ends]).toEqual([200, 200, [scope, 'all'], 0, []])
  })
})

describe('a lost answer', () => {
  it('P3 A11 is asked for again under the same key by whoever needs the same, whose token it then is', async () => {
    const { first, second, narrow, server, device, rotation: seen } = await rotation(true, { tabs: 2 })
    seen.faults.push('lost')
    expect(await narrow()).toBe('unreachable')
    expect(device.row()?.attempt).toMatchObject({ generation: 0, narrow: { scope } })
    first.session.stop()
    await device.clock.advance(2_000)
    expect([await narrow(second), second.sent]).toEqual([200, ['at.1']])
    expect([new Set(server.refreshes.map(({ attemptId }) => attemptId)).size, seen.jobs, seen.thefts]).toEqual([1, [scope], 0])
  })

  it('P3 A11 is asked for again as it was, by a tab that wants to refresh, and never becomes the session\'s own token', async () => {
    const { first, second, narrow, own, server, device, rotation: seen } = await rotation(true, { tabs: 2, lifetimeSeconds: 5 })
    seen.faults.push('lost')
    expect(await narrow()).toBe('unreachable')
    first.session.stop()
    await device.clock.advance(5_100)
    expect([await own(second), second.sent, device.row()?.live?.tokens.accessToken]).toEqual([200, ['at.2'], 'at.2'])
    expect(server.refreshes.map(({ narrow: job }) => job?.scope)).toEqual([scope, scope, undefined])
    expect([new Set(server.refreshes.map(({ attemptId }) => attemptId)).size, seen.jobs, seen.thefts]).toEqual([2, [scope, 'all'], 0])
    expect(device.row()).toMatchObject({ generation: 1, mints: 1 })
  })

  it('P3 A11 of a refresh is asked for again as it was, by a tab that wants a token for one job', async () => {
    const { first, second, narrow, own, server, device, rotation: seen } = await rotation(true, { tabs: 2, lifetimeSeconds: 5 })
    await device.clock.advance(5_100)
    seen.faults.push('lost')
    expect(await own()).toBe('unreachable')
    first.session.stop()
    await device.clock.advance(2_000)
    expect([await narrow(second), second.sent, device.row()?.live?.tokens.accessToken]).toEqual([200, ['at.2'], 'at.1'])
    expect(server.refreshes.map(({ narrow: job }) => job?.scope)).toEqual([undefined, undefined, scope])
    expect([seen.jobs, seen.thefts]).toEqual([['all', scope], 0])
  })

  it('C1 comes with a token that is as old as the attempt', async () => {
    const { first, narrow, device, rotation: seen, server } = await rotation(true, { lifetimeSeconds: 3_600 })
    seen.faults.push('lost')
    await narrow()
    await device.clock.advance(280_000)
    await narrow()
    expect([first.sent, seen.spent, server.refreshes.length]).toEqual([['at.1'], 1, 2])
    // Due already: the next is asked for beside the request.
    await narrow()
    await turns()
    expect([first.sent, seen.spent]).toEqual([['at.1', 'at.1'], 2])
  })

  it('P3 A8 of a tab that died holds nobody back for more than 12 s where the server does not repeat itself', async () => {
    const { first, second, own, device, server, rotation: seen } = await rotation(false, { tabs: 2, lifetimeSeconds: 5 })
    await device.clock.advance(5_100)
    const rotate = server.onRefresh
    server.onRefresh = () => new Promise(() => {})
    const dead = watched(first.session.narrow({ scope }).fetch(`${api}/x`))
    await turns()
    server.onRefresh = rotate
    first.session.stop()
    const call = watched(second.session.fetch(`${api}/x`))
    await device.clock.advance(12_500)
    expect(call.result === 200 || (await own(second)) === 200).toBe(true)
    expect([seen.jobs, seen.thefts, second.ends, dead.result === 200]).toEqual([['all'], 0, [], false])
  })

  it('P3 that the server refuses in the end does not stand in the way of the next refresh', async () => {
    const { second, first, own, narrow, server, device, rotation: seen } = await rotation(true, { tabs: 2, lifetimeSeconds: 5 })
    const rotate = server.onRefresh
    let times = 0
    server.onRefresh = async (refresh, signal) => {
      if (!refresh.narrow) return rotate(refresh, signal)
      times += 1
      return { answer: times === 1 ? { from: 'token', failed: 'network' } : { from: 'token', status: 400, body: { error: 'invalid_scope' } } }
    }
    expect(await narrow()).toBe('unreachable')
    first.session.stop()
    await device.clock.advance(5_100)
    expect([await own(second), seen.jobs, times, second.ends]).toEqual([200, ['all'], 2, []])
  })
})

describe('who loses a race', () => {
  it('P4 A1 does not believe a refusal of the token that another tab has spent for one job', async () => {
    const { first, second, narrow, server, device, rotation: seen } = await rotation(true, { tabs: 2, lifetimeSeconds: 5 })
    const rotate = server.onRefresh
    const answer = Promise.withResolvers<void>()
    // The first answer is so late that another tab has asked under the same key, and its token was used.
    server.onRefresh = async (refresh, signal) => {
      if (server.refreshes.length > 1) return rotate(refresh, signal)
      await rotate(refresh, signal)
      await answer.promise
      return { answer: { from: 'token', status: 400, body: { error: 'invalid_grant' } } }
    }
    const slow = watched(first.session.narrow({ scope }).fetch(`${api}/x`))
    await turns()
    const quick = watched(narrow(second))
    await device.clock.advance(2_100)
    expect(quick.result).toBe(200)
    const asked = vi.spyOn(server, 'onSession')
    answer.resolve()
    await device.clock.advance(100)
    expect([slow.result, first.ends, second.ends, seen.thefts, asked.mock.calls.length]).toEqual([200, [], [], 0, 0])
  })

  it('P3 A7 uses the token that came twice, and writes nothing over the newer record', async () => {
    const { first, second, narrow, server, device, rotation: seen } = await rotation(true, { tabs: 2 })
    const rotate = server.onRefresh
    const answer = Promise.withResolvers<void>()
    server.onRefresh = async (refresh, signal) => {
      const given = await rotate(refresh, signal)
      if (server.refreshes.length === 1) await answer.promise
      return given
    }
    const slow = watched(first.session.narrow({ scope }).fetch(`${api}/x`))
    await turns()
    const quick = watched(narrow(second))
    await device.clock.advance(2_100)
    answer.resolve()
    await device.clock.advance(100)
    expect([quick.result, slow.result, first.sent, second.sent, seen.spent, device.row()?.mints]).toEqual([200, 200, ['at.1'], ['at.1'], 1, 1])
  })

  it('P3 A11 does not send an attempt that was settled meanwhile: with the next refresh token its key would be another request', async () => {
    const attempt = { id: 'of another tab', generation: 0, at: signedInRow.seenAt, narrow: { scope } }
    const { refresh, state, sent } = refreshing({ ...signedInRow, attempt })
    const live = { ...signedInRow.live!, tokens: { ...signedInRow.live!.tokens, refreshToken: 'rt-next' } }
    let reads = 0
    state.read = async () => {
      reads += 1
      // Before the attempt was seen, and before it is sent.
      if (reads === 2) state.stored = { ...signedInRow, mints: 1, live }
      return state.stored
    }
    expect(await refresh.after(epochId, 0)).toStrictEqual({ kind: 'ready' })
    expect(sent.map(({ attemptId, tokens }) => [attemptId, tokens.refreshToken])).toEqual([['00000000-0000-4000-8000-000000000000', 'rt-next']])
  })
})
