// Waiting for a condition: it is polled until it holds, and a failure names what was awaited.
import { setTimeout as pause } from 'node:timers/promises'

export interface Wait {
  /** What is awaited, for the message of a failure: "waited 60000 ms for …". */
  what: string
  /** Only for what never comes: a busy machine may take long for anything. @default 60_000 */
  timeoutMs?: number
  /**
   * How long the first look may take before another is tried: a page that is being replaced may never answer. A page that is only slow
   * gets twice as long each time. @default 2_000
   */
  lookMs?: number
}

type Falsy = false | null | undefined | 0 | ''

/** Resolves to the first truthy value of `condition`; a condition that throws does not hold yet. */
export async function until<T>(condition: () => T | Promise<T>, { what, timeoutMs = 60_000, lookMs = 2_000 }: Wait): Promise<Exclude<T, Falsy>> {
  const deadline = performance.now() + timeoutMs
  let reason = ''
  let patienceMs = lookMs
  let restMs = 20
  do {
    try {
      const value = await within(Promise.resolve(condition()), Math.min(patienceMs, Math.max(1, deadline - performance.now())))
      if (value) return value as Exclude<T, Falsy>
      reason = `last seen: ${typeof value === 'object' ? JSON.stringify(value) : String(value)}`
    } catch (error) {
      if (error === noAnswer) patienceMs *= 2
      reason = `last look: ${error instanceof Error ? error.message : String(error)}`
    }
    await pause(restMs)
    // Whoever looks at ten tabs all the time takes from them what they need to get there.
    restMs = Math.min(80, restMs * 1.2)
  } while (performance.now() < deadline)
  throw new Error(`waited ${timeoutMs} ms for ${what} (${reason})`)
}

const noAnswer = new Error('no answer')

/** Gives up waiting for a promise after `ms`, with `late`; a later rejection of it is nobody's. */
export async function within<T>(promise: Promise<T>, ms: number, late: Error = noAnswer): Promise<T> {
  const stop = new AbortController()
  const over = pause(ms, undefined, { signal: stop.signal }).then(() => Promise.reject(late))
  try {
    return await Promise.race([promise, over])
  } finally {
    stop.abort()
    over.catch(() => {})
    promise.catch(() => {})
  }
}
