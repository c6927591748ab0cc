/** One device: what its contexts share, and the ports each of them gets. */
import { webKeys } from '../../src/keys.ts'
import type { Ports, WakeListener } from '../../src/ports.ts'
import { createChannels, type Channels } from './channel.ts'
import { createDisk, type Disk, type DiskEvents } from './disk.ts'
import { createLocks, type Locks } from './locks.ts'
import type { Schedule } from './schedule.ts'
import { createStore, type Store, type StoreEvents } from './store.ts'

export interface DeviceEvents extends StoreEvents, DiskEvents {
  readonly posted: (message: unknown, owner: number) => void
  /** `signal` beside the request, whose own Node forgets when nobody holds the request any more. */
  readonly left: (request: Request, owner: number, signal: AbortSignal) => Promise<Response>
}

/** One context as its surroundings see it. */
export interface Context {
  readonly ports: Ports
  readonly id: number
  dead: boolean
  frozen: boolean
  /** Whether the platform said so before it stopped this context. */
  toldOfSleep: boolean
  /** When it last woke. */
  wokeAt: number
  visible: boolean
  covered: boolean
  wake: WakeListener | undefined
}

export interface Device {
  readonly store: Store
  readonly locks: Locks
  readonly channels: Channels
  readonly disk: Disk
  readonly flags: Set<string>
  /** Every flag that was ever raised. */
  readonly raised: Set<string>
  /** How far the wall clock is from where it would be. */
  wallOffset: number
  flagsWork: boolean
  wall(): number
  context(id: number): Context
}

/** Where every run begins, epoch ms. */
export const beginning = 1_800_000_000_000

export function createDevice(schedule: Schedule, bytes: (length: number) => Uint8Array<ArrayBuffer>, events: DeviceEvents): Device {
  const device: Device = {
    store: createStore(schedule, events),
    locks: createLocks(schedule),
    channels: createChannels(schedule, events.posted),
    disk: createDisk(schedule, events),
    flags: new Set(),
    raised: new Set(),
    flagsWork: true,
    wallOffset: 0,
    wall: () => beginning + schedule.now() + device.wallOffset,
    context(id) {
      const born = schedule.now()
      const notes = new Map<string, string>()
      const context: Context = {
        id, dead: false, frozen: false, toldOfSleep: false, wokeAt: born, visible: true, covered: false, wake: undefined,
        ports: {
          store: device.store.of(id),
          lock: device.locks.of(id),
          channel: device.channels.of(id),
          clock: { now: device.wall, monotonic: () => schedule.now() - born, timer: (ms, run) => schedule.add(id, `a timer of ${Math.round(ms)} ms`, run, ms) },
          wake: {
            listen(listener) {
              context.wake = listener
              return () => {
                if (context.wake === listener) context.wake = undefined
              }
            },
            visible: () => context.visible,
          },
          eraser: device.disk.of(id),
          flags: {
            raise: (flag) => device.flagsWork && Boolean(device.raised.add(flag) && device.flags.add(flag)),
            raised: (flag) => device.flags.has(flag),
            lower: (flag) => void device.flags.delete(flag),
          },
          flows: {
            put: (note, value) => void notes.set(note, value),
            take(note) {
              const value = notes.get(note)
              notes.delete(note)
              return value
            },
          },
          address: { current: () => new URL('https://shop.test/'), replace: () => {}, go: () => {} },
          cover: { add: () => () => {}, hide: () => void (context.covered = true), show: () => void (context.covered = false) },
          keys: webKeys,
          fetch: (request, signal = request.signal) => events.left(request, id, signal),
          random: bytes,
          degraded: () => [],
        },
      }
      return context
    },
  }
  return device
}
