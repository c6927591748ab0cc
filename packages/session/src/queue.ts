/** A lock within one process, as Web Locks are between tabs: first come, first served, and who gives up waiting leaves the queue at once. */
import type { Lock } from './ports.ts'

/** Makes a lock. */
export function queueLock(): Lock {
  const queues = new Map<string, (() => void)[]>()

  const turn = (name: string, signal: AbortSignal): Promise<void> =>
    new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason)
      const queue = queues.get(name)
      if (!queue) {
        queues.set(name, [])
        return resolve()
      }
      const take = (): void => {
        signal.removeEventListener('abort', leave)
        resolve()
      }
      const leave = (): void => {
        queue.splice(queue.indexOf(take), 1)
        signal.removeEventListener('abort', leave)
        reject(signal.reason)
      }
      queue.push(take)
      signal.addEventListener('abort', leave)
    })

  return {
    async hold(name, signal, work) {
      await turn(name, signal)
      try {
        return await work()
      } finally {
        const next = queues.get(name)?.shift()
        if (next) next()
        else queues.delete(name)
      }
    },
  }
}
