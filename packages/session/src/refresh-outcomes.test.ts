/** What one context's refresh comes to when new tokens come, or nothing is sent at all. */
import { describe, expect, it } from 'vitest'
import { eventually } from '../test/eventually.ts'
import { after, beginning, ending, written } from '../test/rows.ts'
import { epochId, fresh, refreshing, signedInRow } from '../test/refreshing.ts'
import type { Row } from './row.ts'

const lock = 'locks 3dimli.test:refresh'
const renewed: Row = { ...signedInRow, generation: 1 }
const over = written(ending(signedInRow))
const transient = (retryAfterMs?: number) => ({ kind: 'verdict', verdict: { kind: 'transient', ...(retryAfterMs !== undefined && { retryAfterMs }) } })

describe('before anything is sent', () => {
  it.each<readonly [string, Row | null, string]>([
    ['there is no record', null, 'changed'], ['nobody is signed in any more', over, 'changed'], ['somebody else is', after({ subject: 'jonas' }), 'changed'],
    ['another context has refreshed', renewed, 'ready'],
    ['there is nothing to refresh with', { ...signedInRow, live: { ...signedInRow.live!, tokens: { accessToken: 'at', tokenType: 'Bearer', receivedAt: 0 } } }, 'unable'],
  ])('P3 when %s', async (_what, row, kind) => {
    const { refresh, sent, state, did } = refreshing(row)
    expect(await refresh.after(epochId, 0)).toStrictEqual({ kind })
    expect([sent, state.writes, did]).toEqual([[], [], []])
  })

  it('P3 A14 when another context was told to wait, for as long as is left, and without a turn at the lock', async () => {
    const { refresh, sent, clock, did } = refreshing({ ...signedInRow, retryAt: signedInRow.seenAt + 5_000, retryMs: 5_000 })
    expect([await refresh.after(epochId, 0), did]).toStrictEqual([transient(4_000), []])
    await clock.advance(4_000)
    expect([await refresh.after(epochId, 0), sent.length]).toEqual([{ kind: 'ready' }, 1])
  })

  it('P4 when it is not known what the server can do', async () => {
    const { refresh, server, sent, did } = refreshing()
    server.features = () => Promise.reject(new Error('offline'))
    expect(await refresh.after(epochId, 0)).toStrictEqual(transient())
    expect([sent, did]).toEqual([[], []])
  })

  it.each<readonly [string, Row, unknown]>([
    ['it changed while the lock was waited for', over, { kind: 'changed' }], ['it was refreshed meanwhile', renewed, { kind: 'ready' }],
    ['a pause was shared meanwhile', { ...signedInRow, retryAt: signedInRow.seenAt + 3_000, retryMs: 3_000 }, transient(2_000)],
  ])('P3 when %s', async (_what, row, outcome) => {
    const made = refreshing()
    const held = Promise.withResolvers<void>()
    void made.lock.hold('3dimli.test:refresh', new AbortController().signal, () => held.promise)
    const refreshed = made.refresh.after(epochId, 0)
    await eventually(() => expect(made.did).toEqual([lock]))
    made.state.stored = row
    held.resolve()
    expect(await refreshed).toStrictEqual(outcome)
    expect(made.sent).toEqual([])
  })

  it('P3 D6 when the record was lost at the last moment', async () => {
    const { refresh, state, sent } = refreshing()
    let reads = 0
    state.read = async () => {
      reads += 1
      // Once before the lock, once before it is sent.
      if (reads === 2) state.stored = undefined
      return state.stored
    }
    expect([await refresh.after(epochId, 0), sent]).toStrictEqual([{ kind: 'changed' }, []])
  })

  it('P3 when its own attempt was held up until too little of its time is left', async () => {
    const made = refreshing()
    made.state.wrote = () => made.clock.stepWall(9_001)
    expect(await made.refresh.after(epochId, 0)).toStrictEqual(transient())
    expect(made.sent).toEqual([])
    const other = refreshing()
    other.state.wrote = () => other.clock.stepWall(other.sent.length === 0 ? 9_000 : 0)
    expect(await other.refresh.after(epochId, 0)).toStrictEqual({ kind: 'ready' })
  })
})

it('P3 the key of an attempt is a version 4 UUID, whatever was drawn', async () => {
  const { refresh, random, sent } = refreshing()
  random.byte = 0xff
  await refresh.after(epochId, 0)
  expect(sent.map(({ attemptId }) => attemptId)).toEqual(['ffffffff-ffff-4fff-bfff-ffffffffffff'])
})

describe('new tokens', () => {
  it('P3 are written strictly, told to the others, and end the pause', async () => {
    const { refresh, did, state, sent } = refreshing({ ...signedInRow, retries: 3 })
    expect(await refresh.after(epochId, 0)).toStrictEqual({ kind: 'ready' })
    expect(did).toEqual([lock, 'refreshing', 'refreshed', 'rotated'])
    expect(state.writes).toEqual(['relaxed', 'strict'])
    expect(state.stored).toMatchObject({ generation: 1, live: { tokens: fresh } })
    expect(state.stored).not.toHaveProperty('retries')
    expect(sent[0]).toMatchObject({ tokens: signedInRow.live?.tokens, attemptId: '00000000-0000-4000-8000-000000000000' })
    expect(sent[0]).not.toHaveProperty('keys')
  })

  it.each<readonly [string, Row, string, readonly string[], number]>([
    ['when another context was first are dropped', renewed, 'ready', ['refresh-discarded'], 0],
    ['after the end are given back', over, 'changed', ['refresh-discarded', 'gave up'], 2],
    ['after the same person signed in again are dropped', written(beginning(signedInRow, { epochId: 'second' })), 'changed', ['refresh-discarded'], 0],
  ])('P5 A15 %s', async (_what, row, kind, done, outbox) => {
    const { refresh, did, state, server } = refreshing()
    server.answer = async () => {
      state.stored = row
      return { tokens: fresh }
    }
    expect(await refresh.after(epochId, 0)).toStrictEqual({ kind })
    expect(did).toEqual([lock, 'refreshing', ...done])
    expect(state.stored?.outbox).toHaveLength(outbox)
    if (outbox > 0) expect(state.stored?.outbox[1]).toEqual({ id: '0'.repeat(32), token: 'rt-new', issuer: 'https://id.test', subject: 'mira', at: expect.any(Number) })
  })

  it('P5 after the end are given back with the key that binds them', async () => {
    const keys = { publicKey: 'public', privateKey: 'private' } as never
    const bound = after({ grant: { keys } })
    const { refresh, state, server, sent } = refreshing(bound)
    server.answer = async () => {
      state.stored = written(ending(bound))
      return { tokens: fresh }
    }
    await refresh.after(epochId, 0)
    expect([sent[0]?.keys, state.stored?.outbox[1]?.keys]).toEqual([keys, keys])
  })

  it('P5 after the end with no refresh token leave nothing to give back', async () => {
    const { refresh, state, server, did } = refreshing()
    const { refreshToken: _, ...bare } = fresh
    server.answer = async () => {
      state.stored = over
      return { tokens: bare }
    }
    await refresh.after(epochId, 0)
    expect([state.stored?.outbox, did.at(-1)]).toEqual([over.outbox, 'refresh-discarded'])
  })

  it('P3 D5 that cannot be written hold nobody up, are written later, and are not asked for again', async () => {
    const { refresh, state, server, sent, clock, did } = refreshing()
    server.answer = async () => {
      state.refuses = true
      return { tokens: fresh }
    }
    expect(await refresh.after(epochId, 0)).toStrictEqual(transient())
    expect(await refresh.after(epochId, 0)).toStrictEqual(transient())
    await clock.advance(1_000)
    state.refuses = false
    await clock.advance(2_000)
    expect([state.stored?.generation, sent.length, did.at(-1)]).toEqual([1, 1, 'rotated'])
    expect(await refresh.after(epochId, 0)).toStrictEqual({ kind: 'ready' })
  })
})
