/** P7, and the agreement of all: when everything works again, everybody knows how things stand. */
import type { Court, Promises } from '../oracle.ts'

export function settledWorld({ world, ledger, broken }: Court): Promises {
  return {
    quiet() {
      const row = ledger.row()
      const login = row?.live && world.server.loginOf(row.live.tokens.accessToken)
      if (login && (login.standing === 'revoked' || login.standing === 'expired')) broken('P7', `${login.sid} is ${login.standing} and nobody noticed`)
      if (row && row.outbox.length > 0 && world.setting.traits.revocation) broken('P5', `${row.outbox.length} tokens were never given back`)
      for (const tab of world.tabs) {
        if (!tab || tab.context.dead || !tab.started) continue
        const { state } = tab.session
        if (row && row.v > tab.version) {
          if (state.status === 'active') broken('P1', `tab ${tab.id} is active over a record that it cannot read`)
          continue
        }
        const wanted = !row?.live ? 'signed-out' : login?.standing === 'suspended' ? 'fenced' : 'active'
        if (state.status !== wanted) broken(state.status === 'signed-out' ? 'P4' : 'P7', `tab ${tab.id} is ${state.status}${'reason' in state ? ` (${state.reason})` : ''} where it should be ${wanted}`)
        if ('session' in state && row?.live && state.session.epochId !== row.epoch.id) broken('P6', `tab ${tab.id} is in another session than the record`)
        for (const last of wanted === 'active' ? tab.calls.slice(-2) : []) if ((last.what === 'request' || last.what === 'narrow uploads') && last.outcome !== 200) broken('P3', `a ${last.what} of tab ${tab.id} fails when everything works: ${String((last.outcome as { code?: string } | undefined)?.code ?? last.outcome)}`)
        for (const call of tab.calls) if (!call.settled && call.since !== Infinity) broken('P3', `${call.what} (call ${call.id}) of tab ${tab.id} never came to an end${call.stopped ? ' since stop()' : ''}`)
      }
      for (const { token, tab } of ledger.late) {
        const late = world.server.loginOf(token)
        const owner = world.tabs.find((each) => each?.id === tab)
        // Who cannot read the record has nowhere to keep what it should give back.
        if (!owner || owner.version < (row?.v ?? 0) || owner.context.dead || ledger.storageFailedAt >= 0 || !world.setting.traits.revocation || ledger.recordLost > 0) continue
        const again = [...ledger.stretches.values()].some(({ login: next }) => next.subject === late?.subject && next !== late)
        if (!again && late?.current === token) broken('P5', `the late ${token} was never given back`)
      }
    },
  }
}
