/** What the authority can be started with, and what it tells while it runs. */
import type { Commit, EndRequest, SessionRow, SuspendRequest } from '@3dimli/session-server'

/** Options of `startAuthority`. */
export interface AuthorityOptions {
  /** Port on 127.0.0.1; 0 takes a free one. @default 4400 */
  readonly port?: number
  /** Origin of the storefront, or several: redirect addresses and CORS follow from it. @default 'http://localhost:4401' */
  readonly storefront?: string | readonly string[]
  /** Directory of the database, or ':memory:'. @default ':memory:' */
  readonly dataDir?: string
  /** Lifetime of an access token, s. @default 300 */
  readonly accessTokenSeconds?: number
  /** How long a sign-in can last, s. @default 30 days */
  readonly sessionSeconds?: number
  /** How long a sign-in can go unused, and a refresh token lives, s. @default 14 days */
  readonly idleSeconds?: number
  /** Whether a lost answer to a refresh can be asked for again with its Idempotency-Key. @default true */
  readonly idempotentRefresh?: boolean
  /** 'plain': an OAuth server as most are, with no session endpoint, no feed and no word on why a token is refused. @default 'full' */
  readonly contract?: 'full' | 'plain'
  /** Whether tokens can be bound to a key. @default true */
  readonly dpop?: boolean
  /** Whether the token endpoint demands a nonce in DPoP proofs. @default false */
  readonly dpopNonce?: boolean
  /** How long a program that waits for its person on another device is to leave between two questions, s (RFC 8628). @default 5 */
  readonly deviceIntervalSeconds?: number
  /** Milliseconds between two signs of life on a feed. @default 15000 */
  readonly heartbeatMs?: number
  /** How long a status list may be kept, s. @default 60 */
  readonly statusListSeconds?: number
  /** Slows every download to this many bytes a second, so that progress can be watched. @default unlimited */
  readonly downloadBytesPerSecond?: number
  /** Told of everything that happens to sessions. */
  readonly observe?: (event: AuthorityEvent) => void
  /** Awaited after a refresh was committed, before its answer leaves; 'drop' destroys the connection instead. */
  readonly beforeRefreshAnswer?: (info: RefreshInfo) => Promise<'send' | 'drop'>
}

/** A refresh whose answer is about to leave. */
export interface RefreshInfo {
  readonly outcome: 'rotated' | 'replayed'
  readonly sid: string | undefined
  readonly idempotencyKey: string | undefined
}

/** What became of one refresh. */
export type RefreshOutcome = 'rotated' | 'replayed' | 'superseded' | 'reuse' | 'refused'

/** Something that happened; `at` is epoch ms. */
export type AuthorityEvent =
  | { readonly type: 'refresh'; readonly outcome: RefreshOutcome; readonly sid: string | undefined; readonly at: number }
  | { readonly type: 'signed-in'; readonly sid: string; readonly sub: string; readonly at: number }
  | { readonly type: 'ended'; readonly sid: string; readonly at: number }
  | { readonly type: 'api'; readonly method: string; readonly path: string; readonly status: number; readonly sid: string | undefined; readonly at: number }
  /** A piece of an upload was let in, or its last step was done or refused. */
  | { readonly type: 'upload'; readonly what: 'received' | 'finished' | 'refused'; readonly id: string; readonly sid: string; readonly bytes: number; readonly at: number }
  | { readonly type: 'revocation'; readonly status: number; readonly known: boolean; readonly at: number }
  | { readonly type: 'feed'; readonly open: number }

/** A running authority. */
export interface Authority {
  readonly issuer: string
  readonly port: number
  /** Every session, ended ones included. */
  sessions(): Promise<readonly SessionRow[]>
  /** Ends a session; by an admin unless said otherwise. */
  end(sid: string, how?: Partial<EndRequest>): Promise<Commit>
  suspend(sid: string, why?: SuspendRequest): Promise<void>
  resume(sid: string): Promise<void>
  /** Says goodbye on the feeds, closes every connection and the database. */
  close(): Promise<void>
}
