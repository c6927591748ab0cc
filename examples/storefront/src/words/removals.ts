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
    const target = report?.targets.find((one) => of(one.target))
    if (lockable && locked !== undefined) return { what, outcome: locked, done: true }
    if (!target) return report?.complete ? { what, outcome: 'Removed', done: true } : { what, outcome: 'Being removed', done: false }
    if (target.outcome === 'failed') return { what, outcome: 'Unreadable; removed as soon as this browser allows', done: false }
    return { what, outcome: target.entries === 0 ? 'There were none' : 'Removed, and looked for again', done: true }
  })
}

const isModels = (target: Target): boolean => target.kind === 'cache-storage'
const isDraft = (target: Target): boolean => target.kind === 'indexeddb' && target.database.endsWith('.checkout')
const isRecent = (target: Target): boolean => target.kind === 'indexeddb' && target.database === 'recently-viewed'
