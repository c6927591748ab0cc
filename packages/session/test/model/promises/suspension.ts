/** P1: who was told of a suspension does nothing in that session before the server has taken it back. */
import { beginning } from '../device.ts'
import type { Court, Promises } from '../oracle.ts'

/** How long a running context may not know, ms. */
const grace = 100

export function suspension({ world, ledger, broken }: Court): Promises {
  /** What each context was told last: of which suspension, and when. */
  const told = new Map<string, { readonly since: number; readonly at: number }>()
  /** Since when the record shows a suspension. */
  let shownAt: number | undefined

  return {
    delivered(owner, { proof }) {
      if (proof?.standing === 'suspended') told.set(`${owner} ${proof.sid}`, { since: proof.changedAt, at: world.schedule.now() })
    },
    acted(tab, { what, call }) {
      const login = ledger.stretches.get(call.epochId ?? '')?.login
      if (login?.standing !== 'suspended') return
      const heard = told.get(`${tab.id} ${login.sid}`)
      const startedAt = tab.calls.findLast(({ what: each }) => each === 'start')?.at ?? 0
      // A start knows what the record says, which may have refused to be written.
      if (heard?.since === login.changedAt && heard.at >= startedAt) broken('P1', `${what} of call ${call.id} in tab ${tab.id}, which was told that ${login.sid} is suspended`)
      if (shownAt !== undefined && world.schedule.now() - shownAt > grace) broken('P1', `${what} of call ${call.id} in tab ${tab.id} ${world.schedule.now() - shownAt} ms after the record said that ${login.sid} is suspended`)
    },
    wrote(before, after) {
      const login = ledger.stretches.get(after.epoch.id)?.login
      const taken = before?.suspended && !after.suspended && before.epoch.id === after.epoch.id
      if (taken && login?.standing === 'suspended' && login.changedAt - beginning <= (shownAt ?? 0)) broken('P1', `the suspension of ${login.sid} was taken back, and not by the server`)
      if (!after.suspended) shownAt = undefined
      else if (!before?.suspended || before.epoch.id !== after.epoch.id) shownAt = world.schedule.now()
    },
    recordLost() {
      shownAt = undefined
    },
  }
}
