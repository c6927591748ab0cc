/** The shape of the one durable record: what every context of a device agrees on. */
import type { PurgeReport, SessionEnd, Target } from './end.ts'
import type { Narrowing, TokenSet } from './tokens.ts'

/** Names one stretch between two changes of who is signed in. `n` orders, `id` (128 random bits) decides. */
export interface Epoch {
  readonly n: number
  readonly id: string
}

/** The session that lives now. */
export interface Live {
  readonly issuer: string
  readonly subject: string
  readonly sid?: string
  /** The server's own time of the sign-in, epoch ms; events before it are about somebody else. */
  readonly establishedAt?: number
  /** Where a status list speaks of this session. */
  readonly status?: StatusReference
  /** This device's time of the sign-in, epoch ms. */
  readonly startedAt: number
  readonly tokens: TokenSet
  /** The key pair tokens are bound to (RFC 9449); not extractable. */
  readonly keys?: CryptoKeyPair
  /** Names and opens what this session keeps on the device. The key is only ever handed to whoever opens something. */
  readonly content: Content
  /** Everything to be erased at the end. */
  readonly targets: readonly Target[]
}

/** One entry of a Token Status List, as the server names it. */
export interface StatusReference {
  readonly idx: number
  readonly uri: string
}

/** The id that names a session's cached content, and the HKDF key that opens it. */
export interface Content {
  readonly id: string
  readonly key?: CryptoKey
}

/** A refresh that was sent, or is about to be: written before the request leaves. */
export interface Attempt {
  readonly id: string
  readonly generation: number
  readonly at: number
  /** Set when it asks for a token for one job: whoever repeats it asks for the same, and the session's own access token stays. */
  readonly narrow?: Narrowing
}

/** What is still to be erased of an ended session. */
export interface Journal {
  readonly epochId: string
  readonly targets: readonly Target[]
  readonly unreadableAt: number
}

/** A refresh token that is ours no more and that the server must still be told to revoke. */
export interface GivenUp {
  readonly id: string
  readonly token: string
  readonly keys?: CryptoKeyPair
  readonly issuer: string
  readonly subject: string
  readonly at: number
}

/** Content of an expired or locked session, waiting for the same subject. */
export interface Retained {
  readonly issuer: string
  readonly subject: string
  readonly content: Content
  readonly targets: readonly Target[]
  /** When its time is over by this device's clock, and by the server's, epoch ms; both must agree. */
  readonly until: number
  readonly serverUntil: number
}

/** The record. Absent `live` means signed out; it is never deleted, so a missing record is storage loss. */
export interface Row {
  readonly v: 1
  readonly epoch: Epoch
  /** Counts the access tokens of this epoch. */
  readonly generation: number
  /** Counts the tokens for one job of this epoch: each may have replaced the refresh token, and none the access token. */
  readonly mints?: number
  readonly live?: Live
  readonly attempt?: Attempt
  /** No refresh before this time, epoch ms; shared, so that ten tabs do not each try. */
  readonly retryAt?: number
  /** How long the pause was to be, ms: a clock that goes back must not make it longer. */
  readonly retryMs?: number
  readonly retries?: number
  /** No question about the session before this time, epoch ms, because its server said so; `quietMs` as `retryMs`. */
  readonly quietUntil?: number
  readonly quietMs?: number
  readonly suspended?: true
  /** The last proof that the session lives, epoch ms. */
  readonly provenAt?: number
  /** The highest clock reading any context had, epoch ms. */
  readonly seenAt: number
  readonly end?: SessionEnd
  readonly report?: PurgeReport
  readonly journals: readonly Journal[]
  readonly outbox: readonly GivenUp[]
  readonly vault: readonly Retained[]
}

/** The record of a device nobody ever signed in on. It counts from the time, so that one made after a loss is younger than the lost one. */
export function emptyRow(epochId: string, now: number): Row {
  return { v: 1, epoch: { n: now, id: epochId }, generation: 0, seenAt: now, journals: [], outbox: [], vault: [] }
}

/** Negative when `a` was there before `b`, positive when after, 0 when no counter tells; before the first row there was none. */
export function compareAge(a: Row | undefined, b: Row | undefined): number {
  if (!a || !b) return Number(Boolean(a)) - Number(Boolean(b))
  return a.epoch.n - b.epoch.n || a.generation - b.generation || mintsOf(a) - mintsOf(b)
}

/** How often the refresh token of this epoch was spent for one job. */
export function mintsOf({ mints = 0 }: Pick<Row, 'mints'>): number {
  return mints
}

/** Tells whether stored data is a record this version can read: a newer one is left alone, a damaged one is as good as lost. */
export function readRow(value: unknown): Row | 'absent' | 'foreign' {
  if (!isObject(value)) return 'absent'
  if (typeof value.v === 'number' && value.v > 1) return 'foreign'
  const { epoch, live, journals, outbox, vault } = value
  const readable = value.v === 1 && isObject(epoch) && has(epoch, { id: 'string', n: 'number' }) && has(value, { generation: 'number', seenAt: 'number' })
    && (live === undefined || isLive(live))
    && areAll(journals, (journal) => has(journal, { epochId: 'string' }) && areAll(journal.targets, isTarget))
    && areAll(outbox, (entry) => has(entry, { id: 'string', token: 'string', issuer: 'string', subject: 'string', at: 'number' }))
    && areAll(vault, (entry) => has(entry, { issuer: 'string', subject: 'string', until: 'number', serverUntil: 'number' }) && isContent(entry.content) && areAll(entry.targets, isTarget))
  return readable ? (value as unknown as Row) : 'absent'
}

type Members = Record<string, unknown>

function isLive(live: unknown): boolean {
  return isObject(live) && has(live, { issuer: 'string', subject: 'string', startedAt: 'number' })
    && isObject(live.tokens) && has(live.tokens, { accessToken: 'string', tokenType: 'string', receivedAt: 'number' })
    && isContent(live.content) && areAll(live.targets, isTarget)
}

function isContent(content: unknown): boolean {
  return isObject(content) && has(content, { id: 'string' })
}

function isTarget(target: Members): boolean {
  return has(target, { kind: 'string' })
}

function areAll(list: unknown, are: (entry: Members) => boolean): boolean {
  return Array.isArray(list) && list.every((entry) => isObject(entry) && are(entry))
}

function has(object: Members, members: Record<string, 'string' | 'number'>): boolean {
  return Object.entries(members).every(([name, type]) => typeof object[name] === type)
}

function isObject(value: unknown): value is Members {
  return typeof value === 'object' && value !== null
}
