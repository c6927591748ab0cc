/** A refresh alone: over a record in memory, a server that a test speaks for, and a clock moved by hand. */
import { after, grantOf, start } from './rows.ts'
import { queueLock } from '../src/queue.ts'
import { createRecord } from '../src/record.ts'
import { createRefresh } from '../src/refresh.ts'
import { manualClock, scriptedAuthority } from '../src/testing/index.ts'
import { createTime } from '../src/time.ts'
import type { TokenAnswer } from '../src/authority.ts'
import type { Ports } from '../src/ports.ts'
import type { Row } from '../src/row.ts'
import type { TokenSet } from '../src/tokens.ts'

export const epochId = 'epoch of mira'
export const signedInRow: Row = after({})
export const fresh: TokenSet = { accessToken: 'at-new', tokenType: 'Bearer', receivedAt: start, expiresAt: start + 300_000, refreshToken: 'rt-new' }

/** What the server is asked with, and what it says. */
interface Sent {
  readonly tokens: TokenSet
  readonly keys?: CryptoKeyPair
  readonly attemptId: string
  readonly signal: AbortSignal
}

/** Makes one context's refresh over `stored`; `null` is a device without a record. */
export function refreshing(stored: Row | null = signedInRow, { idempotent = true }: { readonly idempotent?: boolean } = {}) {
  const clock = manualClock(start + 1_000)
  const state = { stored: stored ?? undefined, writes: [] as string[], read: async (): Promise<unknown> => state.stored, refuses: false, wrote: (): void => {} }
  const record = createRecord({
    clock, random: (length) => new Uint8Array(length),
    store: {
      kind: 'memory', persistent: () => true, sleep: () => true, close: () => undefined,
      read: () => state.read(),
      async change(decide, durability) {
        if (state.refuses) throw new Error('full')
        state.stored = decide(state.stored) ?? state.stored
        state.writes.push(durability)
        state.wrote()
      },
    },
  }, () => undefined, () => undefined)
  const lock = queueLock()
  const did: string[] = []
  const sent: Sent[] = []
  const random = { byte: 0 }
  const server = {
    answer: async (_sent: Sent): Promise<TokenAnswer> => ({ tokens: fresh }),
    features: async () => ({ idempotent, session: true, feed: false, revocation: true }),
  }
  const { authority } = scriptedAuthority(() => clock.now())
  const ports: Pick<Ports, 'lock' | 'clock' | 'random'> = {
    clock, random: (length) => new Uint8Array(length).fill(random.byte),
    lock: { hold: (name, signal, work) => (did.push(`locks ${name}`), lock.hold(name, signal, work)) },
  }
  const connection = {
    ...authority.connect({} as never),
    features: () => server.features(),
    refresh: (asked: Sent) => (sent.push(asked), server.answer(asked)),
  }
  const context = () => createRefresh({
    name: '3dimli.test', ports, time: createTime(clock), record, connection,
    known: ({ epoch, live }) => ({ issuer: 'https://id.test', epochId: epoch.id, ...(live?.sid !== undefined && { sid: live.sid }) }),
    rotated: () => did.push('rotated'), suspect: (epoch) => did.push(`suspects ${epoch}`), gaveUp: () => did.push('gave up'), trace: (what) => did.push(what),
  })
  return { clock, state, record, lock, did, sent, random, server, context, refresh: context(), grantOf }
}
