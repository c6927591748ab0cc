/** Small notes of a page: flags that outlive it in localStorage, and those of one tab in sessionStorage. */
import type { Flags, Flows } from '../ports.ts'

/** Makes the flags of a page. Merely touching the storage throws where cookies are blocked, so each use is guarded. */
export function pageFlags(scope: string, lack: (what: string) => void): Flags {
  const guarded = <T>(use: (storage: Storage) => T, otherwise: T): T => {
    try {
      return use(globalThis.localStorage)
    } catch {
      lack('localStorage is refused')
      return otherwise
    }
  }
  return {
    raise: (name) => guarded((storage) => {
      storage.setItem(`${scope}.${name}`, '1')
      return true
    }, false),
    raised: (name) => guarded((storage) => storage.getItem(`${scope}.${name}`) !== null, false),
    lower: (name) => guarded((storage) => storage.removeItem(`${scope}.${name}`), undefined),
  }
}

/** Makes the notes of one tab; in memory where the storage is refused, which a redirect does not survive. */
export function pageFlows(scope: string): Flows {
  const memory = new Map<string, string>()
  return {
    put(name, value) {
      try {
        globalThis.sessionStorage.setItem(`${scope}.${name}`, value)
      } catch {
        memory.set(name, value)
      }
    },
    take(name) {
      const held = memory.get(name)
      memory.delete(name)
      try {
        const value = globalThis.sessionStorage.getItem(`${scope}.${name}`) ?? held
        globalThis.sessionStorage.removeItem(`${scope}.${name}`)
        return value
      } catch {
        return held
      }
    },
  }
}
