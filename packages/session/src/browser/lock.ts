/** Web Locks, or a lock within this page where there are none. */
import type { Lock } from '../ports.ts'
import { queueLock } from '../queue.ts'

/** Makes the lock of a page. The locks spare work; what must not happen twice is kept apart by the record. */
export function webLock(lack: (what: string) => void): Lock {
  const here = queueLock()

  return {
    async hold(name, signal, work) {
      // happy-dom has `locks: null`, insecure pages have none, opaque origins throw when it is used.
      const locks = globalThis.navigator?.locks as LockManager | null | undefined
      if (!locks) {
        lack('Web Locks are missing: tabs may do the same work twice')
        return here.hold(name, signal, work)
      }
      let begun = false
      try {
        return await locks.request(name, { signal }, () => {
          begun = true
          return work()
        })
      } catch (error) {
        const refused = !begun && error instanceof DOMException && (error.name === 'SecurityError' || error.name === 'InvalidStateError')
        if (!refused) throw error
        lack('Web Locks are refused: tabs may do the same work twice')
        return here.hold(name, signal, work)
      }
    },
  }
}
