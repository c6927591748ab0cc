/** P4, and what the others rest on: the record's sessions begin with a sign-in and end for a reason. */
import type { Court, Promises } from '../oracle.ts'
import type { Stretch } from '../ledger.ts'
import type { Login } from '../server.ts'
import type { Row } from '../../../src/row.ts'

export function noFalseEnd({ world, ledger, broken }: Court): Promises {
  const { traits } = world.setting

  /** Whether the server still gives tokens for what the record was left with: for the current one, or once more for an attempt whose answer was lost. */
  const redeemable = (login: Login): boolean => {
    if (last?.tokens.refreshToken === login.current) return true
    const kept = traits.idempotent && last?.attempt ? login.kept.get(last.attempt.id) : undefined
    return kept?.presented === last?.tokens.refreshToken && kept?.answer.refresh === login.current
  }

  const mayExpire = ({ login }: Stretch): boolean => {
    if (!redeemable(login)) return true
    if (login.standing === 'expired' || login.standing === 'revoked') return true
    if (login.current === undefined) return true
    if (login.standing === 'suspended' && !traits.session && !traits.problems) return true
    return login.slandered >= (traits.session ? 2 : 1)
  }

  /** What the record held before it was written. */
  let last: { readonly tokens: NonNullable<Row['live']>['tokens']; readonly attempt: Row['attempt'] } | undefined

  /** An end that could not be written left one bit, which does not say why. */
  const flagged = ({ epochId }: Stretch): boolean => [...world.device.flags].some((flag) => flag.includes(epochId))

  const legal = (stretch: Stretch, cause: string): boolean => {
    switch (cause) {
      case 'revoked':
        return stretch.login.standing === 'revoked'
      case 'expired':
        return mayExpire(stretch)
      case 'signed-out':
        return ledger.signedOut.has(stretch.epochId) || ledger.blindSignOuts > 0 || (flagged(stretch) && (legal(stretch, 'revoked') || legal(stretch, 'replaced')))
      case 'replaced':
        return [...ledger.handedOver].some((login) => login.subject !== stretch.login.subject)
      default:
        return false
    }
  }

  return {
    signingOut({ session: { state } }) {
      if ('session' in state) ledger.signedOut.add(state.session.epochId)
      else ledger.blindSignOuts += 1
    },
    recordLost() {
      ledger.recordLost += 1
      for (const stretch of ledger.stretches.values()) if (stretch.endedAt === undefined) Object.assign(stretch, { endedAt: world.schedule.now(), endCause: 'lost' })
    },
    wrote(before, after) {
      const now = world.schedule.now()
      last = before?.live && { tokens: before.live.tokens, attempt: before.attempt }
      if (before?.live && before.epoch.id !== after.epoch.id) {
        const stretch = ledger.stretches.get(before.epoch.id)
        if (stretch && stretch.endedAt === undefined) {
          stretch.endedAt = now
          const end = after.end?.epochId === before.epoch.id ? after.end : undefined
          const again = after.live?.subject === stretch.login.subject
          if (end) stretch.endCause = end.cause
          if (end ? !legal(stretch, end.cause) : !again) broken('P4', `${stretch.login.sid} ended as ${end?.cause ?? 'nothing'}, and nothing says so (${stretch.login.standing})`)
        }
      }
      const { live, epoch } = after
      if (!live || ledger.stretches.has(epoch.id)) return
      const login = world.server.loginOf(live.tokens.accessToken)
      if (!login || !ledger.handedOver.has(login)) return broken('P5', `a session began that nobody signed in to (${live.tokens.accessToken})`)
      if ([...ledger.stretches.values()].some((stretch) => stretch.login === login)) broken('P5', `${login.sid} began a second time`)
      ledger.stretches.set(epoch.id, { epochId: epoch.id, login, beganAt: now, contentId: live.content.id, key: live.content.key })
    },
  }
}
