/** Junk that is the same in each run: random values made of given words. */

/** Draws from a seed. */
export interface Junk {
  /** A number from 0 to below 1. */
  next(): number
  chance(share: number): boolean
  /** A whole number from 0 to below `limit`. */
  below(limit: number): number
  pick<T>(from: readonly T[]): T
  /** Any JSON value, nested a little. */
  value(words: readonly string[], members: readonly string[], depth?: number): unknown
}

/** Makes a generator (mulberry32). */
export function generator(seed: number): Junk {
  let state = seed
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const junk: Junk = {
    next,
    chance: (share) => next() < share,
    below: (limit) => Math.floor(next() * limit),
    pick: (from) => from[junk.below(from.length)]!,
    value(words, members, depth = 2) {
      const kind = junk.below(depth > 0 ? 8 : 5)
      if (kind === 0) return null
      if (kind === 1) return junk.chance(0.5)
      if (kind === 2) return junk.pick([0, -1, 1, 1.5, 1e300, -1e300, 1_800_000_100, Number.MAX_SAFE_INTEGER])
      if (kind <= 4) return junk.pick(words)
      if (kind === 5) return Array.from({ length: junk.below(3) }, () => junk.value(words, members, depth - 1))
      return Object.fromEntries(members.filter(() => junk.chance(0.4)).map((member) => [member, junk.value(words, members, depth - 1)]))
    },
  }
  return junk
}
