/** What the SDK did and when, for people who debug it: names, times and ids, never a secret. */
import type { Time } from './time.ts'

/** One thing the SDK did. */
export interface TraceEntry {
  readonly what: TraceEvent
  /** Epoch ms. */
  readonly at: number
  readonly epochId?: string
}

/** Everything that is traced. */
export type TraceEvent =
  | 'restored' | 'signed-in' | 'refreshing' | 'refreshed' | 'refresh-discarded' | 'confirming' | 'learned' | 'fenced'
  | 'ending' | 'unreadable' | 'forgotten' | 'erasing' | 'erased' | 'told' | 'feed-open' | 'feed-closed' | 'slept' | 'woke'

const size = 200

/** Keeps the last entries and hands each to whoever listens. */
export interface Trace {
  add(what: TraceEvent, epochId?: string): void
  /** Adds what can happen to an epoch only once, the first time. */
  once(what: TraceEvent, epochId: string): void
  entries(): readonly TraceEntry[]
}

/** Makes the trace of one context. */
export function createTrace(time: Time): Trace {
  const entries: TraceEntry[] = []
  const add: Trace['add'] = (what, epochId) => {
    entries.push({ what, at: time.now(), ...(epochId !== undefined && { epochId }) })
    if (entries.length > size) entries.shift()
  }
  return {
    add,
    once(what, epochId) {
      if (!entries.some((entry) => entry.what === what && entry.epochId === epochId)) add(what, epochId)
    },
    entries: () => [...entries],
  }
}
