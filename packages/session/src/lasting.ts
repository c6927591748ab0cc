/** A store of idb-keyval that outlives the loss of its connection. */
import { createStore, type UseStore } from 'idb-keyval'

/** Makes a store that gets over a connection lost without any event (Safari): one act may fail, and what never began is tried again. Nothing is opened before it is used. */
export function lastingStore(database: string, storeName: string): UseStore {
  let store: UseStore | undefined
  return async (mode, work) => {
    try {
      return await (store ??= createStore(database, storeName))(mode, work)
    } catch (error) {
      const name = error instanceof DOMException ? error.name : ''
      if (/^(?:InvalidState|Unknown|Abort)Error$/.test(name)) store = undefined
      if (name !== 'InvalidStateError') throw error
      return (store ??= createStore(database, storeName))(mode, work)
    }
  }
}
