/** The record in IndexedDB: one row, and each change one transaction. */
import { get, update } from 'idb-keyval'
import type { Clock, RecordStore } from '../ports.ts'
import { connect, storeOf } from './database.ts'

const rowKey = 'session'
const unchanged = Symbol('unchanged')

/** Makes the record store of a page; without IndexedDB the record lives as long as the page, and `lack` is told. */
export function recordStore(scope: string, clock: Clock, lack: (what: string) => void): RecordStore {
  const connection = connect(scope, clock)
  const strict = storeOf(connection, 'strict')
  const relaxed = storeOf(connection, 'relaxed')
  let memory: { row: unknown } | undefined

  /** Only a database that could never be opened is given up for memory; one that worked is waited for. */
  const orMemory = async <T>(durable: () => Promise<T>, inMemory: (held: { row: unknown }) => T): Promise<T> => {
    if (memory) return inMemory(memory)
    try {
      return await durable()
    } catch (error) {
      // One refusal may be a moment's ("Internal error opening backing store"); a policy's, or three, are for the life of the page.
      if (connection.worked() || !(connection.forbidden() || connection.refusals() >= 3)) throw error
      lack('IndexedDB cannot be opened: the session lives only in this page')
      memory ??= { row: undefined }
      return inMemory(memory)
    }
  }

  return {
    get kind() {
      return memory ? 'memory' : 'indexeddb'
    },
    persistent: () => memory === undefined,
    read: () => orMemory(() => get(rowKey, relaxed), (held) => held.row),
    change: (decide, durability) =>
      orMemory(
        async () => {
          try {
            await update(rowKey, (stored) => decide(stored) ?? raise(unchanged), durability === 'strict' ? strict : relaxed)
          } catch (error) {
            if (error !== unchanged) throw error
          }
        },
        (held) => {
          held.row = decide(held.row) ?? held.row
        },
      ),
    sleep: connection.sleep,
    close: connection.close,
  }
}

function raise(what: unknown): never {
  throw what
}
