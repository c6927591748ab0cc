/** What a store keeps for status lists beside its rows: two bits for each entry, so that a list is read as it is and not made of rows. */
import type { SessionRow } from './session.ts'

/** What an entry says of its session: 1 that it is over, 2 suspended, 3 that it lives. 0 is nobody's. */
export type Entry = 0 | 1 | 2 | 3

/** What the entry of a row says. */
export function entryOf({ end, suspension }: SessionRow): Entry {
  return end ? 1 : suspension ? 2 : 3
}

/** Reads one entry; the first is in the lowest bits of the first byte, and what lies behind the end is nobody's. */
export function entryAt(entries: Uint8Array, idx: number): Entry {
  return (((entries[idx >> 2] ?? 0) >> ((idx & 3) * 2)) & 3) as Entry
}

/** Returns the entries with one of them written, in the same array where it is long enough. */
export function withEntry(entries: Uint8Array, idx: number, entry: Entry): Uint8Array {
  const at = idx >> 2
  const shift = (idx & 3) * 2
  const long = at < entries.length ? entries : new Uint8Array(at + 1)
  if (long !== entries) long.set(entries)
  long[at] = (long[at]! & ~(3 << shift)) | (entry << shift)
  return long
}
