/** The entries of one list: two bits for each session, handed out at random, compressed in blocks so that a change costs one of them. */
import { randomInt } from 'node:crypto'
import { constants, deflateRawSync } from 'node:zlib'

/** What an entry says (Token Status List, section 7.1). */
export type Status = 0 | 1 | 2

/** How many bits an entry has. */
export const bits = 2
const perByte = 8 / bits
/** As much as deflate looks at together by itself, so that ending a block here costs little: 3 % of the size. */
const blockBytes = 16_384
/** An entry is found by trying; where few are left that takes long. */
const fullAt = 0.96

/** One list. */
export interface Entries {
  /** Takes an entry that nobody has, at random; `undefined` when the list is full. */
  take(): number | undefined
  /** Notes that an entry is taken, and what it says. False where nothing changed: it said so already, or that the session is over, which is final. */
  set(idx: number, status: Status): boolean
  /** All of it in zlib's format (RFC 1950), least significant bits first. */
  deflated(): Uint8Array<ArrayBuffer>
}

/** Makes a list in which all is valid. */
export function createEntries(size: number): Entries {
  const bytes = new Uint8Array(Math.ceil(size / perByte))
  const taken = new Uint8Array(Math.ceil(size / 8))
  const blocks: Uint8Array[] = []
  const stale = new Set(Array.from({ length: Math.ceil(bytes.length / blockBytes) }, (_, block) => block))
  let count = 0

  const isTaken = (idx: number): boolean => (taken[idx >> 3]! & (1 << (idx & 7))) !== 0
  const claim = (idx: number): number => {
    if (!isTaken(idx)) count += 1
    taken[idx >> 3]! |= 1 << (idx & 7)
    return idx
  }

  return {
    take() {
      if (count >= size * fullAt) return undefined
      for (;;) {
        const idx = randomInt(size)
        if (!isTaken(idx)) return claim(idx)
      }
    },
    set(idx, status) {
      claim(idx)
      const at = Math.floor(idx / perByte)
      const shift = (idx % perByte) * bits
      const before = bytes[at]!
      if (((before >> shift) & 3) === 1) return false
      bytes[at] = (before & ~(3 << shift)) | (status << shift)
      if (bytes[at] === before) return false
      stale.add(Math.floor(at / blockBytes))
      return true
    },
    deflated() {
      for (const block of stale) {
        // A full flush ends at a byte and refers to nothing before it: blocks can be made one by one and stand one after the other.
        blocks[block] = deflateRawSync(bytes.subarray(block * blockBytes, (block + 1) * blockBytes), { level: 9, finishFlush: constants.Z_FULL_FLUSH })
      }
      stale.clear()
      return new Uint8Array(Buffer.concat([header, ...blocks, lastBlock, adler32(bytes)]))
    },
  }
}

/** Deflate with a window of 32 KiB, compressed as well as can be. */
const header = Uint8Array.of(0x78, 0xda)
/** An empty block that says that it is the last. */
const lastBlock = Uint8Array.of(0x03, 0x00)

/** The checksum at the end (RFC 1950 section 9). */
function adler32(bytes: Uint8Array): Uint8Array {
  let [a, b] = [1, 0]
  // As many as can be added before a sum must be reduced.
  for (let from = 0; from < bytes.length; from += 3800) {
    for (const byte of bytes.subarray(from, from + 3800)) {
      a += byte
      b += a
    }
    a %= 65_521
    b %= 65_521
  }
  return Uint8Array.of(b >> 8, b & 255, a >> 8, a & 255)
}
