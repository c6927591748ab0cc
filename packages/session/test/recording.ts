/** A record alone: over a store whose answers a test gives by hand. */
import { vi, type Mock } from 'vitest'
import { after } from './rows.ts'
import { manualClock } from '../src/testing/clock.ts'
import { createRecord } from '../src/record.ts'
import type { Row } from '../src/row.ts'
import type { RecordStore } from '../src/ports.ts'

export const mira = after({})
export const suspended: Row = { ...mira, suspended: true }
export const nothing = { result: undefined }

/** A record over a store whose reads are answered by hand, in any order; `now` answers at once. */
export function recording(stored: unknown = mira) {
  const clock = manualClock()
  const reads: PromiseWithResolvers<unknown>[] = []
  const writes: { durability: string; done: PromiseWithResolvers<void> }[] = []
  const held = { reads: false, writes: false }
  const state = { stored }
  const store: RecordStore = {
    kind: 'by hand', persistent: () => true, sleep: () => true, close: () => undefined,
    read() {
      const answer = Promise.withResolvers<unknown>()
      reads.push(answer)
      if (!held.reads) answer.resolve(state.stored)
      return answer.promise
    },
    async change(decide, durability) {
      state.stored = decide(state.stored) ?? state.stored
      const done = Promise.withResolvers<void>()
      writes.push({ durability, done })
      if (held.writes) await done.promise
    },
  }
  const seen: (Row | undefined)[] = []
  const failed: Mock<() => void> = vi.fn()
  const random = (length: number): Uint8Array<ArrayBuffer> => new Uint8Array(length).fill(7)
  const record = createRecord({ store, clock, random }, (row) => seen.push(row), failed)
  return { clock, reads, writes, held, state, store, seen, failed, record }
}

