/** The calls of one window: their ids, how many there may be at a time, and who waits for which answer. */
import type { Answer } from '../messages.ts'

/** Whoever waits for the answers to one call. */
export interface Waiting {
  answer(answer: Answer): void
  /** The port is gone. */
  fail(error: Error): void
}

/** A call that may be made. */
export interface Call {
  /** Higher than all before it. */
  readonly id: number
  /** Says who waits. */
  settle(waiting: Waiting): void
  /** Gives its place to the next; an answer that ends a call does so by itself. */
  over(): void
}

/** The calls. */
export interface Calls {
  /** Resolves when one more may be made; rejects with the reason of the signal, or when the port is gone. */
  begin(signal?: AbortSignal): Promise<Call>
  answer(answer: Answer): void
  /** Fails what there is and what comes; false when that was done before. */
  close(error: Error): boolean
}

/** Makes the calls of one port. */
export function createCalls(most: number): Calls {
  const waiting = new Map<number, Waiting | undefined>()
  const queue = new Set<PromiseWithResolvers<void>>()
  let lastId = 0
  let closed: Error | undefined

  const over = (id: number): void => {
    if (!waiting.delete(id)) return
    const [next] = queue
    if (next) queue.delete(next)
    next?.resolve()
  }
  const turn = async (signal: AbortSignal | undefined): Promise<void> => {
    const own = Promise.withResolvers<void>()
    const abort = (): void => own.reject(signal?.reason)
    signal?.addEventListener('abort', abort)
    queue.add(own)
    try {
      await own.promise
    } finally {
      queue.delete(own)
      signal?.removeEventListener('abort', abort)
    }
  }

  return {
    async begin(signal) {
      while (!closed && waiting.size >= most) await turn(signal)
      if (closed) throw closed
      signal?.throwIfAborted()
      lastId += 1
      const id = lastId
      waiting.set(id, undefined)
      return { id, settle: (who) => void waiting.set(id, who), over: () => over(id) }
    },
    answer(answer) {
      const who = waiting.get(answer.id)
      if (answer.type === 'done' || answer.type === 'failed' || answer.type === 'last' || (answer.type === 'head' && !answer.hasBody)) over(answer.id)
      who?.answer(answer)
    },
    close(error) {
      if (closed) return false
      closed = error
      for (const who of waiting.values()) who?.fail(error)
      waiting.clear()
      for (const one of queue) one.resolve()
      return true
    },
  }
}
