// Strings that occur nowhere by chance, put into everything a session touches; wherever one turns up, it was left there.
import { randomBytes } from 'node:crypto'

/** Canaries by what they stand for. One label may have several needles: the parts of a token, say. */
export type Canaries = Readonly<Record<string, readonly string[]>>

/** Letters only, so that no encoding of an address, a header or JSON changes it, and random, so that no compression does. */
export const canary = (): string => Array.from(randomBytes(24), (byte) => String.fromCharCode(97 + (byte % 26))).join('')

/** The parts of a token that belong to it alone. The first part of a JWT is the same for all. */
export function partsOf(token: string): readonly string[] {
  const parts = token.split('.')
  return parts.length === 3 ? parts.slice(1) : [token]
}

/** A place with what lies there: bytes are given one character each. */
export interface Leaf {
  readonly where: string
  readonly text: string
}

/** Looks for every canary in every leaf; says which was found where, each once. */
export function search(leaves: readonly Leaf[], canaries: Canaries): string[] {
  const found = new Set<string>()
  for (const [label, needles] of Object.entries(canaries)) {
    const shapes = needles.flatMap(shapesOf)
    for (const { where, text } of leaves) if (shapes.some((shape) => text.includes(shape) || where.includes(shape))) found.add(`${label} in ${where}`)
  }
  return [...found].sort()
}

/** How a string looks when it is stored: as it is, as UTF-16, and inside base64, where its neighbours decide the first and last digits. */
export function shapesOf(needle: string): readonly string[] {
  const bytes = Buffer.from(needle)
  const encoded = [0, 1, 2].flatMap((before) => {
    const whole = Buffer.concat([Buffer.alloc(before), bytes])
    const digits = whole.toString('base64').slice(Math.ceil((before * 8) / 6), Math.floor((whole.length * 8) / 6))
    return [digits, digits.replaceAll('+', '-').replaceAll('/', '_')]
  })
  return [...new Set([needle, Buffer.from(needle, 'utf16le').toString('latin1'), ...encoded])]
}
