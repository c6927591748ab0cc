/** What earlier windows and commands of the same seller left unfinished: it goes on by itself, or waits for its file. */
import { randomUUID } from 'node:crypto'
import type { Uploads } from '@3dimli/session-desktop/uploads'
import type { Chosen, Lost } from './view.ts'

/** The unfinished uploads of whoever is signed in. */
export interface Leftovers {
  readonly lost: () => readonly Lost[]
  /** Somebody signed in: looks for what is theirs. */
  recall(owner: string): Promise<void>
  /** A file was chosen again: its upload begins anew, and what was left of the first one is thrown away. */
  chosen(file: Chosen): void
  /** Takes one off the list and has the server throw it away; false where there is none. */
  forget(id: string): Promise<boolean>
  /** The session is over: its list is nobody's. */
  clear(): void
}

/** Makes them; `offer` is told of each file that is still there, and whose it is. */
export function createLeftovers(uploads: Uploads, offer: (path: string, owner: string) => void, changed: () => void): Leftovers {
  const all = new Map<string, { readonly path: string; readonly shown: Lost }>()
  let latest = 0

  const forget = async (id: string): Promise<boolean> => {
    const found = all.get(id)
    if (!found) return false
    all.delete(id)
    changed()
    await uploads.cancel(uploads.add(found.path))
    return true
  }

  return {
    lost: () => [...all.values()].map(({ shown }) => shown),
    async recall(owner) {
      const own = (latest += 1)
      // What cannot be told now is not lost: the next window looks again.
      const found = await uploads.unfinished().catch(() => [])
      if (own !== latest) return
      all.clear()
      for (const { path, name, bytesSent, bytesTotal, isThere } of found) {
        const id = randomUUID()
        if (isThere) offer(path, owner)
        else all.set(id, { path, shown: { id, name, bytesTotal, ...(bytesSent !== undefined && { bytesSent }) } })
      }
      changed()
    },
    chosen({ name, size }) {
      for (const [id, { shown }] of all) if (shown.name === name && shown.bytesTotal === size) forget(id).catch(() => undefined)
    },
    forget,
    clear() {
      latest += 1
      all.clear()
    },
  }
}
