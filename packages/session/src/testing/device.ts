/** A device in memory: one record, one set of locks, one channel and one storage, shared by as many contexts as a test wants. */
import type { Target } from '../end.ts'
import { webKeys } from '../keys.ts'
import type { Clock, Platform, Ports, WakeListener } from '../ports.ts'
import { queueLock } from '../queue.ts'
import type { Row } from '../row.ts'
import { manualClock, type ManualClock } from './clock.ts'

/** One context of a device: what its ports do can be bent. */
export interface DeviceContext {
  readonly platform: Platform
  /** Stops messages, timers' hearing and locks' release, as a frozen tab does. */
  freeze(): void
  thaw(): void
  look(): void
  /** Out of sight, and seen again. */
  hidden(): void
  shown(): void
  /** Where this context is. */
  url: string
  /** Where it was sent. */
  readonly visited: string[]
  visible: boolean
  covered: boolean
  fetch: (request: Request, signal?: AbortSignal) => Promise<Response>
}

/** A device in memory. */
export interface Device {
  readonly clock: ManualClock
  /** The raw record. */
  row(): Row | undefined
  /** Replaces the raw record, as storage loss or another version would. */
  overwrite(row: unknown): void
  /** Everything that was posted. */
  readonly posted: unknown[]
  post(message: unknown): void
  /** What the application keeps: entries by the JSON of their target. */
  readonly storage: Map<string, Set<string>>
  readonly flags: Set<string>
  /** Makes storage calls fail, hang or work. */
  storageMode: 'works' | 'throws' | 'hangs' | 'refuses-writes'
  context(): DeviceContext
}

/** Makes an empty device. */
export function createDevice(options: { readonly name?: string; readonly clock?: ManualClock } = {}): Device {
  const clock = options.clock ?? manualClock()
  const name = options.name ?? 'test'
  const listeners = new Set<(message: unknown) => void>()
  const lock = queueLock()
  const storage = new Map<string, Set<string>>()
  const flags = new Set<string>()
  const posted: unknown[] = []
  let stored: unknown

  const device: Device = {
    clock, posted, storage, flags,
    storageMode: 'works',
    row: () => stored as Row | undefined,
    overwrite: (row) => {
      stored = row
    },
    post: (message) => deliver(message, undefined),
    context: () => createContext(),
  }

  const deliver = (message: unknown, from: unknown): void => {
    for (const listener of listeners) if (listener !== from) queueMicrotask(() => listeners.has(listener) && listener(message))
  }

  const guarded = async <T>(write: boolean, work: () => T): Promise<T> => {
    await Promise.resolve()
    if (device.storageMode === 'hangs') return new Promise<T>(() => {})
    if (device.storageMode === 'throws' || (write && device.storageMode === 'refuses-writes')) throw new Error('storage is broken')
    return work()
  }

  const matching = (target: Target): [string, Set<string>][] => {
    const key = JSON.stringify(target)
    return [...storage].filter(([entry]) => entry === key)
  }

  const createContext = (): DeviceContext => {
    let wake: WakeListener | undefined
    let hears: ((message: unknown) => void) | undefined
    let frozen = false
    const missed: unknown[] = []
    const notes = new Map<string, string>()
    const visited: string[] = []
    const receive = (message: unknown): void => void (frozen ? missed.push(message) : hears?.(message))
    const ownClock: Clock = { ...clock }

    const open = (): Ports => ({
      store: {
        kind: 'memory',
        // It outlives each context, as what a browser stores outlives a tab.
        persistent: () => true,
        read: () => guarded(false, () => stored),
        change: (decide) => guarded(true, () => {
          const next = decide(stored)
          if (next !== undefined) stored = next
        }),
        sleep: () => true,
        close: () => {},
      },
      lock,
      channel: {
        open(listener) {
          hears = listener
          listeners.add(receive)
        },
        post(message) {
          posted.push(message)
          deliver(structuredClone(message), receive)
        },
        close() {
          hears = undefined
          listeners.delete(receive)
        },
      },
      clock: ownClock,
      wake: {
        listen(listener) {
          wake = listener
          return () => {
            wake = undefined
          }
        },
        visible: () => context.visible,
      },
      eraser: {
        erase: (target) => guarded(true, () => {
          const entries = matching(target).flatMap(([, set]) => [...set]).length
          for (const [key] of matching(target)) storage.delete(key)
          return entries
        }),
        remains: (target) => guarded(false, () => matching(target).flatMap(([, set]) => [...set]).length),
        sweep: async (target, keep) => guarded(true, () => [...storage.keys()]).then(async (keys) => {
          const [before = '', after] = JSON.stringify(target).split('{content}')
          if (after === undefined) return 0
          const kept = await keep()
          const stale = keys.filter((key) => key.startsWith(before) && key.endsWith(after) && !kept.some((id) => key === before + id + after))
          for (const key of stale) storage.delete(key)
          return stale.length
        }),
      },
      flags: { raise: (flag) => Boolean(flags.add(flag)), raised: (flag) => flags.has(flag), lower: (flag) => void flags.delete(flag) },
      flows: {
        put: (note, value) => void notes.set(note, value),
        take(note) {
          const value = notes.get(note)
          notes.delete(note)
          return value
        },
      },
      address: {
        current: () => new URL(context.url),
        replace: (url) => {
          context.url = url.href
        },
        go: (url) => void visited.push(url.href),
      },
      cover: { add: () => () => {}, hide: () => void (context.covered = true), show: () => void (context.covered = false) },
      keys: webKeys,
      fetch: (request, signal) => context.fetch(request, signal),
      random: (length) => globalThis.crypto.getRandomValues(new Uint8Array(length)),
      degraded: () => [],
    })

    const context: DeviceContext = {
      platform: { name, open },
      url: 'https://shop.test/',
      visited,
      visible: true,
      covered: false,
      fetch: async () => new Response('{}', { headers: { 'content-type': 'application/json' } }),
      freeze() {
        wake?.sleep()
        frozen = true
      },
      thaw() {
        frozen = false
        for (const message of missed.splice(0)) receive(message)
        wake?.wake()
      },
      look: () => wake?.look(),
      hidden: () => wake?.hidden(),
      shown: () => wake?.shown(),
    }
    return context
  }

  return device
}
