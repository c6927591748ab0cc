/** What lives only in this context's memory and must go when a session ends: handles, object URLs, query caches. */

/** Functions to run in this context when it learns of an end. */
export interface Forgetting {
  add(name: string, forget: () => unknown): () => void
  /** Runs them once for an epoch; each alone, so that one that fails stops no other. */
  run(epochId: string): void
  /** Resolves with the names of those that failed for an epoch. */
  failed(epochId: string): Promise<readonly string[]>
  /** Names those that have not come to an end. */
  unsettled(epochId: string): readonly string[]
}

/** Makes the list of one session object. */
export function createForgetting(): Forgetting {
  const functions = new Map<object, { name: string; forget: () => unknown }>()
  let last: { epochId: string; failures: Promise<readonly string[]>; unsettled: Set<string> } | undefined

  return {
    add(name, forget) {
      const key = {}
      functions.set(key, { name, forget })
      return () => functions.delete(key)
    },
    run(epochId) {
      if (last?.epochId === epochId) return
      const unsettled = new Set<string>()
      const outcomes = [...functions.values()].map(async ({ name, forget }) => {
        unsettled.add(name)
        try {
          await forget()
          return []
        } catch {
          return [name]
        } finally {
          unsettled.delete(name)
        }
      })
      last = { epochId, unsettled, failures: Promise.all(outcomes).then((names) => names.flat()) }
    },
    failed: async (epochId) => (last?.epochId === epochId ? last.failures : []),
    unsettled: (epochId) => (last?.epochId === epochId ? [...last.unsettled] : []),
  }
}
