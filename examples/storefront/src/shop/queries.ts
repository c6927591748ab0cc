/** Results of requests, in this page's memory only, and whether the marketplace answers. */
import { signal, type ReadonlySignal } from '@preact/signals'
import { isUnreachable } from '../words/failures.ts'

const againMs = 10_000

/** One question to the server and its latest answer. */
export interface Query<T> {
  readonly data: ReadonlySignal<T | undefined>
  /** Why there is no newer answer. */
  readonly failure: ReadonlySignal<unknown>
  load(): Promise<void>
  /** Puts in an answer that another request brought. */
  set(data: T): void
}

/** All questions of this page. */
export interface Queries {
  readonly reachable: ReadonlySignal<boolean>
  query<T>(ask: () => Promise<T>): Query<T>
  /** Notes how a request went that is no query. */
  noted<T>(request: Promise<T>): Promise<T>
  /** Asks again what is waiting for the server. */
  retry(): void
  clear(): void
}

/** Makes the memory of this page. What failed for want of a server is asked again until it answers. */
export function createQueries(): Queries {
  const reachable = signal(true)
  const all: { waiting: boolean; load(): Promise<void>; clear(): void }[] = []
  let again: ReturnType<typeof setTimeout> | undefined

  const noted = async <T>(request: Promise<T>): Promise<T> => {
    try {
      const answer = await request
      reachable.value = true
      return answer
    } catch (error) {
      if (isUnreachable(error)) {
        reachable.value = false
        again ??= setTimeout(retry, againMs)
      }
      throw error
    }
  }

  const retry = (): void => {
    clearTimeout(again)
    again = undefined
    for (const query of all) if (query.waiting) void query.load()
  }
  addEventListener('online', retry)

  return {
    reachable, noted, retry,
    query<T>(ask: () => Promise<T>): Query<T> {
      const data = signal<T | undefined>(undefined)
      const failure = signal<unknown>(undefined)
      let round = 0
      const own = {
        waiting: false,
        async load() {
          const mine = (round += 1)
          try {
            const answer = await noted(ask())
            if (mine !== round) return
            data.value = answer
            failure.value = undefined
            own.waiting = false
          } catch (error) {
            if (mine !== round) return
            failure.value = error
            own.waiting = isUnreachable(error)
          }
        },
        clear() {
          round += 1
          data.value = failure.value = undefined
          own.waiting = false
        },
      }
      all.push(own)
      return { data, failure, load: own.load, set: (answer) => (data.value = answer) }
    },
    clear: () => all.forEach((query) => query.clear()),
  }
}
