/** The options of a session, and what is said when one is wrong. */
import type { Authority } from './authority.ts'
import { readLease, type Lease, type LeaseOptions } from './lease.ts'
import type { Platform } from './ports.ts'
import type { StepUpChallenge } from './request.ts'

/** Options of `createSession()`. */
export interface SessionOptions {
  /** Who issues and judges sessions, e.g. `oauth({ … })`. */
  readonly authority: Authority
  /** What this runs on, e.g. `browser({ name })`. */
  readonly platform: Platform
  /** Where tokens may go. @default the page's own origin */
  readonly origins?: readonly string[]
  /** How long downloads and drafts of an expired session stay locked for the same person, ms. @default 7 days */
  readonly retainMs?: number
  /** How long each kind may be used without a proof that the session lives, e.g. `{ downloads: '24h', checkout: '5m' }`. @default 24 hours each */
  readonly lease?: LeaseOptions
  /** How often the server is asked while the feed is not there, ms. @default 30 seconds */
  readonly pollMs?: number
  /** Brings a stronger or fresher sign-in when a server asks for one (RFC 9470); the request is then sent once more. */
  readonly stepUp?: (challenge: StepUpChallenge) => Promise<void>
}

/** Options with every default in place. */
export interface Options {
  readonly authority: Authority
  readonly platform: Platform
  readonly origins: readonly string[] | undefined
  readonly retainMs: number
  readonly lease: Lease
  readonly pollMs: number
  readonly stepUp?: (challenge: StepUpChallenge) => Promise<void>
}

const day = 86_400_000
const names: ReadonlySet<string> = new Set(['authority', 'platform', 'origins', 'retainMs', 'lease', 'pollMs', 'stepUp'])

/** Checks options and fills in the defaults; throws a `TypeError` that names what is wrong. */
export function readOptions(options: SessionOptions): Options {
  if (typeof options !== 'object' || options === null) throw new TypeError('createSession() needs an object of options')
  for (const name of Object.keys(options)) if (!names.has(name)) throw new TypeError(`"${name}" is not an option of createSession()`)
  const { authority, platform, stepUp } = options
  if (typeof authority?.connect !== 'function') throw new TypeError('"authority" must be an authority, e.g. oauth({ … })')
  if (typeof platform?.open !== 'function') throw new TypeError('"platform" must be a platform, e.g. browser({ name })')
  if (stepUp !== undefined && typeof stepUp !== 'function') throw new TypeError('"stepUp" must be a function')
  if (options.origins !== undefined && !Array.isArray(options.origins)) throw new TypeError('"origins" must be a list of origins')
  const origins = (options.origins as readonly unknown[] | undefined)?.map((origin, index) => readOrigin(origin, `origins[${index}]`))
  return {
    authority, platform, origins,
    lease: readLease(options.lease),
    retainMs: readMs(options.retainMs, 'retainMs', 7 * day, 0),
    pollMs: readMs(options.pollMs, 'pollMs', 30_000, 1_000),
    ...(stepUp && { stepUp }),
  }
}

/** Reads an `https:` origin; plain http is accepted for loopback only. */
function readOrigin(value: unknown, name: string): string {
  const url = typeof value === 'string' && URL.canParse(value) ? new URL(value) : undefined
  if (!url || url.origin !== String(value).replace(/\/$/, '')) throw new TypeError(`"${name}" must be an origin, e.g. "https://api.example.com"`)
  if (!isSecure(url)) throw new TypeError(`"${name}" must be https; plain http is accepted for loopback only`)
  return url.origin
}

/** Tells whether an address may carry a token: https, or this very machine. */
export function isSecure(url: URL): boolean {
  return url.protocol === 'https:' || (url.protocol === 'http:' && /^(?:localhost|.+\.localhost|127(?:\.\d+){3}|\[::1\])$/.test(url.hostname))
}

function readMs(value: unknown, name: string, fallback: number, least: number): number {
  if (value === undefined) return fallback
  if (typeof value !== 'number' || !Number.isFinite(value) || value < least) throw new TypeError(`"${name}" must be a number of milliseconds, at least ${least}`)
  return value
}
