/** Brings every way of learning of an end to one verdict, and does what the verdict says. */
import { answerMs, createAsking } from './asking.ts'
import { prove, quietLeft, suspend } from './changes.ts'
import type { FenceReason } from './errors.ts'
import type { Connection } from './authority.ts'
import type { Ports } from './ports.ts'
import type { SessionRecord } from './record.ts'
import type { Refresh, Refreshed } from './refresh.ts'
import type { Row } from './row.ts'
import { freshness } from './tokens.ts'
import type { Time } from './time.ts'
import type { EndDetails, Known, Proof, Verdict } from './verdict.ts'

const firstPauseMs = 1_000
const longestPauseMs = 60_000
/** A proof is written down this often at most; the record is shared by every tab. */
const proofMs = 5_000

/** What asking the server came to. */
export type Confirmation = 'alive' | 'ended' | 'suspended' | 'unknown'

/** Judges answers and asks the server. */
export interface Revocation {
  /** Does what a verdict says about the session of `epochId`. */
  act(epochId: string, verdict: Verdict): Promise<Confirmation>
  /** Asks the server now; calls share one question. With `anew`, none that was already on its way. */
  confirm(epochId: string, anew?: boolean): Promise<Confirmation>
  stop(): void
}

/** Makes the judgement of one context. */
export function createRevocation(input: {
  readonly ports: Pick<Ports, 'clock'>
  readonly time: Time
  readonly record: SessionRecord
  readonly connection: Connection
  readonly refresh: Refresh
  readonly known: (row: Row) => Known
  readonly fence: (epochId: string, reason: FenceReason) => void
  readonly lift: (reason: FenceReason) => void
  readonly end: (epochId: string, cause: 'revoked' | 'expired', details: EndDetails) => Promise<void>
  /** True while something holds work back that only an answer can lift. */
  readonly doubtful: () => boolean
  readonly foreign: () => void
  /** Something is still to be erased. */
  readonly leftovers: () => void
  /** Tells the other contexts that the record changed. */
  readonly changed: () => void
  readonly trace: (what: 'confirming' | 'learned', epochId: string) => void
}): Revocation {
  const { ports, time, record, connection, refresh } = input
  const asking = new Map<string, Promise<Confirmation>>()
  let retry: (() => void) | undefined
  let retries = 0
  /** How often something was said that an answer asked for before says nothing of. */
  let doubts = 0

  const ask = createAsking({ ...input, doubts: () => doubts })

  const refreshOnce = async (epochId: string): Promise<Exclude<Refreshed, { kind: 'verdict' | 'changed' }> | Verdict | undefined> => {
    const row = await record.read()
    if (!row?.live || row.epoch.id !== epochId) return undefined
    const refreshed = await refresh.after(epochId, row.generation)
    if (refreshed.kind === 'changed') return undefined
    return refreshed.kind === 'verdict' ? refreshed.verdict : refreshed
  }

  const proven = async (epochId: string, proof: Proof): Promise<Confirmation> => {
    const doubtful = input.doubtful()
    const before = doubts
    const row = record.view()
    const recent = row?.provenAt !== undefined && time.now() - row.provenAt < proofMs && !row.suspended && !time.behind(row.seenAt)
    const { sid, status } = row?.live ?? {}
    const known = (sid !== undefined || proof.sid === undefined) && (!proof.status || (proof.status.idx === status?.idx && proof.status.uri === status.uri))
    const ageMs = (): number => (proof.askedAt === undefined ? 0 : Math.max(0, time.now() - proof.askedAt))
    // What answers a doubt is written even so: a suspension may be on its way to the store.
    const written = (!recent || !known || doubtful) && (await record.change((current) => prove(current, { epochId, proof, now: ports.clock.now(), ageMs: ageMs() })))
    // Another session began meanwhile: this says nothing of it.
    if (record.view()?.epoch.id !== epochId) return 'ended'
    // Nor of what was said meanwhile, here or to another tab.
    if (before !== doubts || written === 'older') return confirmNow(epochId)
    time.rebase()
    cancelRetry()
    if (doubtful) input.changed()
    if ((record.view()?.journals.length ?? 0) > 0) input.leftovers()
    for (const reason of ['suspect', 'suspended', 'lease'] as const) input.lift(reason)
    return 'alive'
  }

  const ended = async (epochId: string, cause: 'revoked' | 'expired', details: EndDetails): Promise<Confirmation> => {
    cancelRetry()
    input.trace('learned', epochId)
    await input.end(epochId, cause, details)
    return 'ended'
  }

  const expire = (epochId: string): Promise<Confirmation> => ended(epochId, 'expired', { by: 'system', disposition: 'lock' })

  const confirmNow = async (epochId: string): Promise<Confirmation> => {
    input.trace('confirming', epochId)
    const features = await connection.features().catch(() => undefined)
    if (!features) return settle(epochId, { kind: 'transient' })
    if (!features.session) return confirmByRefresh(epochId)
    const quietMs = quietLeft(await record.fresh(), time.now())
    if (quietMs > 0) return settle(epochId, { kind: 'transient', retryAfterMs: quietMs })
    const first = await ask(epochId)
    if (first?.kind !== 'suspect') return settle(epochId, first)
    input.fence(epochId, 'suspect')
    const refreshed = await refreshOnce(epochId)
    if (refreshed?.kind === 'revoked' || refreshed?.kind === 'expired') return settle(epochId, refreshed)
    const second = await ask(epochId)
    // Doubt that a refresh could not answer, because the server was not there, proves nothing.
    const answered = refreshed?.kind === 'ready' || refreshed?.kind === 'unable' || refreshed?.kind === 'grant-unknown'
    return second?.kind === 'suspect' && answered ? expire(epochId) : settle(epochId, second)
  }

  /** Without a session endpoint the only question a server answers is a refresh. */
  const confirmByRefresh = async (epochId: string): Promise<Confirmation> => {
    const before = doubts
    const refreshed = await refreshOnce(epochId)
    if (refreshed?.kind === 'ready') {
      const { provenAt: askedAt = 0 } = record.view() ?? {}
      // What slept with the device, or was asked before a doubt came, says how things stood before.
      const isOld = before !== doubts || time.now() - askedAt > answerMs
      return isOld ? settle(epochId, { kind: 'transient' }) : proven(epochId, { askedAt, wasSuspended: refreshed.wasSuspended === true })
    }
    if (refreshed?.kind === 'unable') {
      const tokens = record.view()?.live?.tokens
      // Nothing to ask with: a doubt about a token that still works stays a doubt, one about a spent token is the end of it.
      return input.doubtful() && tokens && freshness(tokens, time.now()) === 'spent' ? expire(epochId) : settle(epochId, { kind: 'transient' })
    }
    if (refreshed?.kind === 'grant-unknown') return expire(epochId)
    return settle(epochId, refreshed)
  }

  /** Does what can be done without asking again. */
  const settle = async (epochId: string, verdict: Verdict | undefined): Promise<Confirmation> => {
    switch (verdict?.kind) {
      case undefined:
        return 'ended'
      case 'alive':
        return proven(epochId, verdict.proof)
      case 'revoked':
      case 'expired':
        return ended(epochId, verdict.kind, verdict.details)
      case 'suspended':
        doubts += 1
        // Nothing passes while it is written, nor where it cannot be.
        input.fence(epochId, 'suspect')
        try {
          if ((await record.change((row) => suspend(row, { epochId }), 'strict')) === 'suspended') input.changed()
          // The doubt is answered; what stands now is the suspension.
          if (record.view()?.suspended) input.lift('suspect')
        } finally {
          askAgain()
        }
        return 'suspended'
      case 'foreign':
        input.foreign()
        askAgain()
        return 'unknown'
      default:
        askAgain()
        return 'unknown'
    }
  }

  /** A refresh token that the server does not take: another context's race, a lost answer, or the end. */
  const grantUnknown = async (epochId: string): Promise<Confirmation> => {
    const features = await connection.features().catch(() => undefined)
    if (!features) return 'unknown'
    if (!features.session) return expire(epochId)
    for (let refusals = 1; ; refusals += 1) {
      doubts += 1
      const confirmation = await confirm(epochId)
      if (confirmation !== 'alive') return confirmation
      // Refused twice, and alive after each: it is the token, not a suspension that came and went.
      if (refusals === 2) return expire(epochId)
      const again = await refreshOnce(epochId)
      if (again?.kind === 'ready') return 'alive'
      if (again?.kind !== 'unable' && again?.kind !== 'grant-unknown') return settle(epochId, again)
    }
  }

  /** While a fence of doubt stands, the question is repeated until it is answered. */
  const askAgain = (): void => {
    if (retry || !input.doubtful()) return
    const pause = Math.max(Math.min(firstPauseMs * 2 ** Math.min(retries, 6), longestPauseMs), quietLeft(record.view(), time.now()))
    retries += 1
    retry = ports.clock.timer(pause, () => {
      retry = undefined
      const row = record.view()
      if (row?.live) confirm(row.epoch.id).catch(() => undefined)
    })
  }

  const cancelRetry = (): void => {
    retry?.()
    retry = undefined
    retries = 0
  }

  const confirm = (epochId: string, anew = false): Promise<Confirmation> => {
    const running = asking.get(epochId)
    const next = (): Promise<Confirmation> => confirm(epochId)
    if (running) return anew ? running.then(next, next) : running
    const started = confirmNow(epochId)
      .catch((error: unknown) => {
        askAgain()
        throw error
      })
      .finally(() => asking.delete(epochId))
    asking.set(epochId, started)
    return started
  }

  return {
    confirm,
    stop: cancelRetry,
    async act(epochId, verdict) {
      if (verdict.kind === 'suspect') {
        doubts += 1
        input.fence(epochId, 'suspect')
        return confirm(epochId)
      }
      if (verdict.kind === 'foreign') {
        input.foreign()
        return confirm(epochId)
      }
      if (verdict.kind === 'grant-unknown') return grantUnknown(epochId)
      // A feed says it when it opens and when a suspension is over; either may have been held up on the way until after the next one.
      if (verdict.kind === 'alive') return input.doubtful() ? confirm(epochId, true) : proven(epochId, { ...verdict.proof, wasSuspended: false })
      return settle(epochId, verdict)
    },
  }
}
