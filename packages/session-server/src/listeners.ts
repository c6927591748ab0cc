/** Who listens to which changes in this process: the half of a store that tells. */
import type { Following, SessionStore } from './store.ts'

/** Who listens to what, in this process. */
export interface Listeners {
  readonly subscribe: SessionStore['subscribe']
  /** For a store whose changes all happen in this process: it is always caught up. */
  readonly follow: SessionStore['follow']
  /** After each swap. */
  tell(sid: string): void
  /** For a store that may have missed something. */
  tellAll(): void
  /** For a store that hears nothing at present, and will make up for it: those who listen to one session look for themselves, and find that out. */
  alarm(): void
}

/**
 * Makes the `subscribe` and `follow` of a store whose changes all happen in this process.
 *
 * @example
 * ```ts
 * import { listeners } from '@3dimli/session-server'
 *
 * const { subscribe, follow, tell } = listeners()
 * ```
 */
export function listeners(): Listeners {
  const bySid = new Map<string, Set<() => void>>()
  const followers = new Set<(sid?: string) => void>()
  const tellOne = (sid: string) => {
    for (const listener of [...(bySid.get(sid) ?? [])]) listener()
  }
  const alarm = () => [...bySid.keys()].forEach(tellOne)
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
    follow(listener): Following {
      const own = (sid?: string) => listener(sid)
      followers.add(own)
      return { caughtUp: async () => {}, stop: () => void followers.delete(own) }
    },
    tell(sid) {
      tellOne(sid)
      for (const follower of [...followers]) follower(sid)
    },
    tellAll() {
      alarm()
      for (const follower of [...followers]) follower()
    },
    alarm,
  }
}
