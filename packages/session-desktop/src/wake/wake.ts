/** Tells when the machine slept: by clocks that do not agree, by a timer that comes late, and by what the application says. */
import type { Clock, Wake, WakeListener } from '@3dimli/session/platform'

const lookMs = 2_000
/** A clock or a timer that is off by more than this slept, or was set; both are reasons to read the record. */
const jumpMs = 3_000
/** A process that still runs this long after it was told that it will sleep does not sleep. */
const awakeMs = 10_000
/** Electron tells of one resume twice. */
const onceMs = 1_000

/** The wake-ups of a process, and what the application may say of them. */
export interface ProcessWake extends Wake {
  slept(): void
  woke(): void
}

/** Makes the wake-ups of a process. Nothing is timed before somebody listens. */
export function processWake(clock: Clock): ProcessWake {
  const listeners = new Set<WakeListener>()
  const reading = () => ({ wall: clock.now(), monotonic: clock.monotonic() })
  let before = reading()
  let sleptAt: number | undefined
  let wokeAt = Number.NEGATIVE_INFINITY
  let cancel = (): void => {}

  const wake = (): void => {
    before = reading()
    if (sleptAt === undefined && before.monotonic - wokeAt < onceMs) return
    sleptAt = undefined
    wokeAt = before.monotonic
    for (const listener of [...listeners]) listener.wake()
  }

  const look = (): void => {
    const now = reading()
    const passed = now.monotonic - before.monotonic
    const jumped = passed - lookMs > jumpMs || Math.abs(now.wall - before.wall - passed) > jumpMs
    before = now
    if (jumped || (sleptAt !== undefined && now.monotonic - sleptAt >= awakeMs)) wake()
    cancel = clock.timer(lookMs, look)
  }

  return {
    visible: () => true,
    listen(listener) {
      if (listeners.size === 0) {
        before = reading()
        cancel = clock.timer(lookMs, look)
      }
      listeners.add(listener)
      return () => {
        listeners.delete(listener)
        if (listeners.size === 0) cancel()
      }
    },
    slept() {
      if (sleptAt !== undefined) return
      sleptAt = clock.monotonic()
      for (const listener of [...listeners]) listener.sleep()
    },
    woke: wake,
  }
}
