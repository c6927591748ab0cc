/** P1 and P6: who knows of an end does nothing in its session any more, and nobody acts in another session than the one of the call. */
import type { Court, Promises } from '../oracle.ts'
import type { Stretch } from '../ledger.ts'
import type { Act, Tab } from '../tab.ts'

/** How long a running context may not know, ms. */
const grace = 100

export function fence({ world, ledger, broken }: Court): Promises {
  /** Which epochs each context knows to be over. */
  const known = new Map<number, Set<string>>()
  /** Which ends each context told its application. */
  const told = new Map<number, Set<string>>()
  const learned = (tab: number, epochId: string): void => void known.set(tab, (known.get(tab) ?? new Set()).add(epochId))

  /** When an end was announced to the others. */
  const announced = new Map<string, number>()
  /** Ends that were announced while flags could be raised: whatever becomes of the record and of who announced them, they are written at last. */
  const remembered = new Set<string>()
  /** When each flag of an end that was not written was first seen. */
  const raised = new Map<string, number>()
  const flaggedFor = (epochId: string): number => Math.max(0, ...[...raised].map(([flag, at]) => (flag.endsWith(epochId) ? world.schedule.now() - at : 0)))

  const stretchOf = ({ token, key, call }: Act): Stretch | undefined => {
    const all = [...ledger.stretches.values()]
    if (token !== undefined) return all.findLast(({ login }) => login === world.server.loginOf(token))
    // What the same person kept passes on to the next session.
    return all.find((stretch) => stretch.key === key && stretch.epochId === call.epochId) ?? all.findLast((stretch) => stretch.key === key)
  }

  return {
    acted(tab: Tab, act: Act) {
      const stretch = stretchOf(act)
      const what = `${act.what} of call ${act.call.id} in tab ${tab.id}`
      if (!stretch) return act.token === undefined || act.token === '' ? undefined : broken('P6', `${what} with a token that was never in the record`)
      const { call } = act
      if (call.epochId !== undefined && call.epochId !== stretch.epochId) broken('P6', `${what} was made in ${call.epochId} and done with what belongs to ${stretch.epochId}`)
      if (known.get(tab.id)?.has(stretch.epochId)) broken('P1', `${what} although the tab knew of the end of ${stretch.login.sid}`)
      const over = stretch.endedAt !== undefined ? world.schedule.now() - stretch.endedAt : 0
      const said = announced.get(stretch.epochId)
      const { channels } = world.device
      // Who began to listen later has not heard it.
      const listens = Math.max(tab.context.wokeAt, tab.calls.findLast(({ what: each }) => each === 'start')?.at ?? 0)
      const since = said === undefined || said <= listens || channels.harmed > 0 || channels.faults.length > 0 ? 0 : world.schedule.now() - said
      // An announcement that nothing follows is forgotten after two seconds.
      if (since > grace && since < 2_000) broken('P1', `${what} ${since} ms after the end of ${stretch.login.sid} was announced`)
      if (flaggedFor(stretch.epochId) > grace) broken('P1', `${what} ${flaggedFor(stretch.epochId)} ms after an end of ${stretch.login.sid} was remembered that the record refused`)
      if (over > grace) broken('P1', `${what} ${over} ms after the end of ${stretch.login.sid} was in the record`)
    },
    posted(message) {
      const { type, epochId } = message as { type?: string; epochId?: string }
      if (type === 'ending' && epochId !== undefined && !announced.has(epochId)) announced.set(epochId, world.schedule.now())
      if (type === 'ending' && epochId !== undefined && world.device.flagsWork) remembered.add(epochId)
    },
    handedOut(tab, call) {
      const { state } = tab.session
      if (call.epochId === undefined) return
      if (known.get(tab.id)?.has(call.epochId)) broken('P1', `the answer to call ${call.id} was handed out in tab ${tab.id}, which knew of the end`)
      if (state.status === 'fenced') broken('P1', `the answer to call ${call.id} was handed out behind a fence (${state.reason}) in tab ${tab.id}`)
    },
    slept(tab) {
      if ('session' in tab.session.state && !tab.context.covered) broken('P1', `tab ${tab.id} was put to sleep uncovered`)
    },
    woke(tab) {
      const { state } = tab.session
      if (state.status === 'active') broken('P1', `tab ${tab.id} woke and is active before it read the record`)
      if ('session' in state && !tab.context.covered) broken('P1', `tab ${tab.id} woke uncovered`)
    },
    delivered(owner, { proof }) {
      if (proof?.standing !== 'revoked' && proof?.standing !== 'expired') return
      const tab = world.tabs.find((each) => each?.id === owner)
      const state = tab?.session.state
      if (!tab || !state || !('session' in state) || state.session.sid !== proof.sid) return

      learned(owner, state.session.epochId)
    },
    signingOut(tab) {
      const { state } = tab.session
      if ('session' in state) learned(tab.id, state.session.epochId)
    },
    quiet() {
      const row = ledger.row()
      if (row?.live && remembered.has(row.epoch.id)) broken('P5', `the end of ${ledger.stretches.get(row.epoch.id)?.login.sid} was announced, and is forgotten`)
    },
    check() {
      for (const flag of raised.keys()) if (!world.device.flags.has(flag)) raised.delete(flag)
      for (const flag of world.device.flags) if (!raised.has(flag)) raised.set(flag, world.schedule.now())
      for (const tab of world.tabs) {
        if (!tab || tab.context.dead || !tab.started) continue
        const { state } = tab.session
        if ((state.status === 'signed-out' || state.status === 'purging') && state.end) {
          learned(tab.id, state.end.epochId)
          told.set(tab.id, (told.get(tab.id) ?? new Set()).add(state.end.epochId))
        }
        if (state.status === 'active' && told.get(tab.id)?.has(state.session.epochId)) broken('P1', `tab ${tab.id} knows of the end of ${state.session.sid} and is active`)
      }
    },
  }
}
