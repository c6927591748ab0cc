/** A database that stands in no other tab's way: given up when a page sleeps, is asked to stand aside, or has nothing more to do. */
import type { UseStore } from 'idb-keyval'
import type { Clock } from '../ports.ts'

const storeName = 'record'
/** An open that never fires any event was seen with several Safari tabs after a sleep; a later success is closed. */
const openMs = 2_000

/** The database of one page, opened when it is needed. */
export interface Connection {
  open(): Promise<IDBDatabase>
  /** Begins a transaction that `sleep()` can take back. */
  begin(database: IDBDatabase, mode: IDBTransactionMode, durability: IDBTransactionDurability): IDBTransaction
  drop(): void
  sleep(): boolean
  /** Lets go of the database when nobody uses it any more; what begins later holds it no longer than it lasts. */
  close(): void
  /** Counts a use of the database. */
  using<T>(work: () => Promise<T>): Promise<T>
  worked(): boolean
  refusals(): number
  forbidden(): boolean
}

/** Makes the connection; nothing is opened yet. */
export function connect(scope: string, clock: Clock): Connection {
  let opening: Promise<IDBDatabase> | undefined
  let current: IDBDatabase | undefined
  let giveUp: (() => void) | undefined
  const running = new Set<IDBTransaction>()
  let worked = false
  let closed = false
  let users = 0
  let refusals = 0
  let forbidden = false

  const drop = (): void => {
    current?.close()
    opening = current = undefined
  }

  const begin = (): Promise<IDBDatabase> => {
    const own = new Promise<IDBDatabase>((resolve, reject) => {
      const over = (): void => {
        if (opening === own) opening = undefined
      }
      const refuse = (error: unknown): void => {
        refusals += 1
        forbidden ||= !('indexedDB' in globalThis) || (error instanceof DOMException && /^(?:Security|InvalidState)Error$/.test(error.name))
        // Not before `own` is assigned.
        queueMicrotask(over)
        reject(error)
      }
      try {
        const request = indexedDB.open(scope, 1)
        giveUp = () => {
          over()
          if (request.readyState === 'done') request.transaction?.abort()
          reject(new DOMException('The page was put to sleep.', 'AbortError'))
        }
        const cancel = clock.timer(openMs, () => {
          over()
          reject(new DOMException('The database did not open.', 'TimeoutError'))
        })
        request.onupgradeneeded = () => request.result.createObjectStore(storeName)
        request.onerror = () => {
          cancel()
          refuse(request.error)
        }
        request.onsuccess = () => {
          cancel()
          const database = request.result
          // Given up, or dropped, while it was opening.
          if (opening !== own) return database.close()
          worked = true
          current = database
          // Another tab may upgrade or delete: stand aside at once. Safari closes connections of hidden tabs by itself.
          const gone = (): void => {
            database.close()
            if (current === database) drop()
          }
          database.onversionchange = gone
          database.onclose = gone
          resolve(database)
        }
      } catch (error) {
        refuse(error)
      }
    })
    return own
  }

  return {
    open: () => (opening ??= begin()),
    drop,

    begin(database, mode, durability) {
      const transaction = database.transaction(storeName, mode, { durability })
      const over = (): void => void running.delete(transaction)
      running.add(transaction)
      transaction.addEventListener('complete', over)
      transaction.addEventListener('abort', over)
      return transaction
    },

    async using(work) {
      users += 1
      try {
        return await work()
      } finally {
        users -= 1
        if (closed && users === 0) drop()
      }
    },

    close() {
      closed = true
      // What runs comes to its end all the same; only an opening is left to whoever asked for it.
      if (users === 0 || current) drop()
    },

    // A page that is stored with a transaction or a database half made holds up every other page of the origin (seen in Chromium 156).
    sleep() {
      for (const transaction of running) {
        try {
          transaction.abort()
        } catch {
          // It is committing already.
        }
      }
      const isOpening = opening !== undefined && current === undefined
      if (isOpening) giveUp?.()
      drop()
      return !isOpening
    },
    worked: () => worked,
    refusals: () => refusals,
    forbidden: () => forbidden,
  }
}

/** A store as idb-keyval takes it. */
export function storeOf(connection: Connection, durability: IDBTransactionDurability): UseStore {
  return (mode, callback) => connection.using(async () => {
    for (let attempt = 0; ; attempt += 1) {
      const database = await connection.open()
      try {
        return await callback(connection.begin(database, mode, durability).objectStore(storeName))
      } catch (error) {
        // Safari loses connections without any event; what failed in the middle may have been written, so only what never began is tried again.
        const lost = error instanceof DOMException && /^(?:InvalidState|Unknown|Abort)Error$/.test(error.name)
        if (lost) connection.drop()
        if (!lost || error.name !== 'InvalidStateError' || attempt > 0) throw error
      }
    }
  })
}
