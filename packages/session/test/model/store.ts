/** The record of the device: reads and changes are tasks, transactions are whole, and storage can be broken in every way that was seen. */
import type { Row } from '../../src/row.ts'
import type { RecordStore } from '../../src/ports.ts'
import type { Schedule } from './schedule.ts'

export type StorageMode = 'works' | 'throws' | 'hangs' | 'refuses-writes' | 'loses its connection'

/** What is kept for all contexts. */
export interface Store {
  /** The raw record, whatever lies there. */
  stored: unknown
  /** Our record, while that of a newer version lies in its place. */
  aside: unknown
  mode: StorageMode
  /** A context stopped in the middle of a transaction: nobody gets past it. */
  blockedBy: number | undefined
  /** What a broken storage never answered; some of it may still be done when it works again. */
  readonly hung: (() => void)[]
  of(owner: number): RecordStore
  /** Makes it work again. */
  heal(): void
  /** The context that stood in the way is gone, or moves again. */
  unblock(): void
  /** Puts our record back in its place. */
  restore(): void
}

export interface StoreEvents {
  readonly wrote: (before: unknown, after: Row, owner: number) => void
}

export function createStore(schedule: Schedule, events: StoreEvents): Store {
  const attempt = <T>(owner: number, what: string, write: boolean, work: () => T): Promise<T> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        const { mode, blockedBy } = store
        if (mode === 'hangs' || (blockedBy !== undefined && blockedBy !== owner)) return void store.hung.push(() => schedule.add(owner, `${what}, late`, look))
        if (mode === 'throws' || (write && mode === 'refuses-writes')) return reject(new Error('storage is broken'))
        try {
          const seen = work()
          // As Safari does: what was asked is done, and whoever asked is told that it failed.
          if (mode === 'loses its connection') return reject(new Error('the connection is lost'))
          if (schedule.draws.chance(0.4)) schedule.add(owner, `${what}: its answer`, () => resolve(seen), schedule.delay(60))
          else resolve(seen)
        } catch (error) {
          reject(error as Error)
        }
      }
      schedule.add(owner, what, look, schedule.delay(20))
    })

  const store: Store = {
    stored: undefined,
    aside: undefined,
    mode: 'works',
    blockedBy: undefined,
    hung: [],
    of: (owner) => ({
      kind: 'model',
      persistent: () => true,
      read: () => attempt(owner, 'reads the record', false, () => store.stored),
      change: (decide) =>
        attempt(owner, 'changes the record', true, () => {
          const before = store.stored
          const after = decide(before)
          if (after === undefined) return
          store.stored = frozen(after)
          events.wrote(before, after, owner)
        }),
      sleep: () => true,
      close: () => {},
    }),
    restore() {
      if (store.aside !== undefined) store.stored = store.aside
      store.aside = undefined
    },
    unblock() {
      store.blockedBy = undefined
      if (store.mode !== 'hangs') for (const again of store.hung.splice(0)) again()
    },
    heal() {
      store.mode = 'works'
      if (store.blockedBy === undefined) for (const again of store.hung.splice(0)) if (!schedule.draws.chance(0.5)) again()
    },
  }
  return store
}

/** What was stored is a copy; freezing it finds whoever changes it in place. */
function frozen<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  for (const member of Object.values(value)) frozen(member)
  return Object.freeze(value)
}
