/** A store of idb-keyval that outlives the loss of its connection, tells why a write failed, and is waited for no longer than is sensible. */
import { createStore, type UseStore } from 'idb-keyval'
import { SessionError } from './errors.ts'
import { unlessAborted } from './time.ts'

/** A tab frozen in the middle of a transaction holds up every other (seen in Chromium 156 for 60 s). */
const waitMs = 10_000

/** One connection, and how many acts it is used by. */
interface Connection {
  readonly use: UseStore
  users: number
  database?: IDBDatabase
}

/**
 * Makes a store that gets over a connection lost without any event (Safari): one act may fail, and what never began is tried again.
 * It is connected only while it is used, and stands in nobody's way. What takes longer than 10 s is taken back and rejects with {@link SessionError} `storage`.
 */
export function lastingStore(database: string, storeName: string): UseStore {
  let current: Connection | undefined
  /** The last one who uses a connection closes it. */
  const over: UseStore = async (mode, work) => {
    const own = (current ??= { use: createStore(database, storeName), users: 0 })
    own.users += 1
    const leave = (): void => {
      if (current === own) current = undefined
    }
    try {
      return await own.use(mode, (rows) => {
        own.database = rows.transaction.db
        return work(rows)
      })
    } catch (error) {
      if (/^(?:InvalidState|Unknown|Abort)Error$/.test(nameOf(error))) leave()
      throw error
    } finally {
      own.users -= 1
      if (own.users === 0) {
        own.database?.close()
        leave()
      }
    }
  }
  const act: UseStore = async (mode, work) => {
    try {
      return await over(mode, work)
    } catch (error) {
      if (nameOf(error) !== 'InvalidStateError') throw error
      return over(mode, work)
    }
  }
  return async (mode, work) => {
    const late = AbortSignal.timeout(waitMs)
    let takeBack = (): void => {}
    const acting = act(mode, (rows) => {
      late.throwIfAborted()
      takeBack = () => rows.transaction.abort()
      return work(rows)
    })
    try {
      return await unlessAborted(acting, late)
    } catch (error) {
      if (error !== late.reason) throw error
      try {
        // A write that was given up must not land when the tab that held it up wakes.
        takeBack()
      } catch {
        // It is over, or being written, and can be told as what it was.
        return acting
      }
      throw new SessionError('storage', { operation: mode === 'readonly' ? 'read' : 'write' })
    }
  }
}

function nameOf(error: unknown): string {
  return error instanceof DOMException ? error.name : ''
}

/** Writes in one transaction; rejects with what it failed with. */
export function written(store: UseStore, work: (rows: IDBObjectStore) => void): Promise<void> {
  return store('readwrite', (rows) => {
    work(rows)
    return committed(rows.transaction)
  })
}

/** Waits until a transaction is written. The error of a request reaches the transaction before `error` is set there, so only its abort is listened for. */
export function committed(transaction: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve()
    transaction.onabort = () => reject(transaction.error ?? new DOMException('The transaction was aborted.', 'AbortError'))
  })
}
