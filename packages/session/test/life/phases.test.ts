/** stop() in the middle of anything: every call settles, everything is given back, nothing is an unhandled rejection, and the next start goes on. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Row } from '../../src/row.ts'
import { eventually } from '../eventually.ts'
import { outcome, signIn, turns } from '../scene.ts'
import { none } from './counted.ts'
import { phases } from './phases.ts'
import { stage } from './stage.ts'

const loose: unknown[] = []
const note = (what: unknown): void => void loose.push(what)
beforeEach(() => {
  loose.length = 0
  process.on('unhandledRejection', note)
})
afterEach(() => void process.off('unhandledRejection', note))

describe('E5 J12 stop() while', () => {
  it.each(phases)('$title', async ({ reach, options, lifetimeSeconds, live }) => {
    const at = await stage(options, lifetimeSeconds)
    const { made, open } = at
    const { calls, halted, later } = await reach(at)
    // Keys are made by the platform's own threads, which take the time they need.
    await eventually(() => expect(halted.reached, 'the phase').toBe(true))
    let settled = 0
    for (const call of calls) outcome(call).finally(() => (settled += 1)).catch(() => undefined)

    for (const { session } of made.tabs) session.stop()
    const told = made.tabs.map(({ states }) => states.length)
    halted.letGo()
    await turns()
    // Everything that anybody waits for is bounded; nothing begins anew.
    await made.device.clock.advance(45_000)
    await eventually(() => expect(settled).toBe(calls.length))
    await turns()
    expect([open, made.device.clock.pending()]).toEqual([none, 0])
    expect(made.tabs.map(({ states }) => states.length), 'nobody hears of anything after stop()').toEqual(told)
    expect(loose).toEqual([])

    later?.()
    made.first.context.thaw()
    await made.first.session.start()
    // What was doubted before is still doubted, until the server says otherwise.
    if (live) await made.first.session.confirm()
    await turns()
    expect([made.first.session.state.status, (made.device.row() as Row).live !== undefined]).toEqual([live ? 'active' : 'signed-out', live])
    expect((made.device.row() as Row).journals).toEqual([])
    made.first.session.stop()
    await turns()
    await made.device.clock.advance(45_000)
    expect([open, loose]).toEqual([none, []])
  })

  it('nothing at all is under way, once for each status', async () => {
    const { made, open } = await stage()
    const { first, server } = made
    for (const status of ['active', 'signed-out'] as const) {
      expect(first.session.state.status).toBe(status)
      first.session.stop()
      await turns()
      // Without the clock having moved: what was bounded and is over has given its timer back, too.
      expect([open, made.device.clock.pending(), loose]).toEqual([none, 0, []])
      await first.session.start()
      await first.session.signOut()
    }
    await signIn(made, first, 'jonas')
    expect([first.session.state.status, server.feeds.size]).toEqual(['active', 0])
    first.session.stop()
  })
})
