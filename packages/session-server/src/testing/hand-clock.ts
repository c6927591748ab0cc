/** A clock that a test turns by hand. */
import type { Clock } from '../clock.ts'

/** A clock and the hand on it. */
export interface HandClock extends Clock {
  /** Moves on by `ms`, running what falls due on the way. */
  advance(ms: number): void
  /** How many repeating tasks are set. */
  readonly tasks: number
}

/** Makes a clock that stands still. */
export function handClock(start = 1_700_000_000_000): HandClock {
  let now = start
  const tasks = new Set<{ due: number; ms: number; task: () => void }>()
  return {
    now: () => now,
    every(ms, task) {
      const entry = { due: now + ms, ms, task }
      tasks.add(entry)
      return () => tasks.delete(entry)
    },
    advance(ms) {
      const end = now + ms
      for (;;) {
        const next = [...tasks].filter(({ due }) => due <= end).sort((a, b) => a.due - b.due)[0]
        if (!next) break
        now = next.due
        next.due += next.ms
        next.task()
      }
      now = end
    },
    get tasks() {
      return tasks.size
    },
  }
}
