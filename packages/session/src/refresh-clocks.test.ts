/** Two tabs whose clocks say different times, and a server that takes a repeated token for theft. */
import { describe, expect, it } from 'vitest'
import { epochId, refreshing, signedInRow } from '../test/refreshing.ts'
import { turns } from '../test/scene.ts'
import type { TokenAnswer } from './authority.ts'

const minute = 60_000

/** A tab that finds a refresh under way in another, which holds the lock and whose clock is `apart` ms behind. */
async function underWay(apart: number) {
  const made = refreshing(signedInRow, { idempotent: false })
  made.server.answer = () => new Promise<TokenAnswer>(() => {})
  made.clock.stepWall(-apart)
  void made.context().after(epochId, 0)
  await turns()
  // What the next tab draws.
  made.random.byte = 1
  return made
}

/** A tab that finds an attempt which another has just made, while its own clock is a minute ahead. */
function ahead(locked: boolean) {
  const made = refreshing(signedInRow, { idempotent: false })
  made.clock.stepWall(-minute)
  made.state.stored = { ...signedInRow, attempt: { id: 'of another tab', generation: 0, at: made.clock.now() } }
  if (!locked) void made.lock.hold('3dimli.test:refresh', new AbortController().signal, () => new Promise(() => undefined))
  return made
}

describe('a request that is under way in another tab', () => {
  it('P3 A8 C1 is not taken for over where the clock was set back since one of the tabs began', async () => {
    const { refresh, sent, clock } = await underWay(minute)
    void refresh.after(epochId, 0)
    await clock.advance(9_999)
    expect(sent).toHaveLength(1)
  })

  it('P3 A8 C1 is not taken for over where the clock goes forward meanwhile', async () => {
    const { refresh, sent, clock } = await underWay(0)
    void refresh.after(epochId, 0)
    clock.stepWall(minute)
    await clock.advance(9_999)
    expect(sent).toHaveLength(1)
  })

  it.each([true, false])('P3 A8 C1 is taken over 12 s after it was first seen, and not sooner (with the lock: %s)', async (locked) => {
    const { refresh, sent, clock } = ahead(locked)
    void refresh.after(epochId, 0)
    await clock.advance(11_999)
    expect(sent).toHaveLength(0)
    await clock.advance(1)
    expect(sent).toHaveLength(1)
  })

  it('P3 A8 is seen once: who comes back after a pause without the lock waits for what is left of the 12 s', async () => {
    const { refresh, state, sent, clock } = ahead(false)
    const first = refresh.after(epochId, 0)
    await clock.advance(3_000)
    state.stored = { ...state.stored!, retryAt: clock.now() + minute + 2_000, retryMs: 2_000 }
    await clock.advance(2_000)
    expect(await first).toMatchObject({ kind: 'verdict', verdict: { kind: 'transient' } })
    void refresh.after(epochId, 0)
    await clock.advance(6_999)
    expect(sent).toHaveLength(0)
    await clock.advance(1)
    expect(sent).toHaveLength(1)
  })
})

it('P3 A8 who holds the lock does not wait for an attempt that is long over, whichever tab made it', async () => {
  const { refresh, state, sent, clock } = ahead(true)
  state.stored = { ...state.stored!, attempt: { id: 'of a tab that is gone', generation: 0, at: clock.now() - minute } }
  expect([await refresh.after(epochId, 0), sent.length]).toEqual([{ kind: 'ready' }, 1])
})
