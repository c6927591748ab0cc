/** What this shop kept on the device, and what became of each. */
import type { PurgeReport, SessionEnd, Target } from '@3dimli/session'

/** One thing that was on this device. */
export interface Removal {
  readonly what: string
  readonly outcome: string
  readonly done: boolean
}

/** Lists it; without a report nothing is called removed. */
export function removals({ lockedUntil }: SessionEnd, report: PurgeReport | undefined, format: (at: number) => string): readonly Removal[] {
  const locked = lockedUntil === undefined ? undefined : `Locked until ${format(lockedUntil)}, for you alone`
  const kinds = [
    { what: 'Models kept on this device', of: isModels, lockable: true },
    { what: 'The order you were filling in', of: isDraft, lockable: true },
    { what: 'Models you looked at', of: isRecent, lockable: false },
  ]
  return kinds.map(({ what, of, lockable }): Removal => {
    const own = (report?.targets ?? []).filter(({ target }) => of(target))
    if (lockable && locked !== undefined) return { what, outcome: locked, done: true }
    if (own.length === 0) return report?.complete ? { what, outcome: 'Removed', done: true } : { what, outcome: 'Being removed', done: false }
    if (own.some(({ outcome }) => outcome === 'failed')) return { what, outcome: 'Unreadable; removed as soon as this browser allows', done: false }
    return { what, outcome: own.every(({ entries }) => entries === 0) ? 'There were none' : 'Removed, and looked for again', done: true }
  })
}

/** Their bytes, and what is known of them. */
const isModels = (target: Target): boolean => target.kind === 'cache-storage' || (target.kind === 'indexeddb' && target.database.endsWith('.downloads'))
const isDraft = (target: Target): boolean => target.kind === 'indexeddb' && target.database.endsWith('.checkout')
const isRecent = (target: Target): boolean => target.kind === 'indexeddb' && target.database === 'recently-viewed'
