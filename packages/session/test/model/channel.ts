/** Messages between contexts: each arrives in its own time, or twice, or never. */
import type { Channel } from '../../src/ports.ts'
import type { Schedule } from './schedule.ts'

export type MessageFault = 'drop' | 'duplicate' | 'delay'

export interface Channels {
  /** What happens to the next messages, one for each. */
  readonly faults: MessageFault[]
  /** How many messages were harmed. */
  readonly harmed: number
  of(owner: number): Channel
  /** Says something to everybody, as another version or another script of the origin would. */
  forge(message: unknown): void
  drop(owner: number): void
}

export function createChannels(schedule: Schedule, posted: (message: unknown, owner: number) => void): Channels {
  const open = new Map<number, (message: unknown) => void>()
  let harmed = 0

  const deliver = (to: number, message: unknown): void => {
    const listener = open.get(to)
    if (!listener) return
    const fault = channels.faults.shift()
    if (fault) harmed += 1
    if (fault === 'drop') return
    const arrive = (delay: number): void => {
      const copy = structuredClone(message)
      schedule.add(to, `hears ${JSON.stringify(message)}`, () => open.get(to) === listener && listener(copy), delay)
    }
    arrive(fault === 'delay' ? 200 + schedule.draws.nat(20_000) : schedule.delay(25))
    if (fault === 'duplicate') arrive(schedule.draws.nat(30_000))
  }

  const channels: Channels = {
    faults: [],
    get harmed() {
      return harmed
    },
    of: (owner) => ({
      open: (listener) => void open.set(owner, listener),
      post(message) {
        posted(message, owner)
        for (const to of open.keys()) if (to !== owner) deliver(to, message)
      },
      close: () => void open.delete(owner),
    }),
    forge(message) {
      for (const to of open.keys()) deliver(to, message)
    },
    drop: (owner) => void open.delete(owner),
  }
  return channels
}
