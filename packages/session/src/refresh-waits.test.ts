/** How long one refresh stands in the way of another, and what is kept of an answer that nobody waits for. */
import { describe, expect, it } from 'vitest'
import { eventually } from '../test/eventually.ts'
import { epochId, fresh, refreshing, signedInRow } from '../test/refreshing.ts'
import { turns } from '../test/scene.ts'
import type { Answer, TokenAnswer } from './authority.ts'

const narrow = { scope: 'uploads:write' }
const newer = { ...signedInRow, generation: 1 }
const theirs = { ...signedInRow, attempt: { id: 'of another tab', generation: 0, at: signedInRow.seenAt } }

describe('a refresh that waits for another tab', () => {
  it('P3 A8 goes on as soon as that one has given up, not when its time is over', async () => {
    const { refresh, state, sent, clock } = refreshing(theirs, { idempotent: false })
    const refreshed = refresh.after(epochId, 0)
    await clock.advance(1_000)
    expect(sent).toEqual([])
    state.stored = signedInRow
    await clock.advance(500)
    expect([sent.length, await refreshed]).toEqual([1, { kind: 'ready' }])
  })

  it('P3 A8 and then asks with a key of its own', async () => {
    const { refresh, sent, clock } = refreshing(theirs, { idempotent: false })
    const refreshed = refresh.after(epochId, 0)
    await clock.advance(12_500)
    expect([await refreshed, sent.map(({ attemptId }) => attemptId === theirs.attempt.id)]).toEqual([{ kind: 'ready' }, [false]])
  })

  it('P3 A8 goes on waiting where that one has paused and the pause is over at once: its request may be under way', async () => {
    const { refresh, state, sent, clock } = refreshing(theirs, { idempotent: false })
    let reads = 0
    state.read = async () => {
      reads += 1
      return reads === 2 ? { ...theirs, retryAt: clock.now() + 1, retryMs: 1 } : state.stored
    }
    const refreshed = refresh.after(epochId, 0)
    await clock.advance(10_999)
    expect([sent, reads > 2]).toEqual([[], true])
    await clock.advance(1)
    expect([await refreshed, sent.length]).toEqual([{ kind: 'ready' }, 1])
  })

  it('P3 A8 A14 is told of the pause as soon as that one has lost its answer', async () => {
    const { refresh, state, sent, clock } = refreshing(theirs, { idempotent: false })
    const refreshed = refresh.after(epochId, 0)
    await clock.advance(1_000)
    state.stored = { ...theirs, retryAt: clock.now() + 5_000, retryMs: 5_000 }
    await clock.advance(250)
    expect([await refreshed, sent]).toStrictEqual([{ kind: 'verdict', verdict: { kind: 'transient', retryAfterMs: 4_750 } }, []])
  })

  it('P3 A8 D6 learns of a record that was lost', async () => {
    const { refresh, state, sent, clock } = refreshing(theirs, { idempotent: false })
    const refreshed = refresh.after(epochId, 0)
    await clock.advance(1_000)
    state.stored = undefined
    await clock.advance(250)
    expect([await refreshed, sent]).toStrictEqual([{ kind: 'changed' }, []])
  })

  it('P3 A13 does not answer for another generation', async () => {
    const { refresh, server, state, sent, clock } = refreshing()
    server.answer = () => (sent.length === 1 ? new Promise<TokenAnswer>(() => {}) : Promise.resolve({ tokens: fresh }))
    void refresh.after(epochId, 0)
    await eventually(() => expect(sent).toHaveLength(1))
    state.stored = newer
    const next = refresh.after(epochId, 1)
    // The lock of the one that hangs is waited for, and then taken for lost.
    await clock.advance(2_100)
    expect([await next, sent.length, state.stored.generation]).toEqual([{ kind: 'ready' }, 2, 2])
  })
})

describe('a token for one job', () => {
  it.each<readonly [string, Answer]>([
    ['a gateway', { from: 'token', status: 503 }], ['a server that cannot read the request', { from: 'token', status: 422 }],
  ])('A14 B2 that %s stands in the way of makes everybody pause', async (_what, answer) => {
    const { refresh, server, sent } = refreshing()
    server.answer = async () => ({ answer })
    await refresh.mint(epochId, narrow)
    expect(await refresh.mint(epochId, { scope: 'library:read' })).toMatchObject({ kind: 'verdict', verdict: { kind: 'transient' } })
    expect(sent).toHaveLength(1)
  })

  it('that the server does not grant lets everybody else go on', async () => {
    const { refresh, server, sent } = refreshing()
    server.answer = async () => (sent.length === 1 ? { answer: { from: 'token', status: 400, body: { error: 'invalid_scope' } } } : { tokens: fresh })
    expect(await refresh.mint(epochId, narrow)).toMatchObject({ kind: 'verdict', verdict: { kind: 'misconfigured', error: 'invalid_scope' } })
    expect([await refresh.after(epochId, 0), sent.length]).toEqual([{ kind: 'ready' }, 2])
  })

  it.each<readonly [string, readonly string[]]>([['jonas', ['rt-new']], ['mira', []]])('P5 that comes when %s has signed in is nobody\'s', async (subject, outbox) => {
    const { refresh, server, state, did } = refreshing()
    server.answer = async () => {
      state.stored = { ...signedInRow, epoch: { n: signedInRow.epoch.n + 1, id: 'a later epoch' }, live: { ...signedInRow.live!, subject } }
      return { tokens: fresh }
    }
    expect(await refresh.mint(epochId, narrow)).toStrictEqual({ kind: 'changed' })
    expect([state.stored?.outbox.map(({ token }) => token), did.includes('gave up')]).toEqual([outbox, outbox.length > 0])
  })
})

it('P3 A11 D5 tokens that come after everybody stopped waiting are kept, also when storage refuses them at first', async () => {
  const { refresh, server, state, clock, did } = refreshing()
  const late = Promise.withResolvers<TokenAnswer>()
  server.answer = () => late.promise
  const refreshed = refresh.after(epochId, 0)
  await eventually(() => expect(did).toContain('refreshing'))
  await clock.advance(10_100)
  expect(await refreshed).toMatchObject({ kind: 'verdict', verdict: { kind: 'transient' } })
  state.refuses = true
  late.resolve({ tokens: fresh })
  await turns()
  state.refuses = false
  await clock.advance(1_100)
  expect([state.stored?.generation, state.stored?.live?.tokens.refreshToken, did.at(-1)]).toEqual([1, 'rt-new', 'rotated'])
})
