/** This context's time: never behind what was seen before, whatever is done to the wall clock. */
import type { Clock } from './ports.ts'

/** Reads time so that an age is the larger of the wall clock's and the monotonic clock's difference. */
export interface Time {
  /** Epoch ms that never goes back while this context lives. */
  now(): number
  /** Goes on from a time that this device has seen, where the wall clock is a little behind it; one that is far behind is for `behind()` to tell. */
  see(seenAt: number): void
  /** Believes the wall clock again, also where it went back: a server just confirmed what depends on it. */
  rebase(): void
  /** True when the wall clock is behind a time that this device has seen. */
  behind(seenAt: number): boolean
}

const toleranceMs = 60_000

/** Makes the time of one context. */
export function createTime(clock: Clock): Time {
  const reading = () => ({ wall: clock.now(), monotonic: clock.monotonic() })
  let base = reading()
  const now = (): number => Math.round(Math.max(clock.now(), base.wall + (clock.monotonic() - base.monotonic)))
  const behind = (seenAt: number): boolean => clock.now() < seenAt - toleranceMs
  return {
    now,
    behind,
    see: (seenAt) => {
      if (seenAt > now() && !behind(seenAt)) base = { wall: seenAt, monotonic: clock.monotonic() }
    },
    rebase: () => {
      base = reading()
    },
  }
}

/** Waits for a promise no longer than `ms`; the loser is left to itself and never an unhandled rejection. */
export function within<T>(clock: Clock, ms: number, promise: Promise<T>, late: () => unknown): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const cancel = clock.timer(ms, () => reject(late()))
    promise.then(resolve, reject).finally(cancel)
  })
}

/** A signal that aborts after `ms` of this clock or when one of `signals` does; `done` frees the timer. */
export function deadline(clock: Clock, ms: number, ...signals: readonly (AbortSignal | undefined)[]): { signal: AbortSignal; done: () => void } {
  const controller = new AbortController()
  const cancel = clock.timer(ms, () => controller.abort(new DOMException('The deadline has passed.', 'TimeoutError')))
  const given = signals.filter((signal): signal is AbortSignal => signal !== undefined)
  return { signal: AbortSignal.any([controller.signal, ...given]), done: cancel }
}

/** Gives up waiting for a promise when a signal aborts; what the promise stands for goes on. */
export function unlessAborted<T>(promise: Promise<T>, ...signals: readonly (AbortSignal | undefined)[]): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const given = signals.filter((signal) => signal !== undefined)
    const leave = given.map((signal) => {
      const abort = () => reject(signal.reason)
      if (signal.aborted) abort()
      signal.addEventListener('abort', abort)
      return () => signal.removeEventListener('abort', abort)
    })
    promise.then(resolve, reject).finally(() => leave.forEach((remove) => remove()))
  })
}

/** Waits for `ms` of this clock, or until the signal aborts. */
export function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      cancel()
      signal.removeEventListener('abort', done)
      resolve()
    }
    const cancel = clock.timer(ms, done)
    signal.addEventListener('abort', done)
    if (signal.aborted) done()
  })
}
