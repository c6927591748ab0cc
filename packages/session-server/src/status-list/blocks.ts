/** The bytes of one list, compressed in blocks so that a change costs one of them. */
import { constants, deflateRawSync } from 'node:zlib'

/** How many bits an entry has. */
export const bits = 2
/** As much as deflate looks at together by itself, so that ending a block here costs little: 3 % of the size. */
const blockBytes = 16_384

/** One list. */
export interface Blocks {
  /** Takes the entries as a store keeps them, least significant bits first. True where the list says something else than before. */
  update(entries: Uint8Array): boolean
  /** All of it in zlib's format (RFC 1950). */
  deflated(): Uint8Array<ArrayBuffer>
}

/** Makes a list of `size` entries, or of more where the store has more, in which all is valid. */
export function createBlocks(size: number): Blocks {
  let known = new Uint8Array()
  const blocks: { readonly bytes: Uint8Array; deflated?: Uint8Array }[] = []

  return {
    update(entries) {
      const next = new Uint8Array(Math.max(Math.ceil((size * bits) / 8), entries.length))
      next.set(entries)
      let changed = false
      for (let from = 0; from < next.length; from += blockBytes) {
        const [now, before] = [next, known].map((all) => all.subarray(from, from + blockBytes)) as [Uint8Array, Uint8Array]
        if (Buffer.compare(now, before) === 0) continue
        const bytes = now.map(published)
        const at = from / blockBytes
        // Who begins changes what is kept, and not what is said.
        if (blocks[at] && Buffer.compare(bytes, blocks[at].bytes) === 0) continue
        blocks[at] = { bytes }
        changed = true
      }
      known = next
      return changed
    },
    deflated() {
      // A full flush ends at a byte and refers to nothing before it: blocks can be made one by one and stand one after the other.
      for (const block of blocks) block.deflated ??= deflateRawSync(block.bytes, { level: 9, finishFlush: constants.Z_FULL_FLUSH })
      return new Uint8Array(Buffer.concat([header, ...blocks.map(({ deflated }) => deflated!), lastBlock, adler32(blocks.map(({ bytes }) => bytes))]))
    },
  }
}

/** Readers know no 3: who lives is valid, like nobody. */
function published(entries: number): number {
  const lives = entries & (entries >> 1) & 0b01010101
  return entries ^ (lives * 3)
}

/** Deflate with a window of 32 KiB, compressed as well as can be. */
const header = Uint8Array.of(0x78, 0xda)
/** An empty block that says that it is the last. */
const lastBlock = Uint8Array.of(0x03, 0x00)

/** As many bytes as can be added before a sum must be reduced. */
const mostAdded = 3800

/** The checksum at the end (RFC 1950 section 9). */
function adler32(parts: readonly Uint8Array[]): Uint8Array {
  let [a, b] = [1, 0]
  for (const part of parts) for (let from = 0; from < part.length; from += mostAdded) {
    for (const byte of part.subarray(from, from + mostAdded)) {
      a += byte
      b += a
    }
    a %= 65_521
    b %= 65_521
  }
  return Uint8Array.of(b >> 8, b & 255, a >> 8, a & 255)
}
