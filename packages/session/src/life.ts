/** The life of one context: what the record says becomes a step of the machine, and what the step demands is done at once. */
import { addTargets } from './changes.ts'
import type { Ended } from './ending.ts'
import type { PurgeReport, SessionEnd, Target } from './end.ts'
import type { FenceReason } from './errors.ts'
import type { Forgetting } from './forget.ts'
import type { Gate } from './gate.ts'
import type { Leases } from './lease.ts'
import type { Outbox } from './outbox.ts'
import type { Ports } from './ports.ts'
import type { Purge } from './purge.ts'
import type { SessionRecord } from './record.ts'
import type { Revocation } from './revocation.ts'
import type { Row } from './row.ts'
import { initial, stateOf, step, type Effect, type Machine, type MachineEvent, type SessionInfo, type SessionState } from './state.ts'
import { within, type Time } from './time.ts'
import type { Trace } from './trace.ts'
import type { Watch } from './watch.ts'

/** A function of the application that takes longer to forget is reported as failed. */
const forgetMs = 5_000

/** The machine of one context, and what moves it. */
export interface Life {
  machine(): Machine
  state(): SessionState
  dispatch(event: MachineEvent): void
  /** Raises or takes down a fence; with an epoch, only while that one is ours. */
  fence(epochId: string | undefined, reason: FenceReason, up: boolean): void
  /** Sees every row that was read or written. */
  observe(row: Row | undefined): void
  /** Lets the record be believed from now on. `first` runs before anybody hears of what it says. */
  admit(row: Row | undefined, first: () => void): void
  admitted(): boolean
  /** Resolves when this context has purged after an end. */
  purged(end: SessionEnd): Promise<Ended>
  /** Makes targets durable in the record, before anything is written under them. */
  protect(targets: readonly Target[]): Promise<void>
  eraseOwn(): Promise<void>
  stop(): void
}

/** Makes the life of one context. `parts` are asked for when they are needed, since they need this life in turn. */
export function createLife(input: {
  readonly ports: Ports
  /** Of the authority that this context has. */
  readonly issuer: string
  readonly time: Time
  readonly trace: Trace
  readonly leases: Leases
  readonly targets: () => readonly Target[]
  readonly forgetting: Forgetting
  readonly changed: (state: SessionState) => void
  readonly ended: (ended: Ended) => void
  readonly parts: () => {
    readonly record: SessionRecord
    readonly gate: Gate
    readonly watch: Watch
    readonly purge: Purge
    readonly outbox: Outbox
    readonly revocation: Revocation
  }
}): Life {
  const { ports, time, trace, leases, forgetting, parts } = input
  let machine: Machine = initial
  let state = stateOf(machine)
  let told = JSON.stringify(state)
  let admitted = false
  let stopped = false
  let quiet = false
  let contentId: string | undefined
  let provenAt: number | undefined
  let askedFor: number | undefined
  let lapse = (): void => {}
  const purges = new Map<string, Promise<Ended>>()

  const dispatch = (event: MachineEvent): void => {
    const [next, effects] = step(machine, event)
    if (next === machine && effects.length === 0) return
    machine = next
    // Whoever runs because of this step finds the state it led to; listeners hear of it last.
    state = stateOf(machine)
    for (const effect of effects) interpret(effect)
    parts().gate.moved()
    announce()
  }

  const announce = (): void => {
    if (quiet) return
    // Out of sight it stays as it is: the next picture that anybody sees may be this one.
    if (state.status === 'active' && ports.wake.visible()) ports.cover.show()
    const now = JSON.stringify(state)
    if (now === told) return
    told = now
    const seen = state
    // After what this step set going: an application that is slow to draw must not delay an end.
    queueMicrotask(() => {
      if (!stopped) input.changed(seen)
    })
  }

  const interpret = (effect: Effect): void => {
    if (effect.type === 'purge') return void purges.set(effect.end.epochId, afterEnd(effect.end))
    parts().gate.abort(effect.epochId, effect.end)
    parts().watch.changed()
    if (!effect.end) return
    trace.once('fenced', effect.epochId)
    forgetting.run(effect.epochId)
  }

  /** What every context does once an end is written, whoever wrote it. */
  const afterEnd = async (end: SessionEnd): Promise<Ended> => {
    const { epochId } = end
    const { outbox, purge, record } = parts()
    const forgotten = within(ports.clock, forgetMs, forgetting.failed(epochId), () => undefined)
      .catch(() => forgetting.unsettled(epochId))
      .finally(() => trace.add('forgotten', epochId))
    void outbox.flush()
    await eraseOwn()
    const reports = await purge.finish().catch((): readonly PurgeReport[] => [])
    const failedFunctions = await forgotten
    const kept = record.view()?.report
    const report = [...reports, ...(kept ? [kept] : [])].find((candidate) => candidate.epochId === epochId)
      ?? { epochId, unreadableAt: end.at, erasedAt: time.now(), targets: [], failedFunctions, complete: false }
    const ended: Ended = { end, written: true, report: failedFunctions.length > 0 ? { ...report, failedFunctions, complete: false } : report }
    purges.delete(epochId)
    dispatch({ type: 'purged' })
    trace.add('told', epochId)
    if (!stopped) input.ended(ended)
    return ended
  }

  /** Session storage is each tab's own, so each tab erases its own. */
  const eraseOwn = async (): Promise<void> => {
    for (const target of input.targets()) {
      if (target.kind === 'web-storage' && target.area === 'session') await ports.eraser.erase(target).catch(() => 0)
    }
  }

  /** What ended us, when the record only says that somebody else is there now, or nobody. */
  const endOf = (session: SessionInfo, row: Row | undefined): SessionEnd => {
    if (row?.end?.epochId === session.epochId) return row.end
    const { issuer, subject, sid, epochId } = session
    return {
      cause: row?.live ? 'replaced' : 'signed-out', by: row ? 'user' : 'system', disposition: 'wipe', at: time.now(),
      issuer, subject, ...(sid !== undefined && { sid }), epochId,
    }
  }

  const observe = (row: Row | undefined): void => {
    if (!admitted || stopped) return
    const ours = machine.session
    const living = machine.phase === 'active' || machine.phase === 'ending'
    // A session of another authority is nobody's here: its tokens are not for this one.
    const next = row && row.live?.issuer === input.issuer ? infoOf(row) : undefined
    // Another content under the same name means that an end was slept through.
    const sameContent = row?.live?.content.id === contentId
    contentId = row?.live?.content.id
    const samePerson = next && ours && sameContent && next.subject === ours.subject && next.issuer === ours.issuer
    if (ours && living && next?.epochId !== ours.epochId && !samePerson) dispatch({ type: 'ended', end: endOf(ours, row) })
    if (!row || !next) return dispatch({ type: 'nobody', ...(row?.end && { end: row.end }) })
    const began = machine.session?.epochId !== next.epochId
    dispatch({ type: 'began', session: next })
    if (began) {
      parts().watch.changed()
      ports.flows.put('epoch', next.epochId)
    }
    fence(next.epochId, 'suspended', row.suspended === true)
    const proven = row.provenAt !== provenAt
    provenAt = row.provenAt
    // Whoever signed in may not know what this context keeps; and a record that refused to take it in may have recovered: it took a proof.
    if (began || proven) protect(input.targets()).catch(() => undefined)
    // A clock that went back is believed again by every context once one of them has a proof.
    if (proven) time.rebase()
    time.see(row.seenAt)
    lease(row)
    // A call may wait for the lease of its own kind, of which the machine knows nothing.
    if (proven) parts().gate.moved()
  }

  /** Fences when the default lease is over, and asks the server shortly before; at both moments the record is read, for another tab may have had a proof. */
  const lease = (row: Row): void => {
    lapse()
    const { aheadMs } = leases
    const leftMs = leases.leftMs('default', row)
    const due = leftMs <= aheadMs && askedFor !== row.provenAt
    const overdue = leftMs === 0 && !machine.fences.includes('lease')
    fence(row.epoch.id, 'lease', leftMs === 0)
    if (due) askedFor = row.provenAt
    // Asked once; whoever asks behind a fence goes on asking until there is an answer.
    if (due || overdue) parts().revocation.confirm(row.epoch.id).catch(() => undefined)
    if (leftMs > 0) lapse = ports.clock.timer(leftMs > aheadMs ? leftMs - aheadMs : leftMs, () => void parts().record.read().catch(() => undefined))
  }

  const fence: Life['fence'] = (epochId, reason, up) => {
    if (epochId === undefined || machine.session?.epochId === epochId) dispatch({ type: up ? 'fence' : 'lift', reason })
  }

  const protect = async (targets: readonly Target[]): Promise<void> => {
    const { record } = parts()
    const row = record.view()
    const names = new Set(row?.live?.targets.map((target) => JSON.stringify(target)))
    if (row?.live && targets.some((target) => !names.has(JSON.stringify(target)))) {
      await record.change((current) => addTargets(current, { epochId: row.epoch.id, targets }), 'strict')
    }
  }

  return {
    dispatch, fence, observe, protect, eraseOwn,
    machine: () => machine,
    state: () => state,
    admitted: () => admitted,
    purged: (end) => purges.get(end.epochId) ?? afterEnd(end),
    admit(row, first) {
      admitted = true
      quiet = true
      observe(row)
      first()
      quiet = false
      announce()
    },
    stop() {
      stopped = true
      lapse()
    },
  }
}

/** What a row says of who is signed in. */
export function infoOf(row: Row): SessionInfo | undefined {
  const { live, epoch } = row
  return live && { issuer: live.issuer, subject: live.subject, ...(live.sid !== undefined && { sid: live.sid }), epochId: epoch.id, startedAt: live.startedAt }
}
