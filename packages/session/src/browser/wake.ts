/** The page's life: when it is about to be stored or frozen, when it comes back, when somebody looks at it. */
import type { Clock, Wake } from '../ports.ts'

/** The monotonic clock stands still while a machine sleeps; a wall clock that ran ahead by this much means it did. */
const sleptMs = 1_000

/** Makes the wake-ups of a page. There is no `unload` listener: it would keep the page out of the back/forward cache. */
export function pageWake(clock: Clock): Wake {
  return {
    visible: () => globalThis.document?.visibilityState !== 'hidden',
    listen(listener) {
      const events = new AbortController()
      // A server that renders a page has neither document nor events.
      const on = (target: Partial<EventTarget> | undefined, type: string, run: (event: Event) => void): void =>
        target?.addEventListener?.(type, run, { signal: events.signal, capture: true })
      const drift = (): number => clock.now() - clock.monotonic()
      let seen = drift()
      const unlessSlept = (tell: () => void): void => {
        const now = drift()
        const slept = Math.abs(now - seen) > sleptMs
        seen = now
        if (slept) listener.wake()
        else tell()
      }
      const look = (): void => unlessSlept(listener.look)
      const page = globalThis.document as Document | undefined
      on(globalThis, 'pagehide', (event) => {
        if ((event as PageTransitionEvent).persisted) listener.sleep()
      })
      on(globalThis, 'pageshow', (event) => {
        if ((event as PageTransitionEvent).persisted) listener.wake()
      })
      // Only Chromium has these two (Page Lifecycle).
      on(page, 'freeze', () => listener.sleep())
      on(page, 'resume', () => listener.wake())
      on(page, 'visibilitychange', () => {
        if (page?.visibilityState === 'visible') unlessSlept(listener.shown)
        else listener.hidden()
      })
      on(globalThis, 'online', look)
      on(globalThis, 'focus', (event) => {
        if (event.target === globalThis) look()
      })
      return () => events.abort()
    },
  }
}
