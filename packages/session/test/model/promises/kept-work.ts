/** P9 and P10: nothing of others is erased, and locked work waits for its owner and for nobody else. */
import { foreign, named } from '../disk.ts'
import type { Court, Promises } from '../oracle.ts'

export function keptWork({ world, ledger, broken }: Court): Promises {
  /** Whose each key is. */
  const owners = new Map<unknown, string>()

  return {
    wrote(before, after) {
      const { live } = after
      if (live) {
        const owner = owners.get(live.content.key)
        if (owner !== undefined && owner !== live.subject) broken('P10', `the content of ${owner} is open to ${live.subject}`)
        owners.set(live.content.key, live.subject)
      }
      if (!before) return
      if (live && before.epoch.id !== after.epoch.id) {
        const waiting = before.vault.filter(({ subject, until }) => subject === live.subject && until > world.device.wall())
        if (waiting.length > 0 && !waiting.some(({ content }) => content.id === live.content.id && content.key === live.content.key)) {
          broken('P10', `${live.subject} signed in and did not get back what was locked`)
        }
      }
      if (before.live && before.epoch.id !== after.epoch.id && after.end?.epochId === before.epoch.id && after.end.cause === 'expired') {
        const { content } = before.live
        if (!after.vault.some((kept) => kept.content.id === content.id && kept.content.key === content.key)) broken('P10', 'an expired session did not lock its work')
      }
    },
    erased(target, entry) {
      if (entry.subject === 'nobody') broken('P9', `${target} of somebody else was erased`)
      const row = ledger.row()
      const ids = [row?.live?.content.id, ...(row?.vault ?? []).filter(({ until }) => until > world.device.wall()).map(({ content }) => content.id)]
      for (const id of ids) if (id !== undefined && target.includes(id)) broken('P10', `${target} was erased while it was locked or in use`)
    },
    quiet() {
      for (const target of foreign) {
        const kept = world.device.disk.kept.get(named(target))
        if (kept?.size !== 1 || kept.get('theirs')?.key !== 'theirs') broken('P9', `${named(target)} of somebody else is not what it was`)
      }
    },
    acted(tab, { what, entry, key }) {
      if (what !== 'open' || !entry) return
      const { state } = tab.session
      if (entry.key === key && 'session' in state && entry.subject !== state.session.subject) broken('P10', `${state.session.subject} opened what ${entry.subject} saved`)
    },
  }
}
