/** An answer says how things stood when it was asked for: it answers no doubt that came later. */
import { describe, expect, it } from 'vitest'
import { api, outcome, problem, problems, sessionAnswer, signedIn, turns } from '../test/scene.ts'
import type { ScriptedAuthority } from './testing/index.ts'

const suspensionOf = (sid: string) => ({ active: false, type: `${problems}/account-suspended`, sid })

/** The next question to the session endpoint is answered with what was true when it came, and not before it is let go. */
function slowAnswer(server: ScriptedAuthority): () => void {
  const { promise, resolve } = Promise.withResolvers<void>()
  const { onSession } = server
  server.onSession = async () => {
    server.onSession = onSession
    const answer = await onSession()
    await promise
    return answer
  }
  return resolve
}

/** The same of refreshes: each is done when it comes, and its answer is held back. */
function slowRefresh(server: ScriptedAuthority): () => void {
  const { promise, resolve } = Promise.withResolvers<void>()
  const { onRefresh } = server
  server.onRefresh = async (...asked) => {
    const brought = await onRefresh(...asked)
    await promise
    return brought
  }
  return resolve
}

/** Two tabs, one of which the feed speaks to. */
async function fed() {
  const made = await signedIn({ tabs: 2 })
  for (const { session } of made.tabs) session.stop()
  made.server.features = { ...made.server.features, feed: true }
  for (const { session } of made.tabs) await session.start()
  await turns()
  const say = (body: Record<string, unknown>): void => {
    for (const listener of made.server.feeds) listener.event({ from: 'feed', status: 200, body }, '7')
  }
  return { ...made, say }
}

it('P1 "alive" that the feed brings while a suspension stands is no answer to it: the server is asked', async () => {
  const { server, sid, tabs, first, say } = await fed()
  server.onSession = sessionAnswer(suspensionOf(sid))
  first.context.fetch = async () => problem(suspensionOf(sid))
  const call = outcome(first.session.fetch(`${api}/library`))
  await turns()
  say({ active: true, sid })
  await turns()
  expect(tabs.map(({ session }) => session.state)).toMatchObject([{ reason: 'suspended' }, { reason: 'suspended' }])
  server.onSession = sessionAnswer({ active: true, sid })
  say({ active: true, sid })
  await turns()
  expect(tabs.map(({ session }) => session.state.status)).toEqual(['active', 'active'])
  first.session.stop()
  await call
})

describe('"alive" that was asked for before', () => {
  it.each([0, 1])('P1 P7 a suspension does not lift it, whichever tab asked (%i)', async (asker) => {
    const { server, sid, tabs, say, device } = await fed()
    await device.clock.advance(6_000)
    const letGo = slowAnswer(server)
    const asked = tabs[asker]!.session.confirm()
    await turns()
    server.onSession = sessionAnswer(suspensionOf(sid))
    say(suspensionOf(sid))
    await turns()
    expect(tabs.map(({ session }) => session.state)).toMatchObject([{ reason: 'suspended' }, { reason: 'suspended' }])
    letGo()
    await asked
    await turns()
    expect(tabs.map(({ session }) => session.state)).toMatchObject([{ status: 'fenced', reason: 'suspended' }, { status: 'fenced', reason: 'suspended' }])
    expect(device.row()?.suspended).toBe(true)
    server.onSession = sessionAnswer({ active: true, sid })
    await device.clock.advance(70_000)
    expect(tabs.map(({ session }) => session.state.status)).toEqual(['active', 'active'])
  })

  it.each(['is on its way', 'is being written'])('P4 P7 a doubt is not answered by it while it %s: the server is asked once more', async (when) => {
    let disk = Promise.resolve()
    const { first, server, sid, device } = await signedIn({ ports: (ports) => ({ ...ports, store: { ...ports.store, change: async (...given) => {
      await disk
      return ports.store.change(...given)
    } } }) })
    await device.clock.advance(6_000)
    const letGo = slowAnswer(server)
    const slow = Promise.withResolvers<void>()
    const asked = first.session.confirm()
    await turns()
    if (when === 'is being written') {
      disk = slow.promise
      letGo()
      await turns()
    }
    server.onSession = sessionAnswer({ active: false, type: `${problems}/session-revoked`, sid, event_timestamp: 4_000_000_000 })
    // It does not say of which session.
    first.context.fetch = async () => problem({ type: `${problems}/session-revoked` })
    const call = outcome(first.session.fetch(`${api}/library`))
    await turns()
    letGo()
    slow.resolve()
    await asked
    await device.clock.advance(5_000)
    expect([first.ends, await call]).toEqual([['revoked'], 'session-ended'])
  })
})

/** What the server says of a refresh token while the account is suspended, without saying so. */
const refusal = async () => ({ answer: { from: 'token', status: 400, body: { error: 'invalid_grant' } } }) as const

it.each(['before the refusal', 'after "alive" was said of it'])('P4 a refresh token that is refused for a suspension that began %s is no end', async (when) => {
  const { first, server, sid, device } = await signedIn()
  await device.clock.advance(6_000)
  const { onSession } = server
  let asked = 0
  server.onRefresh = refusal
  const letGo = slowAnswer(server)
  const confirmed = when === 'before the refusal' ? first.session.confirm() : undefined
  await turns()
  if (confirmed) server.onSession = sessionAnswer(suspensionOf(sid))
  else {
    server.onSession = async () => {
      asked += 1
      const answer = asked === 1 ? await onSession() : await sessionAnswer(suspensionOf(sid))()
      return answer
    }
  }
  first.context.fetch = async () => new Response('', { status: 401 })
  const call = outcome(first.session.fetch(`${api}/library`))
  await turns()
  letGo()
  await confirmed
  await turns()
  expect([first.session.state, first.ends]).toMatchObject([{ status: 'fenced', reason: 'suspended' }, []])
  await device.clock.advance(10_000)
  expect(await call).toBe('fenced')
})

it('P1 where a refresh is the question, one that was on its way before a suspension does not lift it', async () => {
  const { server, first, sid, device } = await signedIn()
  server.features = { ...server.features, session: false }
  const { onRefresh } = server
  const answer = slowRefresh(server)
  first.context.fetch = async () => new Response('', { status: 401 })
  const renewing = outcome(first.session.fetch(`${api}/library`))
  await turns()
  first.context.fetch = async () => problem(suspensionOf(sid))
  const told = outcome(first.session.fetch(`${api}/library`))
  await turns()
  expect(first.session.state).toMatchObject({ reason: 'suspended' })
  // The question is repeated, and shares the refresh that is on its way.
  await device.clock.advance(1_000)
  server.onRefresh = async () => ({ answer: { from: 'token', status: 400, body: { error: 'invalid_grant', error_uri: `${problems}/account-suspended` } } })
  first.context.fetch = async () => new Response('ok')
  answer()
  await turns()
  expect([first.session.state, device.row()?.suspended]).toMatchObject([{ status: 'fenced', reason: 'suspended' }, true])
  server.onRefresh = onRefresh
  await device.clock.advance(10_000)
  expect([first.session.state.status, device.row()?.suspended]).toEqual(['active', undefined])
  await Promise.all([renewing, told])
})

it('P7 C2 where a refresh is the question, an answer that slept with the device is no proof', async () => {
  const { server, first, device } = await signedIn({ options: { lease: { default: '1h' } } })
  server.features = { ...server.features, session: false }
  const answer = slowRefresh(server)
  const asked = first.session.confirm()
  await turns()
  device.clock.stepWall(48 * 3_600_000)
  server.onRefresh = async () => ({ answer: { from: 'token', failed: 'network' } })
  answer()
  await asked
  await turns()
  expect(first.session.detection.lease.default.leftMs).toBe(0)
  expect(first.session.state).toMatchObject({ status: 'fenced', reason: 'lease' })
})
