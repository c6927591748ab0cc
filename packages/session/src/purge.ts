/** Erases what an ended session left, looks again through a fresh handle, and closes the journal only then. */
import { closeJournals } from './changes.ts'
import type { PurgeReport, Target, TargetReport } from './end.ts'
import { underLock } from './lock.ts'
import type { Eraser, Ports } from './ports.ts'
import type { SessionRecord } from './record.ts'
import type { Journal } from './row.ts'
import { within, type Time } from './time.ts'

const lockMs = 5_000
/** One target may hang (a quota that never answers); the journal then stays open for the next start. */
const targetMs = 30_000
/** Every failure is the same to a purge. */
const late = (): void => {}

/** The purge of one context. */
export interface Purge {
  /** Finishes every open journal of this device. */
  finish(): Promise<readonly PurgeReport[]>
  /** Erases what arrived late under the names of sessions that are gone. */
  sweep(targets: readonly Target[]): Promise<void>
}

/** Makes the purge of one context. */
export function createPurge(input: {
  readonly name: string
  readonly ports: Pick<Ports, 'lock' | 'clock'>
  readonly eraser: Eraser
  readonly time: Time
  readonly record: SessionRecord
  readonly trace: (what: 'erasing' | 'erased', epochId: string) => void
}): Purge {
  const { ports, eraser, time, record } = input

  const eraseOne = async (target: Target): Promise<TargetReport> => {
    try {
      const entries = await within(ports.clock, targetMs, eraser.erase(target), late)
      const left = await within(ports.clock, targetMs, eraser.remains(target), late)
      return { target, outcome: left === 0 ? 'erased' : 'failed', entries, left }
    } catch {
      return { target, outcome: 'failed', entries: 0, left: 0 }
    }
  }

  const run = async (journal: Journal): Promise<PurgeReport> => {
    input.trace('erasing', journal.epochId)
    // One after the other: the order is the journal's, and a crash leaves only what comes after it.
    const targets: TargetReport[] = []
    for (const target of journal.targets) targets.push(await eraseOne(target))
    const complete = targets.every((report) => report.outcome === 'erased')
    if (complete) input.trace('erased', journal.epochId)
    return { epochId: journal.epochId, unreadableAt: journal.unreadableAt, erasedAt: time.now(), targets, failedFunctions: [], complete }
  }

  const finishAll = async (): Promise<readonly PurgeReport[]> => {
    const row = await record.read()
    const reports: PurgeReport[] = []
    for (const journal of row?.journals ?? []) reports.push(await run(journal))
    if (reports.length > 0) await record.change((current) => closeJournals(current, { reports }), 'strict')
    return reports
  }

  // Erasing twice harms nothing; waiting for a frozen tab would.
  const locked = <T>(work: () => Promise<T>): Promise<T> => underLock(ports, `${input.name}:purge`, lockMs, work)

  return {
    finish: () => locked(finishAll),
    sweep: (targets) =>
      locked(async () => {
        for (const target of targets) await within(ports.clock, targetMs, eraser.sweep(target, record.contents), late).catch(late)
      }),
  }
}
