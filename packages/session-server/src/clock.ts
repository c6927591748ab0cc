/** What the server needs of time: the hour, and a repeating call. */

/** The time, as a port, so that tests turn it by hand. */
export interface Clock {
  /** Epoch milliseconds. */
  now(): number
  /** Calls `task` every `ms` milliseconds until the returned function is called. */
  every(ms: number, task: () => void): () => void
}

/** The machine's own clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  every(ms, task) {
    const timer = setInterval(task, ms)
    return () => clearInterval(timer)
  },
}

/** Turns inner milliseconds into the wire's seconds. */
export function seconds(ms: number): number {
  return Math.floor(ms / 1000)
}
