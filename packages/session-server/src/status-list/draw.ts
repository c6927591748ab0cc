/** Which entry a new session gets: at random, one that was nobody's when the store was last asked. The store has the last word. */
import { randomInt } from 'node:crypto'
import { entryAt, withEntry } from '../entries.ts'

/** An entry is found by trying; where few are left that takes long. */
const fullAt = 0.96

/** A list, and an entry of it. */
export interface Drawn {
  /** Lists are counted from 1. */
  readonly list: number
  readonly idx: number
}

/** What draws entries. */
export interface Draw {
  /** Asks the store which entries are nobody's. */
  look(): Promise<void>
  draw(): Promise<Drawn>
}

/** Draws entries of the first list that is not full, of `size` entries each; `entriesOf` asks the store. */
export function createDraw(size: number, entriesOf: (list: number) => Promise<Uint8Array | undefined>): Draw {
  let list = 1
  let entries = new Uint8Array()
  let left = 0
  let looking: Promise<void> | undefined

  async function lookOnce(): Promise<void> {
    for (;;) {
      const known = await entriesOf(list)
      entries = new Uint8Array(Math.ceil(size / 4))
      entries.set(known?.subarray(0, entries.length) ?? [])
      left = Math.ceil(size * fullAt) - taken(entries)
      if (left > 0) return
      // The next is begun when the store itself says that this one is full, so that none is left out.
      list += 1
    }
  }

  const look = (): Promise<void> => (looking ??= lookOnce().finally(() => {
    looking = undefined
  }))

  return {
    look,
    async draw() {
      while (left <= 0) await look()
      for (;;) {
        const idx = randomInt(size)
        if (entryAt(entries, idx) !== 0) continue
        withEntry(entries, idx, 3)
        left -= 1
        return { list, idx }
      }
    },
  }
}

/** How many entries are somebody's. */
function taken(entries: Uint8Array): number {
  let count = 0
  for (const byte of entries) for (let pairs = byte | (byte >> 1), at = 0; at < 8; at += 2) count += (pairs >> at) & 1
  return count
}
