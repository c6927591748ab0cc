/** Every step of the machine. */
import { describe, expect, it } from 'vitest'
import type { SessionEnd } from './end.ts'
import type { FenceReason } from './errors.ts'
import { initial, stateOf, step, type Effect, type Machine, type MachineEvent, type SessionState } from './state.ts'
import { generator } from '../test/junk.ts'

const session = { issuer: 'https://id.test', subject: 'mira', epochId: 'first', startedAt: 0 }
const second = { ...session, subject: 'jonas', epochId: 'second' }
const end: SessionEnd = { cause: 'revoked', by: 'admin', disposition: 'wipe', at: 0, issuer: session.issuer, subject: 'mira', epochId: 'first' }

/** The machine after some events. */
function after(...events: readonly MachineEvent[]): Machine {
  return events.reduce((machine, event) => step(machine, event)[0], initial)
}

describe('an end is irreversible', () => {
  const began: MachineEvent = { type: 'began', session }
  it.each<readonly [string, readonly MachineEvent[], Machine['phase']]>([
    ['while it is written', [began, { type: 'ending', end }, began], 'ending'],
    ['while the purge runs', [began, { type: 'ended', end }, began], 'purging'],
    ['after the purge', [began, { type: 'ended', end }, { type: 'purged' }, began], 'signed-out'],
    ['when the record told of it at the start', [{ type: 'nobody', end }, began], 'signed-out'],
  ])('P5 the same epoch does not begin again %s', (_when, events, phase) => {
    expect(after(...events).phase).toBe(phase)
  })
})

const began: MachineEvent = { type: 'began', session }
const fence = (reason: FenceReason): MachineEvent => ({ type: 'fence', reason })
const lift = (reason: FenceReason): MachineEvent => ({ type: 'lift', reason })

describe('what the application sees', () => {
  it.each<readonly [string, readonly MachineEvent[], SessionState]>([
    ['nothing was read yet', [], { status: 'restoring' }],
    ['a fence before anything was read', [fence('storage')], { status: 'restoring' }],
    ['nobody is signed in', [{ type: 'nobody' }], { status: 'signed-out' }],
    ['the record tells of an end', [{ type: 'nobody', end }], { status: 'signed-out', end }],
    ['somebody is', [began], { status: 'active', session }],
    ['a name came later', [began, { type: 'began', session: { ...session, sid: 'sid-1' } }], { status: 'active', session: { ...session, sid: 'sid-1' } }],
    ['one fence', [began, fence('waking')], { status: 'fenced', reason: 'waking', session }],
    ['two fences: the first says why', [began, fence('suspect'), fence('waking')], { status: 'fenced', reason: 'suspect', session }],
    ['one of two is lifted', [began, fence('suspect'), fence('waking'), lift('suspect')], { status: 'fenced', reason: 'waking', session }],
    ['both are', [began, fence('suspect'), fence('waking'), lift('suspect'), lift('waking')], { status: 'active', session }],
    ['one fence twice needs one lift', [began, fence('lease'), fence('lease'), lift('lease')], { status: 'active', session }],
    ['an end is being written', [began, { type: 'ending', end }], { status: 'fenced', reason: 'suspect', session }],
    ['an end is written', [began, { type: 'ending', end }, { type: 'ended', end }], { status: 'purging', end }],
    ['the purge is over', [began, { type: 'ended', end }, { type: 'purged' }], { status: 'signed-out', end }],
    ['somebody signs in again', [began, { type: 'ended', end }, { type: 'purged' }, { type: 'began', session: second }], { status: 'active', session: second }],
    ['a subject came later', [began, { type: 'began', session: { ...session, subject: 'mira m.' } }], { status: 'active', session: { ...session, subject: 'mira m.' } }],
    ['an issuer came later', [began, { type: 'began', session: { ...session, issuer: 'https://other.test' } }], { status: 'active', session: { ...session, issuer: 'https://other.test' } }],
    ['a purge is told of that nobody asked for', [began, { type: 'purged' }], { status: 'active', session }],
    ['a purge is told of after the next sign-in', [began, { type: 'ended', end }, { type: 'began', session: second }, { type: 'purged' }], { status: 'active', session: second }],
    ['a purge is told of while the end is still written', [began, { type: 'ending', end }, { type: 'purged' }], { status: 'fenced', reason: 'suspect', session }],
    ['an end is known, and then that nobody is there', [began, { type: 'nobody' }], { status: 'active', session }],
  ])('when %s', (_when, events, state) => {
    expect(stateOf(after(...events))).toEqual(state)
  })

  it.each<readonly [FenceReason, boolean]>([['waking', true], ['storage', true], ['suspect', false], ['suspended', false], ['lease', false]])('P6 a fence for `%s` holds the next session too: %s', (reason, holds) => {
    expect(stateOf(after(began, fence(reason), { type: 'began', session: second })).status).toBe(holds ? 'fenced' : 'active')
  })
})

describe('a fence that is up when the session ends', () => {
  it.each<readonly [FenceReason, boolean]>([['storage', true], ['waking', false], ['suspect', false], ['suspended', false], ['lease', false]])('P2 `%s` is about this device and stays: %s', (reason, stays) => {
    const left = stays ? [reason] : []
    expect(after(began, fence(reason), { type: 'ended', end }).fences).toEqual(left)
    expect(after(fence(reason), { type: 'nobody', end }).fences).toEqual(left)
  })

  it('P1 a name that came later lifts none', () => {
    expect(after(began, fence('suspect'), { type: 'began', session: { ...session, sid: 'sid-1' } }).fences).toEqual(['suspect'])
  })
})

describe('a step that changes nothing', () => {
  it.each<readonly [string, readonly MachineEvent[], MachineEvent]>([
    ['the same session is read again', [began], began],
    ['an ended one is read again', [began, { type: 'ended', end }], began],
    ['an end is told twice', [began, { type: 'ended', end }], { type: 'ended', end }],
    ['a purge is told twice', [began, { type: 'ended', end }, { type: 'purged' }], { type: 'purged' }],
    ['a fence is up already', [began, fence('lease')], fence('lease')],
    ['no fence is there to lift', [began], lift('lease')],
  ])('E6 when %s, it is the same machine, so nobody is told', (_when, events, event) => {
    const machine = after(...events)
    const [next, effects] = step(machine, event)
    expect(next).toBe(machine)
    expect(effects).toEqual([])
  })

  it('a name that came later is a change, and nothing is to be done for it', () => {
    const machine = after(began)
    const [next, effects] = step(machine, { type: 'began', session: { ...session, sid: 'sid-1' } })
    expect(next).not.toBe(machine)
    expect(effects).toEqual([])
  })
})

describe('what the interpreter is told', () => {
  const effects = (...events: readonly MachineEvent[]): readonly Effect[] => step(after(...events.slice(0, -1)), events.at(-1)!)[1]
  const abort: Effect = { type: 'abort', epochId: 'first', end }

  it.each<readonly [string, readonly MachineEvent[], readonly Effect[]]>([
    ['an end begins', [began, { type: 'ending', end }], [abort]],
    ['it is written', [began, { type: 'ending', end }, { type: 'ended', end }], [abort, { type: 'purge', end }]],
    ['another context wrote it', [began, { type: 'ended', end }], [abort, { type: 'purge', end }]],
    ['it is written twice', [began, { type: 'ended', end }, { type: 'ended', end }], []],
    ['it is about another epoch', [began, { type: 'ended', end: { ...end, epochId: 'second' } }], []],
    ['an end of another epoch begins', [began, { type: 'ending', end: { ...end, epochId: 'second' } }], []],
    ['another session took its place', [began, { type: 'began', session: second }], [{ type: 'abort', epochId: 'first' }]],
    ['the same session is read again', [began, began], []],
    ['somebody signs in after an end', [began, { type: 'ended', end }, { type: 'began', session: second }], []],
    ['an end that is known begins again', [began, { type: 'ending', end }, { type: 'ending', end }], []],
    ['an end begins of a session that was purged', [began, { type: 'ended', end }, { type: 'ending', end }], []],
    ['a fence comes or goes', [began, fence('suspect')], []],
  ])('P1 when %s', (_when, events, told) => {
    expect(effects(...events)).toEqual(told)
  })
})

describe('any order of events', () => {
  const times = (list: readonly string[], one: string): number => list.filter((each) => each === one).length

  it('P1 P5 an ended epoch never comes back, each is purged once, and a purge follows an abort', () => {
    const junk = generator(5)
    let purges = 0
    const reasons: readonly FenceReason[] = ['waking', 'suspect', 'suspended', 'lease', 'storage']
    for (let run = 0; run < 300; run += 1) {
      let machine = initial
      const begun: string[] = []
      const purged: string[] = []
      for (let turn = 0; turn < 60; turn += 1) {
        const epochId = `epoch ${junk.below(2) + Math.floor(turn / 15)}`
        const told = { ...end, epochId }
        const [next, effects] = step(machine, junk.pick<MachineEvent>([
          fence(junk.pick(reasons)), lift(junk.pick(reasons)), { type: 'began', session: { ...session, epochId } }, { type: 'nobody' }, { type: 'ending', end: told },
          { type: 'ended', end: told }, { type: 'purged' },
        ]))
        effects.forEach((effect, index) => {
          if (effect.type !== 'purge') return
          expect(effects[index - 1]).toMatchObject({ type: 'abort', epochId: effect.end.epochId })
          purged.push(effect.end.epochId)
          // Once for each time it began: an older epoch, read again after another one, is not kept out here.
          expect(times(purged, effect.end.epochId)).toBeLessThanOrEqual(times(begun, effect.end.epochId))
        })
        if (next.phase === 'active' && (machine.phase !== 'active' || machine.session?.epochId !== next.session?.epochId)) begun.push(next.session!.epochId)
        // What was read before the last end says nothing about it; an older epoch is kept out by the order of reads.
        if (machine.end && next.phase === 'active') expect(next.session?.epochId).not.toBe(machine.end.epochId)
        expect(new Set(next.fences).size).toBe(next.fences.length)
        machine = next
      }
      purges += purged.length
    }
    expect(purges).toBeGreaterThan(300)
  })
})
