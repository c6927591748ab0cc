/** The random numbers of one run: so many, then none, so that a failing run shrinks to one where everything comes in its turn. */

export interface Draws {
  /** A whole number below `below`; 0 when the draws are used up. */
  nat(below: number): number
  chance(probability: number): boolean
}

/** Makes `amount` draws from a seed (mulberry32). */
export function createDraws(seed: number, amount: number): Draws {
  const next = generator(seed)
  let left = amount
  return {
    nat: (below) => (below > 1 && left-- > 0 ? Math.floor(next() * below) : 0),
    chance: (probability) => left-- > 0 && next() < probability,
  }
}

/** Bytes that never repeat within a run and are the same in each run of one seed. */
export function createBytes(seed: number): (length: number) => Uint8Array<ArrayBuffer> {
  const next = generator(seed ^ 0x5bd1e995)
  return (length) => Uint8Array.from({ length }, () => Math.floor(next() * 256))
}

function generator(seed: number): () => number {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
