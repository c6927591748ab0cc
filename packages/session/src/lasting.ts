/** A store of idb-keyval that outlives the loss of its connection, tells why a write failed, and is waited for no longer than is sensible. */
import { createStore, type UseStore } from 'idb-keyval'
import { SessionError } from './errors.ts'
import { unlessAborted } from './time.ts'

/** A tab frozen in the middle of a transaction holds up every other (seen in Chromium 156 for 60 s). */
const waitMs = 10_000

/** Makes a store that gets over a connection lost without any event (Safari): one act may fail, and what never began is tried again. Nothing is opened before it is used. */
export function lastingStore(database: string, storeName: string): UseStore {
  let store: UseStore | undefined
  const act: UseStore = async (mode, work) => {
    try {
      return await (store ??= createStore(database, storeName))(mode, work)
    } catch (error) {
      const name = error instanceof DOMException ? error.name : ''
      if (/^(?:InvalidState|Unknown|Abort)Error$/.test(name)) store = undefined
      if (name !== 'InvalidStateError') throw error
      return (store ??= createStore(database, storeName))(mode, work)
    }
  }
  return async (mode, work) => {
    const late = AbortSignal.timeout(waitMs)
    try {
      return await unlessAborted(act(mode, work), late)
    } catch (error) {
      throw error === late.reason ? new SessionError('storage', { operation: mode === 'readonly' ? 'read' : 'write' }) : error
    }
  }
}

/** Waits until a transaction is written. A request that fails is heard of first, when the transaction itself does not know yet what it will say. */
export function committed(transaction: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve()
    transaction.onabort = () => reject(transaction.error ?? new DOMException('The transaction was aborted.', 'AbortError'))
  })
}
