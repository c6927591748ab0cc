/** One question to the session endpoint, and what its answer says of the session as it is now. */
import { quiet } from './changes.ts'
import type { FenceReason } from './errors.ts'
import type { Answer, Connection } from './authority.ts'
import type { Ports } from './ports.ts'
import type { SessionRecord } from './record.ts'
import type { Row } from './row.ts'
import { deadline, unlessAborted, type Time } from './time.ts'
import { isProof, judge, type Known, type Verdict } from './verdict.ts'

/** How long an answer is waited for, and for how long it is believed. */
export const answerMs = 10_000

/** Makes the questions of one context; `undefined` is the answer when another session is there by then. */
export function createAsking({ ports, time, record, connection, known, fence, doubts }: {
  readonly ports: Pick<Ports, 'clock'>
  readonly time: Time
  readonly record: SessionRecord
  readonly connection: Connection
  readonly known: (row: Row) => Known
  readonly fence: (epochId: string, reason: FenceReason) => void
  /** How often something was said that an answer asked for before says nothing of. */
  readonly doubts: () => number
}): (epochId: string) => Promise<Verdict | undefined> {
  const ask = async (epochId: string): Promise<Verdict | undefined> => {
    const before = doubts()
    const row = await record.read()
    if (!row?.live || row.epoch.id !== epochId) return undefined
    const bound = deadline(ports.clock, answerMs)
    const { tokens, keys } = row.live
    const askedAt = time.now()
    const asked = connection.session({ tokens, ...(keys && { keys }), signal: bound.signal })
    const answer = await unlessAborted(asked, bound.signal)
      .catch((): Answer => ({ from: 'session', failed: 'timeout' }))
      .finally(bound.done)
    const verdict = judge(answer, known(row))
    // What slept with the device says how things stood before.
    if (verdict.kind === 'alive' && time.now() - askedAt > answerMs) return { kind: 'transient' }
    // Nothing passes from here on, also while the record is read.
    if (verdict.kind === 'suspect' || isProof(verdict)) fence(epochId, 'suspect')
    if (verdict.kind === 'transient' && verdict.retryAfterMs) {
      const ms = verdict.retryAfterMs
      await record.change((current) => quiet(current, { epochId, ms, now: time.now() }))
    }
    // The answer may come from before a sign-in that happened meanwhile.
    const now = await record.read()
    if (now?.epoch.id !== epochId) return undefined
    if (verdict.kind !== 'alive') return verdict
    // It says how things stood when the server had the question, however long it was on its way.
    return before === doubts() ? { ...verdict, proof: { ...verdict.proof, askedAt, wasSuspended: row.suspended === true } } : ask(epochId)
  }

  return ask
}
