/** Who asks for the same device code again too soon (RFC 8628 section 3.5). */

/** Makes the watch over codes; a code is forgotten an hour after it was last asked for. */
export function createPace(intervalSeconds: number): (code: string | null) => boolean {
  const asked = new Map<string, number>()
  return (code) => {
    if (code === null) return false
    const now = Date.now()
    for (const [known, at] of asked) if (at < now - 3_600_000) asked.delete(known)
    const before = asked.get(code) ?? 0
    asked.set(code, now)
    // A clock is no metronome: a tenth is nothing.
    return now - before < intervalSeconds * 900
  }
}
