/** What a feature (downloads, checkout, http) may reach of a session; applications have no use for it. */
import type { Target } from './end.ts'
import type { Content } from './row.ts'

/** The member of a session that holds {@link FeatureAccess}. */
export const feature: unique symbol = Symbol.for('3dimli.session.feature') as never

/** What a lease is for; `default` is everything without a lease of its own. */
export type LeaseKind = 'default' | 'downloads' | 'checkout'

/** The session a call was made in. */
export interface Captured {
  readonly epochId: string
  /** What the call is about: its lease must last. @default 'default' */
  readonly kind?: LeaseKind
  /** Aborts, with the error the call must fail with, when this session ends or another begins. */
  readonly signal: AbortSignal
  /** Runs before each sending, after everything that waits for a server; what it returns says whether the request may go this very turn, else both run again. */
  readonly sending?: () => Promise<() => boolean>
}

/** Who a captured session belongs to. */
export interface Owner {
  readonly issuer: string
  readonly subject: string
  readonly contentId: string
}

/** The inside of a session, for code that keeps or reads what a session protects. */
export interface FeatureAccess {
  readonly name: string
  /** Epoch ms. */
  now(): number
  random(length: number): Uint8Array<ArrayBuffer>
  capture(signal?: AbortSignal, kind?: LeaseKind): Promise<Captured>
  pass(captured: Captured, signal?: AbortSignal): Promise<Owner>
  /** Hands out the key that opens the session's content; waits until earlier sessions' purges are closed. */
  content(captured: Captured, signal?: AbortSignal): Promise<Required<Content>>
  /** Makes a target durable in the record before anything is written under it. */
  protect(targets: readonly Target[]): Promise<void>
  /** Runs when this context learns of an end, synchronously. Returns the remover. */
  onForget(name: string, forget: () => unknown): () => void
  fetch(input: RequestInfo | URL, init: RequestInit | undefined, captured: Captured): Promise<Response>
  trusted(url: URL): boolean
  resolve(url: string | URL): URL
  /** Fetches without any credential. */
  fetchOpenly(request: Request, signal: AbortSignal): Promise<Response>
}
