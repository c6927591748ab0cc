/** A clock that stands still until it is moved. */
import { nextTurn } from '../clock.ts'
import type { Clock } from '../ports.ts'

/** A clock to move by hand. */
export interface ManualClock extends Clock {
  /** Moves both clocks on and runs what falls due, in order; waits for what each timer started. */
  advance(ms: number): Promise<void>
  /** Steps the wall clock alone, as a person or a time server does. */
  stepWall(ms: number): void
  /** How many timers wait. */
  pending(): number
}

/** Makes a clock; `at` is its first wall time, epoch ms. */
export function manualClock(at = 1_800_000_000_000): ManualClock {
  let wall = at
  let monotonic = 0
  let order = 0
  const timers = new Map<number, { due: number; run: () => void }>()

  /** Lets promises and the platform's own tasks run until nothing moves any more; WebCrypto answers in the order in which it was asked, however busy the machine. */
  const settle = async (): Promise<void> => {
    for (let turns = 0; turns < 12; turns += 1) {
      await new Promise<void>((resolve) => void nextTurn(resolve))
      await crypto.subtle.digest('SHA-256', new Uint8Array(1))
    }
  }

  return {
    now: () => wall,
    monotonic: () => monotonic,
    timer(ms, run) {
      if (ms === 0) return soon(run)
      const id = (order += 1)
      timers.set(id, { due: monotonic + Math.max(0, ms), run })
      return () => timers.delete(id)
    },
    async advance(ms) {
      const until = monotonic + ms
      await settle()
      for (;;) {
        const next = [...timers].filter(([, timer]) => timer.due <= until).sort((a, b) => a[1].due - b[1].due || a[0] - b[0])[0]
        if (!next) break
        const [id, timer] = next
        timers.delete(id)
        wall += timer.due - monotonic
        monotonic = timer.due
        timer.run()
        await settle()
      }
      wall += until - monotonic
      monotonic = until
      await settle()
    },
    stepWall(ms) {
      wall += ms
    },
    pending: () => timers.size,
  }
}

/** What waits for the next turn only does not wait for the clock: it runs as soon as promises do. */
function soon(run: () => void): () => void {
  let cancelled = false
  queueMicrotask(() => {
    if (!cancelled) run()
  })
  return () => {
    cancelled = true
  }
}
