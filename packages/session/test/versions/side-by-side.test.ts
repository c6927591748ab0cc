/** Two versions of the client on one device: the promises hold in both, whoever writes the record. */
import { expect, test } from 'vitest'
import { comeBack, start } from '../model/commands/person.ts'
import { checkModel } from '../model/run.ts'
import { createWorld } from '../model/world.ts'
import { earlierVersion } from './earlier.ts'
import { nextVersion } from './next.ts'

const runs = Number(process.env['MODEL_RUNS'] ?? 300)

test('P1 P2 P3 P4 P5 P6 P7 P8 P9 P10 D8 hold in three hundred lives of a device with two versions side by side', { timeout: 600_000 }, async () => {
  const { failure } = await checkModel({ runs, seed: 20_261_121, next: await nextVersion() })
  expect(failure && `${failure.message}\n${failure.counterexample}`).toBeUndefined()
})

const traits = { reuseKills: true, session: true, feed: false, revocation: true, revokesGrant: true, problems: true, sid: true, accessSeconds: 60 }
const outcomeOf = (call: { readonly outcome: unknown }): unknown => (call.outcome as { code?: string } | undefined)?.code ?? call.outcome

/** One context of this version, and in place 3 one of the version from before tokens for one job; the access token is spent. */
async function withEarlier(idempotent: boolean) {
  const world = createWorld({ seed: 1, noise: 0, tabs: 2, traits: { ...traits, idempotent }, options: {} }, { next: await earlierVersion() })
  start(world, 0)
  start(world, 3)
  await world.schedule.turn(300)
  comeBack(world, 0, 'mira')
  await world.schedule.pass(61_000)
  return { world, login: world.server.logins.get('s1')!, now: world.tab(0), earlier: world.tab(3) }
}

test('P3 P4 P5 D8 a lost answer to a job, asked for again by an earlier version that knows of none, is not given to it and costs nothing', async () => {
  const { world, login, now, earlier } = await withEarlier(true)
  try {
    world.network.faults.set('token', ['lost-answer'])
    now.narrow('uploads')
    await world.schedule.pass(5_000)
    const call = earlier.request()
    await world.schedule.pass(5_000)
    // 422: the same key with other parameters.
    expect([outcomeOf(call), login.thefts, earlier.ends, world.oracle.ledger.row()?.attempt?.narrow]).toEqual(['misconfigured', 0, [], { scope: 'uploads' }])
    await world.schedule.pass(10_000)
    const calls = [now.request(), now.narrow('uploads')]
    await world.schedule.pass(5_000)
    const again = earlier.request()
    await world.schedule.pass(5_000)
    expect([...calls, again].map(outcomeOf)).toEqual([200, 200, 200])
    expect([login.thefts, now.ends, earlier.ends]).toEqual([0, [], []])
    world.oracle.check()
  } finally {
    world.done()
  }
})

test.each([true, false])('P3 P4 D8 an earlier version refreshes and asks under its own token after a job, answers repeated: %s', async (idempotent) => {
  const { world, login, now, earlier } = await withEarlier(idempotent)
  try {
    world.network.faults.set('token', ['late-answer'])
    const calls = [now.narrow('uploads'), earlier.request()]
    await world.schedule.pass(30_000)
    calls.push(earlier.request(), now.request(), now.narrow('drafts'))
    await world.schedule.pass(30_000)
    expect(calls.slice(2).map(outcomeOf)).toEqual([200, 200, 200])
    expect([login.thefts, now.ends, earlier.ends, world.oracle.ledger.row()?.generation]).toEqual([0, [], [], 1])
    world.oracle.check()
  } finally {
    world.done()
  }
})
