/** Leases: how long each kind of protected thing may be used without another proof that the session lives. */
import { see } from './changes.ts'
import type { LeaseKind } from './feature.ts'
import type { Clock } from './ports.ts'
import type { SessionRecord } from './record.ts'
import type { Row } from './row.ts'
import type { Time } from './time.ts'

/** A length of time: whole seconds, minutes, hours or days, such as `'5m'`; or milliseconds. At least 10 s. */
export type Duration = number | `${number}${'s' | 'm' | 'h' | 'd'}`

/** How long each kind may be used without a proof that the session lives; a kind that is not named has the default. */
export interface LeaseOptions {
  /** Requests, and every kind that is not named here. @default '24h' */
  readonly default?: Duration
  /** Saving, listing, opening and reading downloads. */
  readonly downloads?: Duration
  /** Reading and writing the draft of a checkout. */
  readonly checkout?: Duration
}

/** The length of each lease, ms. */
export type Lease = Readonly<Record<LeaseKind, number>>

/** How long an end can stay without effect on one kind while the server cannot be reached. */
export interface LeaseBound {
  /** At most, ms. */
  readonly withinMs: number
  /** Counted from now, ms: what is left of the last proof; 0 while this kind is held back, and when nobody is signed in. */
  readonly leftMs: number
}

/** The leases of one context. */
export interface Leases {
  /** How much longer a kind may be used, ms; 0 when it is held back. */
  leftMs(kind: LeaseKind, row: Row): number
  /** How long before the default lease is over this context asks the server, ms; each another time, so that one asks for all. */
  readonly aheadMs: number
  /** To be told of every use: how far time has come is kept, now and then, so that a clock set back before a restart gives nothing. */
  used(row: Row): void
}

/** A lease that ends while the server can be reached would show a fence for nothing: in its last tenth, 30 s at most, the server is asked. */
const longestAheadMs = 30_000
const units = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const
const kinds: readonly LeaseKind[] = ['default', 'downloads', 'checkout']
/** A proof is written down every 5 s at most: a lease must be longer. */
const leastMs = 10_000
/** Use is written down this often at most; the record is shared by every tab. */
const usedMs = 10_000
/** A store that refuses to write is tried no sooner, for every refusal fences for a moment. */
const refusedMs = 3_600_000

/** Reads the option; throws a `TypeError` that names what is wrong. */
export function readLease(lease: LeaseOptions = {}): Lease {
  if (typeof lease !== 'object' || lease === null) throw new TypeError('"lease" must be an object, e.g. { checkout: "5m" }')
  for (const kind of Object.keys(lease)) if (!kinds.includes(kind as LeaseKind)) throw new TypeError(`"lease.${kind}" is none of ${kinds.join(', ')}`)
  const fallback = readDuration(lease.default, 'lease.default', units.d)
  return {
    default: fallback,
    downloads: readDuration(lease.downloads, 'lease.downloads', fallback),
    checkout: readDuration(lease.checkout, 'lease.checkout', fallback),
  }
}

function readDuration(value: unknown, name: string, fallback: number): number {
  if (value === undefined) return fallback
  const parts = typeof value === 'string' ? /^(?<count>\d+)(?<unit>[smhd])$/.exec(value)?.groups : undefined
  const ms = parts ? Number(parts['count']) * units[parts['unit'] as keyof typeof units] : value
  if (typeof ms === 'number' && Number.isFinite(ms) && ms >= leastMs) return ms
  throw new TypeError(`"${name}" must be a length of time such as "5m" or "24h" (s, m, h or d), or a number of milliseconds, at least 10 s`)
}

/** What is left of a lease, ms. A clock that went back says nothing of how old the last proof is. */
function leftOf(lengthMs: number, row: Row | undefined, time: Pick<Time, 'now' | 'behind'>): number {
  if (!row?.live || time.behind(row.seenAt)) return 0
  return Math.max(0, lengthMs - (time.now() - (row.provenAt ?? row.live.startedAt)))
}

/** Works out the bound of each kind. */
export function leaseBounds(lease: Lease, row: Row | undefined, time: Pick<Time, 'now' | 'behind'> | undefined): Readonly<Record<LeaseKind, LeaseBound>> {
  const bound = (kind: LeaseKind): LeaseBound => ({ withinMs: lease[kind], leftMs: time ? leftOf(lease[kind], row, time) : 0 })
  return { default: bound('default'), downloads: bound('downloads'), checkout: bound('checkout') }
}

/** Makes the leases of one context. */
export function createLeases({ lease, time, clock, record, share }: {
  readonly lease: Lease
  readonly time: Time
  readonly clock: Clock
  readonly record: () => SessionRecord
  /** From 0 to 1, by chance. */
  readonly share: number
}): Leases {
  let nextAt = Number.NEGATIVE_INFINITY
  return {
    leftMs: (kind, row) => leftOf(lease[kind], row, time),
    aheadMs: Math.min(lease.default / 10, longestAheadMs) * (0.5 + share / 2),
    used({ seenAt, epoch }) {
      if (time.now() - seenAt < usedMs || clock.monotonic() < nextAt) return
      nextAt = clock.monotonic() + usedMs
      record().change((current) => see(current, { epochId: epoch.id, now: time.now() })).catch(() => {
        nextAt = clock.monotonic() + refusedMs
      })
    },
  }
}
