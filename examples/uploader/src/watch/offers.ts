/** What becomes of the files of a watched folder: each goes into the queue once, unless the marketplace has it. */
import { setTimeout as pause } from 'node:timers/promises'
import type { Application } from '../application.ts'
import { isKnown } from '../known.ts'

/** How long until a server that did not answer is asked again. */
const againMs = 5_000

/** The files that are still to be looked at. */
export interface Offers {
  /** A file is complete. */
  offer(path: string): void
  /** A file is there no more. */
  withdraw(path: string): void
  /** Somebody is signed in: goes on with what waited. */
  goOn(): void
}

/** Makes them. `known` is told of each file that need not be sent. */
export function createOffers(app: Application, signal: AbortSignal, known: (path: string) => void): Offers {
  const waiting = new Set<string>()
  const queued = new Map<string, string>()
  let working = false

  const look = async (): Promise<void> => {
    const assets = await app.assets()
    for (const path of [...waiting]) {
      if (app.session.state.status !== 'active') return
      const isThere = await isKnown(path, assets, signal)
      // It may have been withdrawn while it was read.
      if (!waiting.delete(path)) continue
      if (isThere) known(path)
      else queued.set(path, app.uploads.add(path))
    }
  }

  const goOn = async (): Promise<void> => {
    if (working) return
    working = true
    while (waiting.size > 0 && app.session.state.status === 'active' && !signal.aborted) {
      await look().catch(() => pause(againMs, undefined, { signal }).catch(() => undefined))
    }
    working = false
  }

  /** Takes a file out of the queue; what came of an earlier state of it is no more of use. */
  const drop = async (path: string): Promise<void> => {
    const id = queued.get(path)
    queued.delete(path)
    if (id !== undefined && app.uploads.state.uploads.find((upload) => upload.id === id)?.state !== 'done') await app.uploads.cancel(id)
  }

  return {
    offer(path) {
      void drop(path).finally(() => {
        waiting.add(path)
        void goOn()
      })
    },
    withdraw(path) {
      waiting.delete(path)
      void drop(path)
    },
    goOn: () => void goOn(),
  }
}
