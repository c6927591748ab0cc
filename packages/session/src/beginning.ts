/** Begins a session with what a sign-in brought, after whatever was there before has ended. */
import { begin } from './changes.ts'
import { flagged, type createEnding } from './ending.ts'
import type { Target } from './end.ts'
import { SessionError } from './errors.ts'
import type { Life } from './life.ts'
import type { Outbox } from './outbox.ts'
import type { Connection, Grant } from './authority.ts'
import type { Ports } from './ports.ts'
import type { Purge } from './purge.ts'
import { epochId as newId, type SessionRecord } from './record.ts'
import type { Revocation } from './revocation.ts'
import { within, type Time } from './time.ts'
import type { Trace } from './trace.ts'

/** How long a sign-in waits for what an earlier session left. */
const patienceMs = 2_000

/** Makes `begin()` of one context. */
export function createBeginning(input: {
  readonly ports: Pick<Ports, 'clock' | 'random' | 'keys' | 'flags'>
  readonly time: Time
  readonly trace: Trace
  readonly record: SessionRecord
  readonly connection: Connection
  readonly purge: Purge
  readonly outbox: Outbox
  readonly revocation: Revocation
  readonly life: Life
  readonly end: ReturnType<typeof createEnding>
  readonly targets: () => readonly Target[]
  readonly changed: () => void
  readonly leftovers: () => void
}): (grant: Grant) => Promise<void> {
  const { ports, time, record, life } = input

  const patiently = async (work: Promise<unknown>): Promise<void> => {
    await within(ports.clock, patienceMs, work, () => undefined).catch(() => undefined)
  }

  return async (grant) => {
    const row = await record.read()
    const before = row?.live
    const { phase, session, end } = life.machine()
    const flag = row && flagged(ports.flags, row.epoch.id)
    const over = phase === 'ending' && end ? { cause: end.cause, details: end } : flag
    if (session && before && over) {
      // An end that is not written yet comes first: the same person would take over what it was to destroy.
      const { written } = await input.end(session, over.cause, over.details)
      if (!written) throw new SessionError('storage', { operation: 'write' })
    } else if (session && phase === 'active' && before && (before.subject !== grant.subject || before.issuer !== grant.issuer)) {
      // Somebody else was signed in here: their session ends, and what it left is erased, before the new one can write anything.
      await input.end(session, 'replaced', { by: 'user', disposition: 'wipe' })
    }
    await patiently(input.purge.finish())
    // An older token revoked after this could take the new grant with it.
    await patiently(input.outbox.flush())
    const secret = ports.random(32)
    const key = await ports.keys.content(secret)
    secret.fill(0)
    const ids = { epochId: newId(ports.random), giveUpId: newId(ports.random), content: { id: newId(ports.random), key } }
    const begun = await record.change((row) => {
      // Remembered since the look above.
      if (flagged(ports.flags, row.epoch.id)) return { result: 'over' as const }
      return begin(row, { ...ids, grant, now: time.now(), targets: input.targets() })
    }, 'strict')
    if (begun === 'over') throw new SessionError('storage', { operation: 'write' })
    input.trace.add('signed-in', ids.epochId)
    input.changed()
    input.leftovers()
    void input.outbox.flush()
    const features = await input.connection.features().catch(() => undefined)
    // The first answer of the session endpoint names the session where the ID token did not.
    if (features?.session && record.view()?.live?.sid === undefined) await input.revocation.confirm(ids.epochId).catch(() => undefined)
  }
}
