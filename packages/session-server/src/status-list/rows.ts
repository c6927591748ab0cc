/** The rows of a store as the lists know them: all are read at the start, then each that changed. */
import type { SessionRow } from '../session.ts'
import type { SessionStore } from '../store.ts'

/** What reads the rows. */
export interface Rows {
  /** Resolves when every change that was written before this call has been read. Rejects when that cannot be known or done. */
  upToDate(): Promise<void>
  stop(): void
}

/** Gives `note` each row that changed, on whichever node, and all of them when changes may have been missed. */
export function readRows(store: SessionStore, note: (row: SessionRow) => void): Rows {
  const changed = new Set<string>()
  let all = true
  let reading: Promise<void> | undefined

  async function read(): Promise<void> {
    // What is told in one turn is read together.
    await Promise.resolve()
    try {
      // One read at a time: a row that changes while it is read is told again, and read again after it.
      while (all || changed.size > 0) {
        const [everything, sids] = [all, [...changed]]
        all = false
        changed.clear()
        try {
          const rows = everything ? await store.list() : await Promise.all(sids.map((sid) => store.get(sid)))
          for (const row of rows) if (row) note(row)
        } catch (error) {
          all ||= everything
          for (const sid of sids) changed.add(sid)
          throw error
        }
      }
    } finally {
      reading = undefined
    }
  }

  const catchUp = (): Promise<void> => (reading ??= read())
  const following = store.follow((sid) => {
    if (sid === undefined) all = true
    else changed.add(sid)
    // What could not be read is read with the next change, or for whoever asks, who is told when it fails again.
    catchUp().catch(() => undefined)
  })
  return {
    async upToDate() {
      await following.caughtUp()
      await catchUp()
    },
    stop: () => following.stop(),
  }
}
