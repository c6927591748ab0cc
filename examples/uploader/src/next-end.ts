/** Waiting for what the purge of an end did. */
import type { Application, Ended } from './application.ts'

/** Resolves with the last end of this process, or with the next where there was none; rejects when the signal aborts. */
export function nextEnd(app: Application, signal: AbortSignal): Promise<Ended> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted()
    const had = app.ended()
    if (had) return resolve(had)
    const stop = app.onEnded((ended) => {
      stop()
      resolve(ended)
    })
    signal.addEventListener('abort', () => {
      stop()
      reject(signal.reason as Error)
    }, { once: true })
  })
}
