/** P2: the end takes the key with it, and the journal stands until everything is gone. */
import type { Row } from '../../../src/row.ts'
import { named } from '../disk.ts'
import { ModelKey } from '../keys.ts'
import type { Court, Promises } from '../oracle.ts'

/** How long a start waits for a disk, ms. */
const patience = 2_000

export function purge({ world, ledger, broken }: Court): Promises {
  /** Keys that no record may hold again. */
  const wiped = new Set<unknown>()

  /** When each journal was opened. */
  const open = new Map<string, number>()

  return {
    wrote(before, after) {
      for (const { epochId } of after.journals) if (!open.has(epochId)) open.set(epochId, world.schedule.now())
      if (before?.live && before.epoch.id !== after.epoch.id) {
        const stretch = ledger.stretches.get(before.epoch.id)
        const end = after.end?.epochId === before.epoch.id ? after.end : undefined
        const locks = end && (end.cause === 'expired' || (end.cause === 'revoked' && stretch?.login.disposition !== 'wipe'))
        const carried = after.live?.content.id === before.live.content.id && after.live.subject === before.live.subject
        if (!locks && !carried) {
          wiped.add(before.live.content.key)
          const journal = after.journals.find(({ epochId }) => epochId === before.epoch.id)
          const named = new Set(journal?.targets.map((target) => JSON.stringify(target)))
          const missing = before.live.targets.map((target) => JSON.stringify(target).replace('{content}', before.live?.content.id ?? '')).filter((target) => !named.has(target))
          if (missing.length > 0) broken('P2', `the end of ${stretch?.login.sid} was written without a journal for ${missing.join(', ')}`)
        }
      }
      const { keys, strings } = contents(after)
      for (const key of keys) if (wiped.has(key)) broken('P2', `${(key as ModelKey).name} of a session that was wiped is in the record`)
      const dead = new Set([...ledger.stretches.values()].filter(({ endedAt }) => endedAt !== undefined).map(({ login }) => login.sid))
      const given = new Set(after.outbox.map(({ token }) => token))
      for (const text of strings) {
        const [kind, sid = ''] = text.split('~')
        if ((kind === 'AT' || (kind === 'RT' && !given.has(text))) && dead.has(sid)) broken('P2', `${text} of an ended session is in the record`)
      }
      for (const journal of before?.journals ?? []) {
        if (after.journals.some(({ epochId }) => epochId === journal.epochId)) continue
        const over = ledger.stretches.get(journal.epochId)?.endedAt ?? 0
        for (const target of journal.targets) {
          const left = [...(world.device.disk.kept.get(named(target))?.entries() ?? [])].filter(([, { at }]) => at < over)
          if (left.length > 0) broken('P2', `the journal was closed while ${left.length} entries lay under ${named(target)}`)
        }
      }
    },
    started(tab, call) {
      const row = ledger.row()
      const { failedAt } = world.device.disk
      const due = row?.journals.find(({ epochId }) => (open.get(epochId) ?? Infinity) < call.at && (open.get(epochId) ?? 0) > failedAt)
      // A record that refuses writes cannot have its journal closed.
      if (due && world.device.store.mode === 'works' && ledger.storageFailedAt < call.at && world.schedule.now() - call.at < patience) {
        broken('P2', `tab ${tab.id} started and left an earlier purge unfinished`)
      }
    },
    acted(tab, { what, call }) {
      const row = ledger.row()
      // What a disk refused to erase is tried again later; its key is gone.
      const due = row?.journals.some(({ epochId }) => (ledger.stretches.get(epochId)?.endedAt ?? 0) > world.device.disk.failedAt)
      if (what === 'key' && due && row?.epoch.id === call.epochId) {
        broken('P2', `tab ${tab.id} opened what is kept while an earlier purge was not finished`)
      }
    },
    quiet() {
      const row = ledger.row()
      if (!row) return
      if (row.journals.length > 0) broken('P2', 'a journal is still open when everything is quiet')
      const rightful = new Set([row.live?.content.id, ...row.vault.map(({ content }) => content.id)])
      for (const [target, entries] of world.device.disk.kept) {
        const id = /"model\.(?<id>[^"]+)"/.exec(target)?.groups?.['id']
        if (id !== undefined && entries.size > 0 && !rightful.has(id)) broken('P2', `${entries.size} entries are left under ${target}`)
      }
    },
  }
}

/** Every key and every text in a record. */
function contents(row: Row): { keys: unknown[]; strings: string[] } {
  const keys: unknown[] = []
  const strings: string[] = []
  const visit = (value: unknown): void => {
    if (value instanceof ModelKey) keys.push(value)
    else if (typeof value === 'string') strings.push(value)
    else if (typeof value === 'object' && value !== null) for (const member of Object.values(value)) visit(member)
  }
  visit(row)
  return { keys, strings }
}
