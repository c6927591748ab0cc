/** Locks between contexts, as Web Locks: in order, kept by the frozen, given up by the dead. */
import type { Lock } from '../../src/ports.ts'
import type { Schedule } from './schedule.ts'

interface Waiter {
  readonly owner: number
  readonly grant: () => void
}

export interface Locks {
  of(owner: number): Lock
  /** Takes a dead context out of every queue. */
  drop(owner: number): void
}

export function createLocks(schedule: Schedule): Locks {
  const queues = new Map<string, Waiter[]>()

  const wakeFirst = (name: string): void => queues.get(name)?.[0]?.grant()

  const remove = (name: string, gone: (waiter: Waiter) => boolean): void => {
    const queue = queues.get(name) ?? []
    const first = queue[0]
    const left = queue.filter((waiter) => !gone(waiter))
    queues.set(name, left)
    if (left[0] !== first) wakeFirst(name)
  }

  return {
    of: (owner) => ({
      hold: async <T>(name: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> => {
        const turn = Promise.withResolvers<void>()
        const granted = { yet: false }
        const waiter: Waiter = {
          owner,
          grant: () => {
            if (!granted.yet) schedule.add(owner, `gets the lock ${name}`, turn.resolve, schedule.delay(10))
            granted.yet = true
          },
        }
        const queue = queues.get(name) ?? []
        queues.set(name, [...queue, waiter])
        signal.addEventListener('abort', () => turn.reject(signal.reason as Error), { once: true })
        if (signal.aborted) turn.reject(signal.reason as Error)
        else if (queue.length === 0) waiter.grant()
        try {
          await turn.promise
          return await work()
        } finally {
          remove(name, (other) => other === waiter)
        }
      },
    }),
    drop: (owner) => {
      for (const name of queues.keys()) remove(name, (waiter) => waiter.owner === owner)
    },
  }
}
