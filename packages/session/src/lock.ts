/** A lock that is waited for no longer than it is worth: its holder may be frozen. */
import type { Ports } from './ports.ts'
import { deadline } from './time.ts'

/**
 * Runs `work` once: under the lock, or without it after `waitMs`, or when the lock is refused; `work` is told which.
 *
 * What `work` came to is what the caller gets, also where another script steals the lock in the middle (`steal` of Web Locks
 * rejects the holder's request while its callback runs on).
 */
export function underLock<T>(ports: Pick<Ports, 'lock' | 'clock'>, name: string, waitMs: number, work: (held: boolean) => Promise<T>): Promise<T> {
  const bound = deadline(ports.clock, waitMs)
  let working: Promise<T> | undefined
  const begin = (held: boolean): Promise<T> => {
    bound.done()
    return (working ??= work(held))
  }
  return ports.lock.hold(name, bound.signal, () => begin(true)).catch(() => begin(false))
}
