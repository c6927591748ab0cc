/** What a host says when it makes a session server, and the check that it said it right. */
import { type Clock, systemClock } from './clock.ts'
import type { Identity } from './list.ts'
import type { SessionRow } from './session.ts'
import type { SessionStore } from './store.ts'

/** Options of {@link createSessionServer}. */
export interface SessionServerOptions {
  /** The issuer, without a slash at its end: endpoints lie under it, and problem types too. */
  readonly issuer: string
  readonly store: SessionStore
  /**
   * Tells whose session a request is about. It must verify the token's signature and audience, and must accept a token that has expired or
   * whose session has ended: such a token still identifies the session, and gives nothing else.
   */
  readonly authenticate: (request: Request) => Promise<Identity | undefined>
  /**
   * Checks a token that must be valid now, for the list of sessions, and answers the refusal itself otherwise. The server checks that the session
   * is live. Without it the list is not served.
   */
  readonly authorize?: (request: Request) => Promise<Identity | Response>
  /**
   * Called after an end is written and told to the feeds: revoke the grant and the refresh tokens here. {@link SessionServer.end} waits for it. It is called
   * once, unless it rejects, or its node dies before it has resolved, or two nodes end one session at the same moment: then whoever calls `end` for the
   * session again has it called again.
   */
  readonly onEnd?: (row: SessionRow) => void | Promise<void>
  /** Told what was thrown where a request could only be answered with 503. */
  readonly onError?: (error: unknown) => void
  /** Told how many feeds are open whenever that changes. */
  readonly onFeeds?: (open: number) => void
  /** The origins that may read the answers from a browser, exactly as `Origin` names them. @default none */
  readonly origins?: readonly string[]
  /** Milliseconds between two signs of life on a feed. @default 15000 */
  readonly heartbeatMs?: number
  /** Milliseconds after which a client should reconnect, at least; at most twice that, so that not all come back at once. @default 3000 */
  readonly retryMs?: number
  /** Milliseconds over which the clients of a node that stops are spread: each comes back between `retryMs` and `retryMs + drainSpreadMs`. @default 30000 */
  readonly drainSpreadMs?: number
  /** How many feeds one session may have open on this node. @default 20 */
  readonly feedsPerSession?: number
  /** Tells the network address that a request comes from, for `feedsPerAddress`; `undefined` where it is not known, which is not limited. */
  readonly addressOf?: (request: Request) => string | undefined
  /** How many feeds one address may have open on this node; a household, an office or a mobile network may share one. @default 1000 with `addressOf` */
  readonly feedsPerAddress?: number
  /** Below 1 and not below 0. @default Math.random */
  readonly random?: () => number
  readonly clock?: Clock
}

/** The options with every default filled in. */
export type Settings = SessionServerOptions & Required<Pick<SessionServerOptions, 'origins' | 'heartbeatMs' | 'retryMs' | 'drainSpreadMs' | 'feedsPerSession' | 'feedsPerAddress' | 'random' | 'clock'>>

const names = [
  'issuer', 'store', 'authenticate', 'authorize', 'onEnd', 'onError', 'onFeeds', 'origins', 'heartbeatMs', 'retryMs', 'drainSpreadMs', 'feedsPerSession', 'addressOf',
  'feedsPerAddress', 'random', 'clock',
]

const defaults = { heartbeatMs: 15_000, retryMs: 3000, drainSpreadMs: 30_000, feedsPerSession: 20, feedsPerAddress: 1000 }

/** Checks the options. @throws TypeError that names the one that is wrong */
export function settingsOf(options: SessionServerOptions): Settings {
  for (const name of Object.keys(options)) if (!names.includes(name)) throw new TypeError(`"${name}" is not an option`)
  const { issuer, store, authenticate, authorize, addressOf, origins = [], random = Math.random, clock = systemClock } = options
  if (!isAddress(issuer) || issuer.endsWith('/')) throw new TypeError('"issuer" must be an http(s) address without a slash at its end')
  if (typeof store?.swap !== 'function') throw new TypeError('"store" must be a session store')
  if (typeof authenticate !== 'function') throw new TypeError('"authenticate" must be a function')
  if (authorize !== undefined && typeof authorize !== 'function') throw new TypeError('"authorize" must be a function')
  if (!Array.isArray(origins) || !origins.every((origin) => isAddress(origin) && new URL(origin).origin === origin)) {
    throw new TypeError('"origins" must be a list of origins such as "https://shop.example"')
  }
  if (addressOf !== undefined && typeof addressOf !== 'function') throw new TypeError('"addressOf" must be a function')
  if (options.feedsPerAddress !== undefined && addressOf === undefined) throw new TypeError('"feedsPerAddress" needs "addressOf", which tells the address')
  if (typeof random !== 'function') throw new TypeError('"random" must be a function')
  const numbers = Object.fromEntries(Object.entries(defaults).map(([name, value]) => [name, positive(name, options[name as keyof typeof defaults] ?? value)]))
  return { ...options, origins, random, clock, ...(numbers as typeof defaults) }
}

/** Checks a duration or a number of things. @throws TypeError that names it */
export function positive(name: string, value: number): number {
  if (!Number.isFinite(value) || value <= 0 || value > 2 ** 31 - 1) throw new TypeError(`"${name}" must be a positive number below 2^31`)
  return value
}

/** Whether this is an absolute http or https address. */
export function isAddress(value: unknown): value is string {
  return typeof value === 'string' && /^https?:/.test(value) && URL.canParse(value)
}
