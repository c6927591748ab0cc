/** What a host says when it makes status lists, and the check that it said it right. */
import { type Clock, systemClock } from '../clock.ts'
import { isAddress, positive } from '../options.ts'
import type { StatusListClaims } from './publication.ts'

/** Options of {@link createStatusLists}. */
export interface StatusListOptions {
  /** Where the lists lie, with a path and without a slash at its end: the aggregation is there, each list under it, e.g. `https://id.example/status-lists`. */
  readonly address: string
  /** Signs claims as a JWT whose header has the `typ` `statuslist+jwt`. */
  readonly sign: (claims: StatusListClaims) => Promise<string>
  /** Milliseconds for which caches and clients may keep a list. @default 300000 */
  readonly ttlMs?: number
  /** How many entries a list has; when 96 % of them are taken another is begun. @default 1048576 */
  readonly size?: number
  readonly clock?: Clock
}

const names = ['address', 'sign', 'ttlMs', 'size', 'clock']

/** Checks the options and fills in the defaults. @throws TypeError that names the one that is wrong */
export function statusListSettings(options: StatusListOptions): Required<StatusListOptions> {
  for (const name of Object.keys(options)) if (!names.includes(name)) throw new TypeError(`"${name}" is not an option`)
  const { address, sign, ttlMs = 300_000, size = 2 ** 20, clock = systemClock } = options
  // Without a path the aggregation would be the host's first page.
  if (!isAddress(address) || /\/$|[?#]/.test(address) || new URL(address).pathname === '/') throw new TypeError('"address" must be an http(s) address with a path, and without a slash at its end')
  if (typeof sign !== 'function') throw new TypeError('"sign" must be a function')
  if (positive('ttlMs', ttlMs) < 2000) throw new TypeError('"ttlMs" must be at least 2000')
  if (!Number.isSafeInteger(size) || size < 100 || size > 2 ** 24) throw new TypeError('"size" must be a whole number from 100 to 16777216')
  return { address, sign, ttlMs, size, clock }
}
