/** Spends the refresh token, once for each generation or job however many contexts ask: the attempt is recorded before it is sent, the commit compares. */
import { attempt as recordAttempt, closeAttempt, coolDown, hasMoved, pauseLeft, rotate } from './changes.ts'
import { underLock } from './lock.ts'
import type { Connection, Features, TokenAnswer } from './authority.ts'
import type { LiveRow } from './gate.ts'
import type { Ports } from './ports.ts'
import { epochId as newId, type SessionRecord } from './record.ts'
import { mintsOf, type Attempt, type Row } from './row.ts'
import { madeAt, type Narrowing, type TokenSet } from './tokens.ts'
import { deadline, unlessAborted, type Time } from './time.ts'
import { isProof, judge, type Known, type Verdict } from './verdict.ts'

/** How long a lock is waited for before it is taken for lost to a frozen tab. */
const lockMs = 2_000
/** How long an authorization server may take; after it, another context may try. */
const answerMs = 10_000
/** Whoever takes an attempt over waits a little longer than its owner may: two of one generation must never be under way. */
const graceMs = 2_000
/** An owner that was held up this long before it could send lets the next one do it. */
const leastMs = 1_000
const firstPauseMs = 1_000
const longestPauseMs = 60_000

/** What came of a refresh: a newer generation or the token for one job is there, the session is another, there is nothing to refresh with, or what the server said. */
export type Refreshed = { readonly kind: 'ready'; readonly minted?: TokenSet; readonly wasSuspended?: boolean } | { readonly kind: 'changed' } | { readonly kind: 'unable' } | { readonly kind: 'verdict'; readonly verdict: Verdict }

/** Refreshes the tokens of one epoch. */
export interface Refresh {
  /** Makes sure there is a generation after `generation`; calls of one generation share one refresh. */
  after(epochId: string, generation: number): Promise<Refreshed>
  /** Spends the refresh token for one job; calls for the same job share one. */
  mint(epochId: string, narrow: Narrowing): Promise<Refreshed>
}

/** What a refresh is for: a generation after this one, or a token for one job. */
interface Purpose {
  readonly key: string
  readonly epochId: string
  readonly generation?: number
  readonly narrow?: Narrowing
}

/** A refresh under way, and how to let go of those who wait for it. */
interface Running {
  readonly outcome: Promise<Refreshed>
  readonly leave: () => void
}

/** Makes the refresh of one context. */
export function createRefresh(input: {
  readonly name: string
  readonly ports: Pick<Ports, 'lock' | 'clock' | 'random'>
  readonly time: Time
  readonly record: SessionRecord
  readonly connection: Connection
  readonly known: (row: Row) => Known
  readonly rotated: () => void
  /** Holds everything of an epoch back. */
  readonly suspect: (epochId: string) => void
  readonly gaveUp: () => void
  readonly trace: (what: 'refreshing' | 'refreshed' | 'refresh-discarded') => void
}): Refresh {
  const { ports, time, record, connection } = input
  const running = new Map<string, Running>()
  let seen: { readonly id: string; readonly at: number } | undefined

  /** When this context first saw an attempt, by the clock that nobody sets. */
  const seenAt = (id: string): number => {
    if (seen?.id !== id) seen = { id, at: ports.clock.monotonic() }
    return seen.at
  }

  /** The row to refresh in, or what has come of the purpose already. */
  const standing = (row: Row | undefined, { epochId, generation = Infinity }: Purpose): LiveRow | Refreshed => {
    if (!row?.live || row.epoch.id !== epochId) return { kind: 'changed' }
    return row.generation > generation ? { kind: 'ready' } : (row as LiveRow)
  }

  /** A pause that any context asked for holds for all. */
  const paused = (leftMs: number): Refreshed => ({ kind: 'verdict', verdict: { kind: 'transient', retryAfterMs: leftMs } })

  const run = async (purpose: Purpose): Promise<Refreshed> => {
    const row = standing(await record.read(), purpose)
    if ('kind' in row) return row
    if (row.live.tokens.refreshToken === undefined) return { kind: 'unable' }
    if (row.attempt) seenAt(row.attempt.id)
    const pausedMs = pauseLeft(row, time.now())
    if (pausedMs > 0) return paused(pausedMs)
    const features = await connection.features().catch(() => undefined)
    if (!features) return { kind: 'verdict', verdict: { kind: 'transient' } }
    // Not the lock, the compare-and-swap keeps two from committing.
    return underLock(ports, `${input.name}:refresh`, lockMs, (held) => take(purpose, features, held))
  }

  /** Owns the attempt, or waits for whoever does; an attempt of another purpose is settled first. */
  const take = async (purpose: Purpose, features: Features, held: boolean): Promise<Refreshed> => {
    const { epochId, narrow } = purpose
    for (let instead: string | undefined; ; ) {
      const id = uuid(ports.random)
      const owned = await record.change((row) => {
        const now = time.now()
        const wanted: Attempt = { id, generation: purpose.generation ?? row.generation, at: now, ...(narrow && { narrow }) }
        return recordAttempt(row, { epochId, attempt: wanted, instead, now })
      })
      if (owned === 'paused') return paused(pauseLeft(record.view(), time.now()))
      if (owned === 'changed') return { kind: 'changed' }
      if (owned === 'newer') return { kind: 'ready' }
      const repeated = owned.id !== id
      // Somebody's attempt stands. A server that repeats its answer may be asked again with the same key at once.
      if (!repeated || features.idempotent) {
        const outcome = await send(purpose, owned, repeated)
        if (outcome) return outcome
      } else if (await isOver(owned.id, leftOf(owned, held))) instead = owned.id
    }
  }

  /** How long an attempt may still be under way. Its time is that of another tab's clock: only who holds the lock, which its owner has left, goes by it. */
  const leftOf = ({ id, at }: Attempt, held: boolean): number => {
    const leftMs = seenAt(id) + answerMs + graceMs - ports.clock.monotonic()
    // The wall clock is the one that tabs share; an owner's own time is never behind it.
    return held ? Math.min(leftMs, at + answerMs + graceMs - ports.clock.now()) : leftMs
  }

  /** Reads the record now and then until another context's attempt was settled or has paused all, or its time is over; tells whether it is. */
  const isOver = async (attemptId: string, ms: number): Promise<boolean> => {
    // Whatever is done to the wall clock meanwhile, the wait is no longer than this.
    const until = ports.clock.monotonic() + ms
    for (;;) {
      const leftMs = until - ports.clock.monotonic()
      if (leftMs <= 0) return true
      const row = await record.read()
      if (row?.attempt?.id !== attemptId || pauseLeft(row, time.now()) > 0) return false
      await new Promise<void>((resolve) => ports.clock.timer(Math.min(250, leftMs), resolve))
    }
  }

  /** Tokens that came are kept sooner or later: the commit is a compare-and-swap, so trying it again harms nothing. */
  const persist = async <T>(write: () => Promise<T>, failing: () => void): Promise<T> => {
    for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
      try {
        return await write()
      } catch {
        failing()
        await new Promise<void>((resolve) => ports.clock.timer(pauseMs, resolve))
      }
    }
  }

  /** Sends an attempt and does what the answer says; `undefined` when that leaves the purpose where it was. */
  const send = async (purpose: Purpose, attempt: Attempt, repeated: boolean): Promise<Refreshed | undefined> => {
    const { epochId } = purpose
    const { generation, narrow } = attempt
    const serves = JSON.stringify(narrow) === JSON.stringify(purpose.narrow)
    const row = await record.read()
    // With another refresh token the same key would be another request.
    if (!row?.live || row.attempt?.id !== attempt.id) return undefined
    const { live } = row
    const stage = { epochId, generation, mints: mintsOf(row) }
    const budgetMs = repeated ? answerMs : Math.min(attempt.at + answerMs - time.now(), answerMs)
    if (budgetMs < leastMs) return { kind: 'verdict', verdict: { kind: 'transient' } }
    input.trace('refreshing')
    const askedAt = time.now()
    /** Keeps what came, or gives it back; the same for an answer that comes when nobody waits for it any more. */
    const keep = async (arrived: TokenSet): Promise<Refreshed | undefined> => {
      // A repeated answer is as old as the attempt it was first given to.
      const tokens = repeated ? madeAt(arrived, attempt.at) : arrived
      const { refreshToken, refreshExpiresAt: _refreshExpiresAt, ...minted } = tokens
      const giveUp = refreshToken === undefined ? undefined
        : { id: newId(ports.random), token: refreshToken, ...(live.keys && { keys: live.keys }), issuer: live.issuer, subject: live.subject, at: time.now() }
      const outcome = await persist(
        () => record.change((current) => rotate(current, { ...stage, minted: narrow !== undefined, tokens, askedAt, now: time.now(), giveUp }), 'strict'),
        () => running.get(purpose.key)?.leave(),
      )
      input.trace(outcome === 'committed' ? 'refreshed' : 'refresh-discarded')
      if (outcome === 'committed') input.rotated()
      if (outcome === 'given-up') input.gaveUp()
      const stood = standing(record.view(), purpose)
      if ('kind' in stood) return row.suspended && stood.kind === 'ready' && outcome === 'committed' ? { kind: 'ready', wasSuspended: true } : stood
      return narrow && serves ? { kind: 'ready', minted } : undefined
    }
    // Never aborted by an end: the token it brings must still be given back.
    const bound = deadline(ports.clock, budgetMs)
    const asking = async (): Promise<TokenAnswer> =>
      connection.refresh({ tokens: live.tokens, ...(live.keys && { keys: live.keys }), attemptId: attempt.id, ...(narrow && { narrow }), signal: bound.signal })
    const answering = asking()
      .catch((): TokenAnswer => ({ answer: { from: 'token', failed: 'network' } }))
      .finally(bound.done)
    const answer = await unlessAborted(answering, bound.signal).catch((): TokenAnswer => {
      answering.then((late) => ('tokens' in late ? keep(late.tokens) : undefined)).catch(() => undefined)
      return { answer: { from: 'token', failed: 'timeout' } }
    })
    if ('tokens' in answer) return keep(answer.tokens)
    const proof = judge(answer.answer, input.known(row))
    if (isProof(proof)) {
      // Nothing passes from here on, also while the record is read; and a newer generation does not make it less true.
      input.suspect(epochId)
      const current = await record.read().catch(() => row)
      return current?.epoch.id === epochId ? { kind: 'verdict', verdict: proof } : { kind: 'changed' }
    }
    const now = await record.read()
    // What was said of a refresh token that another context has spent says nothing of its successor.
    if (now?.epoch.id !== epochId || hasMoved(now, stage)) return undefined
    const judged = judge(answer.answer, input.known(now))
    // The successor was used, and nobody here has it: it is lost.
    const verdict: Verdict = judged.kind === 'superseded' ? { kind: 'grant-unknown' } : judged
    // Where answers are repeated, the same attempt is, for a gateway's answer may stand before one that was made. Elsewhere an
    // attempt that was answered is under way no more, and the next need not wait for its deadline.
    const repeatable = await connection.features().then((features) => features.idempotent, () => true)
    const answered = !repeatable && 'status' in answer.answer
    const close = () => record.change((current) => closeAttempt(current, { epochId, attemptId: attempt.id }))
    if (narrow && verdict.kind === 'misconfigured' && 'status' in answer.answer && answer.answer.status !== 422) {
      // The server does not grant this job. Nothing was spent, and the session need not wait for it.
      await close()
      return serves ? { kind: 'verdict', verdict } : undefined
    }
    if (verdict.kind === 'transient' || verdict.kind === 'misconfigured' || verdict.kind === 'foreign') {
      const pauseMs = pauseOf(now.retries ?? 0, verdict.kind === 'transient' ? verdict.retryAfterMs : undefined)
      await record.change((current) => coolDown(current, { ...stage, pauseMs, now: time.now(), answered }))
    } else if (answered) await close()
    return { kind: 'verdict', verdict }
  }

  const pauseOf = (retries: number, asked: number | undefined): number => {
    const jitter = 0.5 + (ports.random(1)[0] ?? 0) / 512
    return Math.max(asked ?? 0, Math.min(firstPauseMs * 2 ** Math.min(retries, 10), longestPauseMs) * jitter)
  }

  const share = (purpose: Purpose): Promise<Refreshed> => {
    const known = running.get(purpose.key)
    if (known) return known.outcome
    const { promise, resolve } = Promise.withResolvers<Refreshed>()
    const whole = run(purpose).finally(() => running.delete(purpose.key))
    const outcome = Promise.race([whole, promise])
    // The storage does not take what came. Nobody need wait for it, but nobody may send the same token again either.
    running.set(purpose.key, { outcome, leave: () => resolve({ kind: 'verdict', verdict: { kind: 'transient' } }) })
    return outcome
  }

  return {
    after: (epochId, generation) => share({ key: `${epochId}:${generation}`, epochId, generation }),
    mint: (epochId, narrow) => share({ key: `${epochId}:${JSON.stringify(narrow)}`, epochId, narrow }),
  }
}

/** A version 4 UUID, as `Idempotency-Key` asks for. */
function uuid(random: Ports['random']): string {
  const bytes = random(16).map((byte, index) => (index === 6 ? (byte & 0x0f) | 0x40 : index === 8 ? (byte & 0x3f) | 0x80 : byte))
  return Array.from(bytes, (byte, index) => ([4, 6, 8, 10].includes(index) ? '-' : '') + byte.toString(16).padStart(2, '0')).join('')
}
