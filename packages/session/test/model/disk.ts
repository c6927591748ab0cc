/** What applications keep on the device: entries under targets, erased one by one, and what belongs to others. */
import type { Target } from '../../src/end.ts'
import type { Eraser } from '../../src/ports.ts'
import type { StorageMode } from './store.ts'
import type { Schedule } from './schedule.ts'

/** One thing that was kept: which key opens it, and when it was written. */
export interface Entry {
  readonly key: unknown
  readonly subject: string
  readonly at: number
}

export interface Disk {
  /** Entries by the JSON of their target. */
  readonly kept: Map<string, Map<string, Entry>>
  mode: StorageMode
  /** When it last failed somebody. */
  failedAt: number
  of(owner: number): Eraser
}

export interface DiskEvents {
  readonly erased: (target: string, entry: Entry, owner: number) => void
}

/** What others keep here, some of it under names that look like ours. */
export const foreign: readonly Target[] = [
  { kind: 'cache-storage', cache: 'shell' },
  { kind: 'cache-storage', cache: 'other-model.0123456789abcdef' },
  { kind: 'cache-storage', cache: 'models' },
  { kind: 'indexeddb', database: 'drafts-of-others' },
  { kind: 'web-storage', area: 'local', key: 'theme' },
]

const marker = '{content}'

export function createDisk(schedule: Schedule, events: DiskEvents): Disk {
  const act = <T>(owner: number, what: string, write: boolean, work: () => T): Promise<T> => {
    if (disk.mode !== 'works') disk.failedAt = schedule.now()
    if (disk.mode === 'hangs') return new Promise(() => {})
    return schedule.later(owner, what, () => {
      if (disk.mode === 'throws' || (write && disk.mode === 'refuses-writes')) throw new Error('storage is broken')
      const seen = work()
      if (disk.mode === 'loses its connection') throw new Error('the connection is lost')
      return seen
    }, schedule.delay(15))
  }

  const clear = async (owner: number, key: string): Promise<number> => {
    let count = 0
    for (const name of await act(owner, `lists ${key}`, false, () => [...(disk.kept.get(key)?.keys() ?? [])])) {
      count += await act(owner, `erases ${name} of ${key}`, true, () => {
        const entry = disk.kept.get(key)?.get(name)
        if (!entry) return 0
        events.erased(key, entry, owner)
        disk.kept.get(key)?.delete(name)
        return 1
      })
    }
    return count
  }

  const disk: Disk = {
    kept: new Map(foreign.map((target) => [named(target), new Map([['theirs', { key: 'theirs', subject: 'nobody', at: 0 }]])])),
    mode: 'works',
    failedAt: -1,
    of: (owner) => ({
      erase: (target) => clear(owner, named(target)),
      remains: (target) => act(owner, `looks at ${named(target)}`, false, () => disk.kept.get(named(target))?.size ?? 0),
      async sweep(target, keep) {
        const [before = '', after] = named(target).split(marker)
        if (after === undefined) return 0
        const found = await act(owner, `looks for what lies under ${named(target)}`, false, () =>
          [...disk.kept.keys()].filter((key) => key.startsWith(before) && key.endsWith(after)))
        const kept = await keep()
        let count = 0
        for (const key of found) if (!kept.some((id) => key === before + id + after)) count += await clear(owner, key)
        return count
      },
    }),
  }
  return disk
}

/** The name a target's entries are found under. */
export function named(target: Target): string {
  return JSON.stringify(target)
}
