/** Who listens to which changes in this process: the half of a store that tells. */
import type { SessionStore } from './store.ts'

/** Who listens to what, in this process. */
export interface Listeners {
  readonly subscribe: SessionStore['subscribe']
  /** After each swap. */
  tell(sid: string): void
  /** For a store that may have missed something, or hears nothing at present: all look for themselves. */
  tellAll(): void
}

/**
 * Makes the `subscribe` of a store whose changes all happen in this process.
 *
 * @example
 * ```ts
 * import { listeners } from '@3dimli/session-server'
 *
 * const { subscribe, tell } = listeners()
 * ```
 */
export function listeners(): Listeners {
  const bySid = new Map<string, Set<() => void>>()
  const tell = (sid: string) => {
    for (const listener of [...(bySid.get(sid) ?? [])]) listener()
  }
  return {
    subscribe(sid, listener) {
      const set = bySid.get(sid) ?? new Set()
      const own = () => listener()
      bySid.set(sid, set.add(own))
      return () => {
        set.delete(own)
        if (set.size === 0 && bySid.get(sid) === set) bySid.delete(sid)
      }
    },
    tell,
    tellAll: () => [...bySid.keys()].forEach(tell),
  }
}
