// Runs in a page before anything else: counts what is open by putting counters around the platform's own functions.
import { countDatabases } from './databases.ts'

interface Counts {
  timers: number
  channels: number
  databases: number
  /** Listeners to the page: window and document. */
  listeners: number
  /** Requests whose answer did not come yet. */
  requests: number
  /** Object URLs. */
  urls: number
}

/** What is open in this page now. */
export interface Open extends Counts {
  /** Locks of the whole origin that are held or waited for. */
  locks: number
}

const loose: string[] = []
addEventListener('unhandledrejection', ({ reason }) => loose.push(String(reason)))
addEventListener('error', ({ message }) => loose.push(message))

const timers = new Set<unknown>()
const { setTimeout: wait, clearTimeout: stopWaiting } = globalThis
globalThis.setTimeout = ((run: () => void, ms?: number) => {
  const id = wait(() => {
    timers.delete(id)
    run()
  }, ms)
  timers.add(id)
  return id
}) as typeof setTimeout
globalThis.clearTimeout = (id) => {
  timers.delete(id)
  stopWaiting(id)
}

const channels = new Set<BroadcastChannel>()
globalThis.BroadcastChannel = class extends BroadcastChannel {
  constructor(name: string) {
    super(name)
    channels.add(this)
  }
  override close() {
    super.close()
    channels.delete(this)
  }
}

const databases = countDatabases()

const listeners = new Map<EventTarget, Map<string, Set<unknown>>>([[globalThis as unknown as Window, new Map()], [document, new Map()]])
const { addEventListener: add, removeEventListener: remove } = EventTarget.prototype
EventTarget.prototype.addEventListener = function (type, listener, options) {
  add.call(this, type, listener, options)
  const types = listeners.get(this ?? globalThis)
  if (!types) return
  const set = types.get(type) ?? new Set()
  types.set(type, set.add(listener))
  const signal = typeof options === 'object' ? options.signal : undefined
  if (signal) add.call(signal, 'abort', () => set.delete(listener))
}
EventTarget.prototype.removeEventListener = function (type, listener, options) {
  remove.call(this, type, listener, options)
  listeners.get(this ?? globalThis)?.get(type)?.delete(listener)
}

const send = globalThis.fetch.bind(globalThis)
let requests = 0
/** Addresses whose answers are held back until they are let go. */
const held = new Map<string, Promise<void>>()
globalThis.fetch = async (input, init) => {
  requests += 1
  try {
    const answer = await send(input, init)
    const { pathname } = new URL(answer.url)
    await held.get(pathname)
    return answer
  } finally {
    requests -= 1
  }
}

const { createObjectURL, revokeObjectURL } = URL
const urls = new Set<string>()
URL.createObjectURL = (given) => {
  const url = createObjectURL.call(URL, given)
  urls.add(url)
  return url
}
URL.revokeObjectURL = (url) => {
  urls.delete(url)
  revokeObjectURL.call(URL, url)
}

/** Holds back the answers of an address; returns what lets them go. */
function hold(pathname: string): () => void {
  const { promise, resolve } = Promise.withResolvers<void>()
  held.set(pathname, promise)
  return () => {
    held.delete(pathname)
    resolve()
  }
}

// A page that is left for the sign-in comes back held where it was told so before.
const heldBefore = sessionStorage.getItem('held')
const letGo = heldBefore === null ? () => undefined : hold(heldBefore)

const instruments = {
  loose, hold, letGo,
  counts: (): Counts => ({
    timers: timers.size,
    channels: channels.size,
    databases: databases.size,
    listeners: [...listeners.values()].flatMap((types) => [...types.values()]).reduce((sum, set) => sum + set.size, 0),
    requests,
    urls: urls.size,
  }),
  async open(): Promise<Open> {
    const { held: locks = [], pending = [] } = await navigator.locks.query()
    return { ...instruments.counts(), locks: locks.length + pending.length }
  },
}
export type Instruments = typeof instruments
declare global {
  var instruments: Instruments
}
globalThis.instruments = instruments
