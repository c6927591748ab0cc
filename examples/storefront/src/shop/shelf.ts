/** The models kept on this device. */
import { signal, type ReadonlySignal } from '@preact/signals'
import type { Session } from '@3dimli/session'
import type { Download, Downloads } from '@3dimli/session/downloads'
import type { Owned } from './stock.ts'

/** A model on its way to this device. */
export interface Saving {
  readonly receivedBytes: number
  readonly totalBytes: number
  cancel(): void
}

/** The shelf. */
export interface Shelf {
  readonly kept: ReadonlySignal<readonly Download[] | undefined>
  readonly saving: ReadonlySignal<ReadonlyMap<string, Saving>>
  /** Looks again: another tab may have kept something. */
  look(): Promise<void>
  /** Keeps a model; resolves to false when it was cancelled. */
  keep(model: Owned): Promise<boolean>
  remove(id: string): Promise<void>
}

/** Makes the shelf. */
export function createShelf(session: Session, downloads: Downloads, api: string): Shelf {
  const kept = signal<readonly Download[] | undefined>(undefined)
  const saving = signal<ReadonlyMap<string, Saving>>(new Map())
  const put = (id: string, entry: Saving | undefined): void => {
    const next = new Map(saving.value)
    if (entry) next.set(id, entry)
    else next.delete(id)
    saving.value = next
  }
  session.register(() => (kept.value = undefined), { name: 'list of kept models' })
  const look = async (): Promise<void> => {
    kept.value = await downloads.list()
  }

  return {
    kept, saving, look,
    async keep({ id, title, format, size, sha256, file }) {
      const stop = new AbortController()
      const progress = (receivedBytes: number): void => put(id, { receivedBytes, totalBytes: size, cancel: () => stop.abort() })
      progress(0)
      try {
        await downloads.save(id, new URL(file, api), {
          name: `${title}.${format.toLowerCase()}`, sha256, signal: stop.signal, onProgress: ({ receivedBytes }) => progress(receivedBytes),
        })
        await look()
        return true
      } catch (error) {
        if (stop.signal.aborted) return false
        throw error
      } finally {
        put(id, undefined)
      }
    },
    async remove(id) {
      await downloads.remove(id)
      await look()
    },
  }
}
