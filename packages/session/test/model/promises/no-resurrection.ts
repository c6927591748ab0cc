/** P5: what is over stays over, late tokens are given back, and our own cleaning harms nobody who lives. */
import type { Court, Promises } from '../oracle.ts'
import type { Tab } from '../tab.ts'

export function noResurrection({ world, ledger, broken }: Court): Promises {
  const serial = (token: string | undefined): number => Number(token?.split('~')[2] ?? 0)

  const asked: { readonly tab: Tab; readonly epochId: string }[] = []

  return {
    wrote(before, after) {
      const { live, epoch } = after
      if (before && epoch.id !== before.epoch.id && epoch.n <= before.epoch.n) broken('P5', `the epoch went from ${before.epoch.n} to ${epoch.n}`)
      if (!live) return
      const stretch = ledger.stretches.get(epoch.id)
      if (stretch?.endedAt !== undefined) broken('P5', `${stretch.login.sid} is alive again after its end`)
      const owner = world.server.loginOf(live.tokens.accessToken)
      if (stretch && owner !== stretch.login) broken('P6', `${live.tokens.accessToken} was written into the session ${stretch.login.sid}`)
      if (before?.live && before.epoch.id === epoch.id && serial(live.tokens.refreshToken) < serial(before.live.tokens.refreshToken)) {
        broken('P5', `${before.live.tokens.refreshToken} was replaced by the older ${live.tokens.refreshToken}`)
      }
      const { refreshToken } = live.tokens
      if (after.outbox.some(({ token }) => world.server.loginOf(token) === owner)) broken('P5', `a token of the living ${owner?.sid} (${refreshToken}) waits to be revoked`)
    },
    signingOut(tab) {
      const { state } = tab.session
      if ('session' in state) asked.push({ tab, epochId: state.session.epochId })
    },
    quiet() {
      const row = ledger.row()
      if (!row?.live) return
      const { id } = row.epoch
      if ([...world.device.raised].some((flag) => flag.includes(id))) broken('P5', 'a session lives although its end was noted down')
      for (const { tab, epochId } of asked) {
        const call = tab.calls.findLast(({ what }) => what === 'signOut')
        // Who cannot read the record cannot end it; it raised a flag, where flags can be raised.
        if (epochId === id && row.v <= tab.version && !tab.context.dead && call && !call.stopped && !(call.outcome instanceof Error)) broken('P5', 'a session lives although the person signed out of it')
      }
    },
    revoking(token) {
      const row = ledger.row()
      const living = row?.live && world.server.loginOf(row.live.tokens.accessToken)
      if (living && living === world.server.loginOf(token)) broken('P5', `${token} is given back while ${living.sid} lives`)
    },
    delivered(owner, { brings }) {
      if (brings === undefined) return
      const login = world.server.loginOf(brings)
      const stretch = [...ledger.stretches.values()].findLast((each) => each.login === login)
      if (stretch?.endedAt !== undefined) ledger.late.push({ token: brings, tab: owner })
    },
  }
}
