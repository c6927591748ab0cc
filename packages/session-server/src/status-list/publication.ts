/** One list as it is published: signed when it changed or grew old, the same bytes for everybody until then, and nothing while it may be wrong. */
import { createHash } from 'node:crypto'
import { seconds, type Clock } from '../clock.ts'
import { bits, createBlocks } from './blocks.ts'

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
  /** The list as it was `restMs` ago or later. Rejects when that cannot be known, or not be signed. */
  current(): Promise<Published>
}

/** Makes the publication of one list; nothing is signed before it is asked for. */
export function createPublication(input: {
  readonly uri: string
  readonly size: number
  /** Asks the store for the entries as they are now. */
  readonly entries: () => Promise<Uint8Array | undefined>
  readonly ttlMs: number
  readonly clock: Clock
  readonly sign: (claims: StatusListClaims) => Promise<string>
}): Publication {
  const { uri, ttlMs, clock } = input
  const blocks = createBlocks(input.size)
  let published: Published | undefined
  let making: { readonly since: number; readonly done: Promise<Published> } | undefined
  /** Whether something changed since it was signed. */
  let unsigned = false
  /** When it was last asked for and found to be right. */
  let rightAt = -Infinity

  const publish = async (now: number): Promise<Published> => {
    const lst = Buffer.from(blocks.deflated()).toString('base64url')
    const token = await input.sign({ sub: uri, iat: seconds(now), exp: seconds(now + lives * ttlMs), ttl: seconds(ttlMs), status_list: { bits, lst } })
    return { token, etag: `"${createHash('sha256').update(token).digest('base64url').slice(0, 22)}"`, signedAt: now }
  }

  const make = async (now: number): Promise<Published> => {
    const entries = await input.entries()
    if (blocks.update(entries ?? new Uint8Array())) unsigned = true
    if (!published || unsigned || now - published.signedAt >= (lives / 2) * ttlMs) published = await publish(now)
    unsigned = false
    rightAt = now
    return published
  }

  return {
    async current() {
      const now = clock.now()
      // One whose making began long ago may lack what was written since.
      while (making && now - making.since >= restMs) await making.done.catch(() => undefined)
      const age = now - rightAt
      // Below 0 the clock was set back, and nothing is known of its age.
      if (published && age >= 0 && age < restMs) return published
      making ??= { since: now, done: make(now).finally(() => (making = undefined)) }
      return making.done
    },
  }
}
