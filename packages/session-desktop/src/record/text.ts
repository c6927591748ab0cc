/** A row as text: its members as JSON, and beside them each key with the path at which it stands. */
import type { Row } from '@3dimli/session/platform'
import type { RecordKeys, WrittenKey } from './keys.ts'

/** Keys stand apart, so that no member that a server or an application wrote can be taken for one. */
interface Text {
  readonly row: unknown
  readonly keys: readonly { readonly path: readonly string[]; readonly key: WrittenKey }[]
}

/** Writes a row down. */
export function writeRow(row: Row, keys: RecordKeys): string {
  const text: Text = {
    row: JSON.parse(JSON.stringify(row, (_, value: unknown) => (value instanceof CryptoKey ? undefined : value))) as unknown,
    keys: [...keysIn(row, [])].map(({ path, key }) => ({ path, key: keys.write(key) })),
  }
  return JSON.stringify(text)
}

/** Reads it back; rejects for a text that {@link writeRow} did not make. */
export async function readRow(text: string, keys: RecordKeys): Promise<unknown> {
  const { row, keys: written } = JSON.parse(text) as Text
  for (const { path, key } of written) {
    const place = path.slice(0, -1).reduce<unknown>((at, part) => (at as Record<string, unknown>)[part], row)
    Object.assign(place as object, { [path.at(-1) ?? '']: await keys.read(key) })
  }
  return row
}

function* keysIn(value: unknown, path: readonly string[]): Generator<{ readonly path: readonly string[]; readonly key: CryptoKey }> {
  if (value instanceof CryptoKey) yield { path, key: value }
  else if (typeof value === 'object' && value !== null) for (const [name, member] of Object.entries(value)) yield* keysIn(member, [...path, name])
}
