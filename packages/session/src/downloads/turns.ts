/** Who may save and who may tidy: saves of all tabs go side by side, tidying away leftovers only while nobody saves. */

/** A tab frozen while it tidied holds the lock for ever; nobody waits for it longer than this. */
const lockMs = 2_000

/** The turns of one application's downloads. */
export interface Turns {
  save<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T>
  /** Runs `work` unless somebody saves right now; tells whether it did. */
  tidy(work: () => Promise<void>): Promise<boolean>
}

/** Makes the turns; without Web Locks saves go on and nothing is tidied. */
export function createTurns(name: string): Turns {
  const locks = (): LockManager | null | undefined => globalThis.navigator?.locks as LockManager | null | undefined
  return {
    async save(signal, work) {
      let begun = false
      try {
        const bound = AbortSignal.any([signal, AbortSignal.timeout(lockMs)])
        const outcome = locks()?.request(name, { mode: 'shared', signal: bound }, () => {
          begun = true
          return work()
        })
        return await (outcome ?? work())
      } catch (error) {
        if (begun || signal.aborted || !locks()) throw error
        return work()
      }
    },
    async tidy(work) {
      const done = await locks()?.request(name, { ifAvailable: true }, async (lock) => {
        if (lock) await work()
        return lock !== null
      })
      return done ?? false
    },
  }
}
