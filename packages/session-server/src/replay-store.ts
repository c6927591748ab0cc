/** Where answers of the token endpoint are kept to be repeated: the port, and the store in memory for one process. */

/** One kept answer. It holds no token that can be read without the request it answered. */
export interface KeptAnswer {
  /** Names client, key and presented token, hashed. */
  readonly id: string
  /** The parameters that were asked with, hashed: the same key with others is another question. */
  readonly asked: string
  /** The refresh token that was given out, hashed. */
  readonly successor: string
  /** When it was kept, epoch ms. */
  readonly at: number
  /** The answer, encrypted; gone once the successor has been presented. */
  readonly sealed?: Uint8Array<ArrayBuffer>
}

/** Keeps answers; a host with many nodes supplies one over its own database. */
export interface ReplayStore {
  get(id: string): Promise<KeptAnswer | undefined>
  put(answer: KeptAnswer): Promise<void>
  /** Drops the sealed part of the answer that gave this refresh token out. */
  present(successor: string): Promise<void>
  /** Forgets what was kept before this time, epoch ms. */
  forget(before: number): Promise<void>
}

/** Options of {@link memoryReplayStore}. */
export interface MemoryReplayStoreOptions {
  /** How many answers are kept; the oldest go first. @default 10000 */
  readonly maxEntries?: number
}

/**
 * Makes a store of answers that lives as long as the process.
 *
 * @example
 * ```ts
 * import { memoryReplayStore } from '@3dimli/session-server'
 *
 * const store = memoryReplayStore({ maxEntries: 1000 })
 * ```
 */
export function memoryReplayStore(options: MemoryReplayStoreOptions = {}): ReplayStore {
  const maxEntries = options.maxEntries ?? 10_000
  const answers = new Map<string, KeptAnswer>()
  const bySuccessor = new Map<string, string>()

  function drop({ id, successor }: KeptAnswer): void {
    answers.delete(id)
    bySuccessor.delete(successor)
  }

  return {
    get: async (id) => answers.get(id),
    async put(answer) {
      answers.set(answer.id, answer)
      bySuccessor.set(answer.successor, answer.id)
      for (const oldest of answers.values()) {
        if (answers.size <= maxEntries) break
        drop(oldest)
      }
    },
    async present(successor) {
      const kept = answers.get(bySuccessor.get(successor) ?? '')
      if (!kept) return
      const { sealed: _, ...rest } = kept
      answers.set(kept.id, rest)
    },
    async forget(before) {
      for (const answer of answers.values()) {
        if (answer.at >= before) break
        drop(answer)
      }
    },
  }
}
