/** What a renderer may ask, what it is told, and how much of either there may be. */
import type { PurgeReport, SessionEnd, SessionErrorCode, SessionState } from '@3dimli/session'

/** The bounds of what one renderer may ask for; its own side keeps to them. */
export const limits = {
  /** Calls at a time; later ones wait on the renderer's side. */
  calls: 32,
  renderers: 64,
  urlLength: 8_192,
  headers: 64,
  headerLength: 8_192,
  bodyBytes: 8_388_608,
  chunkBytes: 65_536,
} as const

/** The session that a renderer showed when it made a call: `null` where it showed that none is there, nothing where it showed nothing yet. */
export interface Meant {
  readonly epochId?: string | null
}

/** A request to be sent with the session's token. */
export interface FetchAsk extends Meant {
  readonly type: 'fetch'
  readonly id: number
  readonly url: string
  readonly method: string
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly body?: ArrayBuffer
}

/** A call without anything to be said about it, but whom a sign-out means. */
export interface PlainAsk extends Meant {
  readonly type: 'signIn' | 'signOut' | 'confirm'
  readonly id: number
}

/** From a renderer. An id is higher than all before it, so that none can mean two calls. */
export type Ask =
  | FetchAsk
  | PlainAsk
  /** Asks for one more piece of a body. */
  | { readonly type: 'pull'; readonly id: number }
  | { readonly type: 'abort'; readonly id: number }

/** Why a call could not be done: a code of the SDK's, or words of this bridge's own; nothing of the error that caused it. */
export type Failure = { readonly code: SessionErrorCode; readonly details: unknown } | { readonly message: string }

/** To a renderer: what one call came to. */
export type Answer =
  | { readonly type: 'done'; readonly id: number; readonly value: unknown }
  | { readonly type: 'failed'; readonly id: number; readonly failure: Failure }
  | { readonly type: 'head'; readonly id: number; readonly status: number; readonly statusText: string; readonly headers: readonly (readonly [string, string])[]; readonly hasBody: boolean }
  | { readonly type: 'chunk'; readonly id: number; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly type: 'last'; readonly id: number }

/** To a renderer. */
export type Tell =
  | Answer
  | { readonly type: 'state'; readonly state: SessionState }
  | { readonly type: 'end'; readonly end: SessionEnd; readonly report: PurgeReport }
