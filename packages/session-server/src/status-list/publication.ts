/** One list as it is published: signed when it changed or grew old, the same bytes for everybody until then, and nothing while it may be wrong. */
import { createHash } from 'node:crypto'
import { seconds, type Clock } from '../clock.ts'
import { bits, type Entries } from './entries.ts'

/** The claims of a status list token (Token Status List, section 5.1). Times are seconds. */
export interface StatusListClaims {
  /** The list's own address. */
  readonly sub: string
  readonly iat: number
  readonly exp: number
  /** How long a reader may keep it. */
  readonly ttl: number
  readonly status_list: { readonly bits: number; readonly lst: string }
}

/** A list that was signed. */
export interface Published {
  readonly token: string
  /** Strong: another signature is another one. */
  readonly etag: string
  readonly signedAt: number
}

/** However many sessions end, a list is made this often at most, and looked after this often at most, ms. */
export const restMs = 1000
/** A list that does not change is valid for so many times its `ttl`, and made anew when half of that is over. */
const lives = 12

/** Publishes one list. */
export interface Publication {
  /** To be called when an entry changed. */
  changed(): void
  /** The list as it was `restMs` ago or later. Rejects when that cannot be known, or not be signed. */
  current(): Promise<Published>
}

/** Makes the publication of one list; nothing is signed before it is asked for. */
export function createPublication(input: {
  readonly uri: string
  readonly entries: Entries
  /** Resolves when the entries say all that was written before the call. */
  readonly upToDate: () => Promise<void>
  readonly ttlMs: number
  readonly clock: Clock
  readonly sign: (claims: StatusListClaims) => Promise<string>
}): Publication {
  const { uri, entries, ttlMs, clock } = input
  let published: Published | undefined
  let making: Promise<Published> | undefined
  let dirty = false
  /** When it was last asked for and found to be right. */
  let rightAt = -Infinity

  const publish = async (now: number): Promise<Published> => {
    dirty = false
    const lst = Buffer.from(entries.deflated()).toString('base64url')
    const claims = { sub: uri, iat: seconds(now), exp: seconds(now + lives * ttlMs), ttl: seconds(ttlMs), status_list: { bits, lst } }
    try {
      const token = await input.sign(claims)
      return { token, etag: `"${createHash('sha256').update(token).digest('base64url').slice(0, 22)}"`, signedAt: now }
    } catch (error) {
      dirty = true
      throw error
    }
  }

  const make = async (): Promise<Published> => {
    const now = clock.now()
    await input.upToDate()
    if (!published || dirty || now - published.signedAt >= (lives / 2) * ttlMs) published = await publish(now)
    rightAt = now
    return published
  }

  return {
    changed() {
      dirty = true
    },
    async current() {
      const age = clock.now() - rightAt
      // Below 0 the clock was set back, and nothing is known of its age.
      if (published && age >= 0 && age < restMs) return published
      making ??= make().finally(() => {
        making = undefined
      })
      return making
    },
  }
}
