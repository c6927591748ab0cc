/** The clocks of a page or a process, and timers no longer than an engine can count. */
import type { Clock } from './ports.ts'

/** Timers beyond 2^31 - 1 ms fire at once (HTML, timer initialisation steps), so a long one asks again on the way. */
const longestTimerMs = 2 ** 31 - 1

/** Makes the clock. The monotonic one stands still while a machine sleeps under Linux, and runs on under Windows. */
export function systemClock(): Clock {
  return {
    now: () => Date.now(),
    monotonic: () => performance.now(),
    timer(ms, run) {
      if (ms === 0 && 'MessageChannel' in globalThis) return nextTurn(run)
      let id: ReturnType<typeof setTimeout>
      const wait = (left: number): void => {
        const part = Math.min(Math.max(left, 0), longestTimerMs)
        id = setTimeout(() => (left > part ? wait(left - part) : run()), part)
        // In Node a timer is an object, and one that waits would keep the process alive.
        ;(id as { unref?: () => void }).unref?.()
      }
      wait(Number.isNaN(ms) ? 0 : ms)
      return () => clearTimeout(id)
    },
  }
}

/** Runs something in the next turn of the event loop; the timers of a hidden page come once a second. */
export function nextTurn(run: () => void): () => void {
  const { port1, port2 } = new MessageChannel()
  const cancel = (): void => port1.close()
  port1.onmessage = () => {
    cancel()
    run()
  }
  port2.postMessage(undefined)
  return cancel
}
