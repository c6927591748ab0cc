/** What a platform must supply; beside the authority, the core touches nothing else of the outside. */
import type { Target } from './end.ts'
import type { Row } from './row.ts'

/** A platform by name: `browser({ name })`, or the in-memory one of `@3dimli/session/testing`. */
export interface Platform {
  /** Names this application's session on this origin; two names are two sessions. */
  readonly name: string
  /** Opens the ports; called once by `start()`, never before. */
  open(): Ports
}

/** Everything a context needs of its surroundings. */
export interface Ports {
  readonly store: RecordStore
  readonly lock: Lock
  readonly channel: Channel
  readonly clock: Clock
  readonly wake: Wake
  readonly eraser: Eraser
  readonly flags: Flags
  readonly flows: Flows
  readonly address: Address
  readonly cover: Cover
  readonly keys: Keys
  /** Sends a request. `signal` is given beside it: Node 24 forgets the one of a `Request` that nobody holds any more, and an answer that is read for hours would hear of no end. */
  readonly fetch: (request: Request, signal?: AbortSignal) => Promise<Response>
  /** Keeps a process alive while a person is waited for; returns the release. A page needs none. */
  readonly stay?: () => () => void
  /** Cryptographically strong random bytes. */
  readonly random: (length: number) => Uint8Array<ArrayBuffer>
  /** What is missing or degraded here, in words; read again whenever `diagnostics()` is. */
  readonly degraded: () => readonly string[]
}

/** Holds the record. Both calls may throw, or never answer: the caller bounds them. */
export interface RecordStore {
  readonly kind: string
  /** True when what is written outlives this context and is read by the others; where it is not, this context hears no messages and sends none. */
  readonly persistent: () => boolean
  read(): Promise<unknown>
  /** Reads and writes in one transaction. `decide` is synchronous; `undefined` leaves everything as it was. */
  change(decide: (stored: unknown) => Row | undefined, durability: 'strict' | 'relaxed'): Promise<void>
  /**
   * Gives up, synchronously, whatever could stand in another context's way while this one is stopped: what is under way fails, and the next
   * call begins anew. False when something cannot be given up, such as a database that is being opened.
   */
  sleep(): boolean
  close(): void
}

/** A lock between the contexts of a device. It may be lost to a frozen holder: every wait is bounded by `signal`. */
export interface Lock {
  /** Runs `work` while holding the lock; rejects with the signal's reason when it could not be had in time. */
  hold<T>(name: string, signal: AbortSignal, work: () => Promise<T>): Promise<T>
}

/** Carries hints between the contexts of a device. */
export interface Channel {
  open(listener: (message: unknown) => void): void
  post(message: unknown): void
  close(): void
}

/** Time. */
export interface Clock {
  /** Wall clock, epoch ms. */
  now(): number
  /** Milliseconds that only grow, also over a change of the wall clock. */
  monotonic(): number
  /** Calls `run` once after about `ms`, and for 0 in the next turn, in a hidden page too; returns the canceller. Never keeps a process alive. */
  timer(ms: number, run: () => void): () => void
}

/** Tells when this context may have missed something. */
export interface Wake {
  listen(listener: WakeListener): () => void
  visible(): boolean
}

/** What a context is told of its own life. All are called synchronously in the platform's own handler. */
export interface WakeListener {
  /** About to be stored or stopped: give up locks, streams and channels now. */
  readonly sleep: () => void
  /** Back from a sleep: nothing known from before may be trusted. */
  readonly wake: () => void
  /** Out of sight, where it may be stopped without a word. */
  readonly hidden: () => void
  /** Seen again. */
  readonly shown: () => void
  /** Focused, or online again: a good moment to ask. */
  readonly look: () => void
}

/** Erases what was registered. Counts say how much a look through a fresh handle found. */
export interface Eraser {
  erase(target: Target): Promise<number>
  remains(target: Target): Promise<number>
  /** Erases what a target with `{content}` in its name covers, except for the contents to keep, which are asked for after the names were read; nothing when they cannot be told. */
  sweep(target: Target, keep: () => Promise<readonly string[]>): Promise<number>
}

/** A last resort for writing one bit when the record store refuses. */
export interface Flags {
  raise(name: string): boolean
  raised(name: string): boolean
  lower(name: string): void
}

/** Small notes of a sign-in that left this page and will come back to it. */
export interface Flows {
  put(name: string, value: string): void
  take(name: string): string | undefined
}

/** Where this context is, and how it goes elsewhere. */
export interface Address {
  current(): URL | undefined
  /** Shows another address without loading anything. */
  replace(url: URL): void
  /** Rejects when the person cannot be shown the address. */
  go(url: URL): void | Promise<void>
  /**
   * Where `go` leaves nothing, since the address is shown in another program: opens the way back (RFC 8252 section 7.3).
   * It is closed by `close()` or by the signal. Rejects with a `TypeError` for a `redirectUri` that does not lead here.
   */
  listen?(input: { readonly redirectUri: string; readonly state: string; readonly signal: AbortSignal }): Promise<WayBack>
}

/** The way back of one sign-in: an address of this very machine, open for as long as the sign-in takes. */
export interface WayBack {
  /** The `redirectUri` with the port that is listened on. */
  readonly redirectUri: string
  /** The first answer with the sign-in's own `state`. */
  readonly answer: Promise<URL>
  /** Shows the outcome to whoever brought the answer, and closes; after a `timeout` it is told for another minute to whoever comes late. */
  close(outcome: SignInOutcome): Promise<void>
}

/** What came of a sign-in, as the person is told. */
export type SignInOutcome = 'signed-in' | 'refused' | 'failed' | 'timeout'

/** Hides what must not be seen before the record was read. */
export interface Cover {
  add(element: unknown): () => void
  hide(): void
  show(): void
}

/**
 * Makes the keys that the record holds. A platform whose record is a file must be able to write them down again, and nobody else may:
 * what comes out of here is never extractable.
 */
export interface Keys {
  /** The HKDF key of a session's content. Does not keep `secret`. */
  content(secret: Uint8Array<ArrayBuffer>): Promise<CryptoKey>
  /** An ES256 pair to bind tokens to (RFC 9449). */
  pair(): Promise<CryptoKeyPair>
  /** Takes over a pair that the application made; rejects with a `TypeError` that names `keys` when it cannot be kept here. */
  adopt(pair: CryptoKeyPair): Promise<CryptoKeyPair>
}
