/** What one context's refresh comes to when no tokens come, and how contexts share it. */
import { describe, expect, it } from 'vitest'
import { ending, written } from '../test/rows.ts'
import { epochId, fresh, refreshing, signedInRow } from '../test/refreshing.ts'
import { problems } from '../test/scene.ts'
import type { Answer } from './authority.ts'
import type { Row } from './row.ts'

const lock = 'locks 3dimli.test:refresh'
const renewed: Row = { ...signedInRow, generation: 1 }
const over = written(ending(signedInRow))
const answers = (status: number, body?: Record<string, unknown>, more: Partial<Extract<Answer, { status: number }>> = {}) => async () =>
  ({ answer: { from: 'token' as const, status, ...(body && { body }), ...more } })
const transient = (retryAfterMs?: number) => ({ kind: 'verdict', verdict: { kind: 'transient', ...(retryAfterMs !== undefined && { retryAfterMs }) } })

describe('no answer', () => {
  it('P3 A13 within 10 s is told, pauses, and is kept when it comes after all', async () => {
    const { refresh, server, clock, state, did } = refreshing()
    const late = Promise.withResolvers<{ tokens: typeof fresh }>()
    server.answer = () => late.promise
    const refreshed = refresh.after(epochId, 0)
    await clock.advance(9_999)
    expect(state.stored?.retries).toBeUndefined()
    await clock.advance(1)
    expect(await refreshed).toStrictEqual(transient())
    expect(state.stored).toMatchObject({ generation: 0, retries: 1, attempt: { generation: 0 } })
    late.resolve({ tokens: fresh })
    await clock.advance(0)
    expect([state.stored?.generation, did.slice(-2)]).toEqual([1, ['refreshed', 'rotated']])
  })

  it('P4 but an error of the network: the attempt stands, for it may have arrived', async () => {
    const { refresh, server, state } = refreshing(signedInRow, { idempotent: false })
    server.answer = () => Promise.reject(new TypeError('Failed to fetch'))
    expect(await refresh.after(epochId, 0)).toStrictEqual(transient())
    expect(state.stored).toMatchObject({ attempt: { generation: 0 }, retries: 1 })
  })
})

describe('a refusal', () => {
  const ended = { error: 'invalid_grant', error_uri: `${problems}/session-revoked`, sid: 'sid-mira' }

  it('P1 that proves the end fences before anything is read again', async () => {
    const { refresh, server, did, state } = refreshing()
    server.answer = answers(400, ended)
    state.read = async () => {
      did.push('reads')
      return state.stored
    }
    expect(await refresh.after(epochId, 0)).toMatchObject({ kind: 'verdict', verdict: { kind: 'revoked' } })
    expect(did).toEqual(['reads', lock, 'reads', 'refreshing', `suspects ${epochId}`, 'reads'])
  })

  it('P6 that proves the end of a session that is not here any more', async () => {
    for (const row of [over, undefined]) {
      const { refresh, server, state } = refreshing()
      server.answer = () => {
        state.stored = row
        return answers(400, ended)()
      }
      expect(await refresh.after(epochId, 0)).toStrictEqual({ kind: 'changed' })
    }
  })

  it('P1 that proves the end is believed where the record cannot be read', async () => {
    const { refresh, server, state } = refreshing()
    server.answer = () => {
      state.read = () => Promise.reject(new Error('broken'))
      return answers(400, ended)()
    }
    expect(await refresh.after(epochId, 0)).toMatchObject({ kind: 'verdict', verdict: { kind: 'revoked' } })
  })

  it.each<readonly [string, Row | undefined, unknown]>([
    ['while another context refreshed', renewed, { kind: 'ready' }], ['while the session ended', over, { kind: 'changed' }], ['while the record was lost', undefined, { kind: 'changed' }],
  ])('P4 A1 without a proof, %s, says nothing', async (_what, row, outcome) => {
    const { refresh, server, state } = refreshing()
    server.answer = () => {
      state.stored = row
      return answers(400, { error: 'invalid_grant' })()
    }
    expect(await refresh.after(epochId, 0)).toStrictEqual(outcome)
    expect(state.stored).toEqual(row)
  })

  it.each([true, false])('P4 of the grant, or of one that was used, is not known to be an end (repeatable: %s)', async (idempotent) => {
    for (const answer of [answers(400, { error: 'invalid_grant' }), answers(409, {})]) {
      const { refresh, server, state } = refreshing(signedInRow, { idempotent })
      server.answer = answer
      expect(await refresh.after(epochId, 0)).toStrictEqual({ kind: 'verdict', verdict: { kind: 'grant-unknown' } })
      expect([state.stored?.retries, state.stored?.attempt === undefined]).toEqual([undefined, !idempotent])
    }
  })

  it.each([true, false])('A14 that is for now pauses all, and leaves the attempt only where it can be repeated (repeatable: %s)', async (idempotent) => {
    for (const [answer, verdict] of [
      [answers(503), { kind: 'transient' }], [answers(401, { error: 'invalid_client' }), { kind: 'misconfigured', error: 'invalid_client' }],
      [answers(400, { error: 'invalid_grant', sid: 'sid-jonas' }), { kind: 'foreign' }],
    ] as const) {
      const { refresh, server, state } = refreshing(signedInRow, { idempotent })
      server.answer = answer
      expect(await refresh.after(epochId, 0)).toStrictEqual({ kind: 'verdict', verdict })
      expect([state.stored?.retries, state.stored?.attempt === undefined]).toEqual([1, !idempotent])
    }
  })

  it('A14 of a server of which nothing is known any more leaves the attempt', async () => {
    const { refresh, server, state } = refreshing(signedInRow, { idempotent: false })
    server.answer = () => {
      server.features = () => Promise.reject(new Error('offline'))
      return answers(503)()
    }
    await refresh.after(epochId, 0)
    expect(state.stored?.attempt).toBeDefined()
  })
})

describe('the pause after a failure', () => {
  const pauseAfter = async (retries: number, byte: number, retryAfterMs?: number): Promise<number | undefined> => {
    const { refresh, server, state, random } = refreshing({ ...signedInRow, ...(retries > 0 && { retries }) })
    random.byte = byte
    server.answer = answers(503, undefined, retryAfterMs === undefined ? {} : { retryAfterMs })
    await refresh.after(epochId, 0)
    return state.stored?.retryMs
  }

  it.each<readonly [number, number, number | undefined, number]>([
    [0, 0, undefined, 500], [0, 128, undefined, 750], [1, 0, undefined, 1_000], [3, 128, undefined, 6_000], [6, 0, undefined, 30_000], [60, 0, undefined, 30_000],
    [0, 0, 7_000, 7_000], [6, 0, 7_000, 30_000], [0, 0, 86_400_000, 600_000],
  ])('A14 number %i, with the byte %i drawn and %j ms asked for, is %i ms', async (retries, byte, asked, ms) => {
    expect(await pauseAfter(retries, byte, asked)).toBe(ms)
  })
})

describe('an attempt of another context', () => {
  const theirs = { id: 'theirs', generation: 0, at: signedInRow.seenAt + 1_000 }
  const attempted: Row = { ...signedInRow, attempt: theirs }

  it('P3 A11 is sent again under its own name where answers are repeated, and what it brings is as old as it', async () => {
    const { refresh, sent, state } = refreshing({ ...attempted, attempt: { ...theirs, at: signedInRow.seenAt - 60_000 } })
    expect(await refresh.after(epochId, 0)).toStrictEqual({ kind: 'ready' })
    expect([sent.map(({ attemptId }) => attemptId), state.stored?.live?.tokens.expiresAt]).toEqual([['theirs'], fresh.expiresAt! - 60_000])
  })

  it('P3 is waited for elsewhere, and what it brought is used', async () => {
    const { refresh, sent, clock, state } = refreshing(attempted, { idempotent: false })
    const refreshed = refresh.after(epochId, 0)
    await clock.advance(5_000)
    state.stored = renewed
    await clock.advance(250)
    expect([await refreshed, sent]).toStrictEqual([{ kind: 'ready' }, []])
  })

  it('P3 that never comes to anything is taken over after 12 s, and not sooner', async () => {
    const { refresh, sent, clock, state } = refreshing(attempted, { idempotent: false })
    const refreshed = refresh.after(epochId, 0)
    await clock.advance(11_999)
    expect(sent).toEqual([])
    await clock.advance(1)
    expect(await refreshed).toStrictEqual({ kind: 'ready' })
    expect([sent.length, sent[0]?.attemptId === 'theirs', state.stored?.generation]).toEqual([1, false, 1])
  })

  it('P3 that is long over is taken over at once', async () => {
    const { refresh, sent } = refreshing({ ...attempted, attempt: { ...theirs, at: signedInRow.seenAt - 60_000 } }, { idempotent: false })
    expect([await refresh.after(epochId, 0), sent.length]).toEqual([{ kind: 'ready' }, 1])
  })

  it('C1 of a time to come is waited for no longer than any other', async () => {
    const { refresh, sent, clock } = refreshing({ ...attempted, attempt: { ...theirs, at: signedInRow.seenAt + 86_400_000 } }, { idempotent: false })
    const refreshed = refresh.after(epochId, 0)
    await clock.advance(12_000)
    expect([await refreshed, sent.length]).toEqual([{ kind: 'ready' }, 1])
  })
})

describe('calls', () => {
  it('P3 A2 of one generation share one refresh; the next begins another', async () => {
    const { refresh, sent, server } = refreshing()
    server.answer = answers(400, { error: 'invalid_grant' })
    expect(new Set(await Promise.all(Array.from({ length: 50 }, () => refresh.after(epochId, 0)))).size).toBe(1)
    expect(sent).toHaveLength(1)
    await refresh.after(epochId, 0)
    expect(sent).toHaveLength(2)
  })

  it('P3 that wait 2 s for a lock do without it', async () => {
    const made = refreshing()
    void made.lock.hold('3dimli.test:refresh', new AbortController().signal, () => new Promise(() => undefined))
    const refreshed = made.refresh.after(epochId, 0)
    await made.clock.advance(1_999)
    expect(made.sent).toEqual([])
    await made.clock.advance(1)
    expect(await refreshed).toStrictEqual({ kind: 'ready' })
  })
})
