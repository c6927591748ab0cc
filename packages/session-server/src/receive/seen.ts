/** Which tokens have been acted upon, so that one that comes twice acts once: the port, and the memory of one process. */
import { positive } from '../options.ts'

/** Remembers tokens by name; a host with many nodes supplies one over its own database. */
export interface SeenTokens {
  has(id: string): Promise<boolean>
  /** Remembers `id` until this time, epoch ms. */
  add(id: string, until: number): Promise<void>
}

/** Options of {@link memorySeenTokens}. */
export interface MemorySeenTokensOptions {
  /** How many are remembered; the oldest go first. Only tokens with a valid signature get this far. @default 100000 */
  readonly maxEntries?: number
  /** The time, epoch ms. @default Date.now */
  readonly now?: () => number
}

/**
 * Makes a memory that lives as long as the process.
 *
 * @example
 * ```ts
 * import { memorySeenTokens } from '@3dimli/session-server/receive'
 *
 * const seen = memorySeenTokens({ maxEntries: 1000 })
 * ```
 */
export function memorySeenTokens(options: MemorySeenTokensOptions = {}): SeenTokens {
  const { maxEntries = 100_000, now = Date.now } = options
  positive('maxEntries', maxEntries)
  const untilOf = new Map<string, number>()
  return {
    has: async (id) => (untilOf.get(id) ?? 0) > now(),
    async add(id, until) {
      untilOf.delete(id)
      untilOf.set(id, until)
      for (const [oldest, end] of untilOf) {
        if (untilOf.size <= maxEntries && end > now()) break
        untilOf.delete(oldest)
      }
    },
  }
}
