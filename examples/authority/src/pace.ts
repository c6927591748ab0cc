/** Who asks for the same device code again too soon (RFC 8628 section 3.5). */

/** The watch over codes. */
export interface Pace {
  /** Notes that the person behind a code is still being waited for; of a code that nobody was given nothing is kept. */
  waiting(code: string): void
  /** Whether a code was asked for a moment ago. */
  tooSoon(code: string): boolean
}

/** Makes the watch over codes; a code is forgotten an hour after it was last asked for. */
export function createPace(intervalSeconds: number): Pace {
  const asked = new Map<string, number>()
  function waiting(code: string): void {
    const now = Date.now()
    for (const [known, at] of asked) if (at < now - 3_600_000) asked.delete(known)
    asked.set(code, now)
  }
  return {
    waiting,
    tooSoon(code) {
      const before = asked.get(code)
      if (before === undefined) return false
      waiting(code)
      // A clock is no metronome: a tenth is nothing.
      return Date.now() - before < intervalSeconds * 900
    },
  }
}
