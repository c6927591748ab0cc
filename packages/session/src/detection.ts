/** How soon a device learns of an end, worked out from what is open and what the server can do. */
import type { LeaseKind } from './feature.ts'
import type { LeaseBound } from './lease.ts'
import type { TokenSet } from './tokens.ts'

/** How soon this device learns of an end while the server can be reached, or at least its status list. */
export interface Detection {
  /** `feed`: pushed. `poll`: asked. `list`: only the status list can be had. `refresh`: only when the access token is renewed. `none`: nobody is signed in, or nothing can be asked. */
  readonly via: 'feed' | 'poll' | 'list' | 'refresh' | 'none'
  /** The longest an end can go unnoticed, ms; a feed usually takes one network delay. */
  readonly withinMs: number
  /** How long each kind may still be used where the server cannot be reached. */
  readonly lease: Readonly<Record<LeaseKind, LeaseBound>>
}

/** Works out the bound. `silentMs` is how long a dead feed is taken for alive. */
export function detectionOf(input: {
  readonly tokens: TokenSet | undefined
  readonly feed: boolean
  readonly asks: boolean
  /** While only the status list can be had. */
  readonly listMs: number | undefined
  readonly silentMs: number
  readonly pollMs: number
  /** How much longer the server wants not to be asked. */
  readonly quietMs: number
  readonly lease: Detection['lease']
}): Detection {
  const { tokens, pollMs, quietMs, lease } = input
  const leaseMs = lease.default.withinMs
  if (!tokens) return { via: 'none', withinMs: 0, lease }
  if (input.feed) return { via: 'feed', withinMs: input.silentMs + quietMs + pollMs, lease }
  if (input.listMs !== undefined) return { via: 'list', withinMs: input.listMs, lease }
  if (input.asks) return { via: 'poll', withinMs: quietMs + pollMs, lease }
  if (tokens.refreshToken === undefined) return { via: 'none', withinMs: leaseMs, lease }
  const lifetime = tokens.expiresAt === undefined ? leaseMs : tokens.expiresAt - tokens.receivedAt
  return { via: 'refresh', withinMs: lifetime + pollMs, lease }
}
