/** Listeners of the application: each alone, so that one that throws stops no other and breaks nothing else. */

/** A set of listeners. */
export interface Listeners<Args extends readonly unknown[]> {
  add(listener: (...args: Args) => void): () => void
  tell(...args: Args): void
}

/** Makes an empty set; what a listener throws goes to the platform's own report of uncaught errors, where it has one. */
export function createListeners<Args extends readonly unknown[]>(): Listeners<Args> {
  const listeners = new Map<object, (...args: Args) => void>()
  return {
    add(listener) {
      const key = {}
      listeners.set(key, listener)
      return () => void listeners.delete(key)
    },
    tell(...args) {
      for (const listener of [...listeners.values()]) {
        try {
          listener(...args)
        } catch (error) {
          const { reportError } = globalThis as { reportError?: (error: unknown) => void }
          reportError?.(error)
        }
      }
    },
  }
}
