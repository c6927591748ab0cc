/** Ends a session in the one order that leaves nothing behind: fence, say so, write it down, erase, tell. */
import { end as endChange } from './changes.ts'
import type { EndCause, PurgeReport, SessionEnd, Target } from './end.ts'
import type { Flags, Ports } from './ports.ts'
import { epochId as newId, type SessionRecord } from './record.ts'
import type { SessionInfo } from './state.ts'
import type { Note } from './sync.ts'
import type { Time } from './time.ts'
import type { EndDetails } from './verdict.ts'

const firstPauseMs = 500
const longestPauseMs = 30_000

/** What an end came to in this context. */
export interface Ended {
  readonly end: SessionEnd
  readonly report: PurgeReport
  /** False while the record still refuses to be written. */
  readonly written: boolean
}

/** Makes `end()` of one context; ends of one epoch share one run. */
export function createEnding(input: {
  readonly ports: Pick<Ports, 'clock' | 'flags' | 'random'>
  readonly time: Time
  readonly record: SessionRecord
  readonly retainMs: number
  /** What this context knows must be erased: the record may have refused to take it in. */
  readonly targets: () => readonly Target[]
  /** Fences, aborts and forgets, synchronously. */
  readonly ending: (end: SessionEnd) => void
  readonly post: (note: Note) => void
  /** Resolves when this context has purged after the end of an epoch. */
  readonly purged: (end: SessionEnd) => Promise<Ended>
  readonly trace: (what: 'ending' | 'unreadable', epochId: string) => void
}): (session: SessionInfo, cause: EndCause, details: EndDetails) => Promise<Ended> {
  const { ports, time, record } = input
  const running = new Map<string, Promise<Ended>>()

  const write = async (end: SessionEnd): Promise<SessionEnd> => {
    const outcome = await record.change(
      (row) => endChange(row, { end, epochId: newId(ports.random), giveUpId: newId(ports.random), retainMs: input.retainMs, targets: input.targets(), now: time.now() }),
      'strict',
    )
    const row = record.view()
    if (outcome.ended) input.trace('unreadable', end.epochId)
    if (row) input.post({ type: 'changed', epochId: row.epoch.id, generation: row.generation })
    return outcome.end.epochId === end.epochId ? outcome.end : end
  }

  /** The fence stays up here and for every later start, until the end can be written. */
  const writeLater = (end: SessionEnd, pauseMs: number): void => {
    ports.clock.timer(pauseMs, () => {
      write(end).then(
        () => ports.flags.lower(flagOf(end)),
        () => writeLater(end, Math.min(pauseMs * 2, longestPauseMs)),
      )
    })
  }

  const run = async (end: SessionEnd): Promise<Ended> => {
    try {
      const written = await write(end)
      ports.flags.lower(flagOf(end))
      return await input.purged(written)
    } catch {
      record.wipe()
      writeLater(end, firstPauseMs)
      const now = time.now()
      return {
        written: false,
        end,
        report: { epochId: end.epochId, unreadableAt: now, erasedAt: now, targets: [], failedFunctions: [], complete: false },
      }
    }
  }

  return (session, cause, details) => {
    const known = running.get(session.epochId)
    if (known) return known
    const end: SessionEnd = {
      cause,
      by: details.by,
      ...(details.reason !== undefined && { reason: details.reason }),
      ...(details.reasonUser !== undefined && { reasonUser: details.reasonUser }),
      disposition: details.disposition,
      ...(details.serverAt !== undefined && { serverAt: details.serverAt }),
      at: time.now(),
      issuer: session.issuer,
      subject: session.subject,
      ...(session.sid !== undefined && { sid: session.sid }),
      epochId: session.epochId,
    }
    input.trace('ending', end.epochId)
    input.ending(end)
    ports.flags.raise(flagOf(end))
    input.post({ type: 'ending', epochId: end.epochId })
    const started = run(end).finally(() => running.delete(end.epochId))
    running.set(end.epochId, started)
    return started
  }
}

/** Names the flag that remembers an end which the record store refused to write, and whether it wipes. */
function flagOf({ epochId, disposition }: Pick<SessionEnd, 'epochId' | 'disposition'>): string {
  return `${disposition === 'wipe' ? 'ended' : 'locked'}:${epochId}`
}

/** How an epoch ended that the record still shows as live; `undefined` when nothing remembers an end of it. */
export function flagged(flags: Pick<Flags, 'raised'>, epochId: string): { readonly cause: EndCause; readonly details: EndDetails } | undefined {
  if (flags.raised(flagOf({ epochId, disposition: 'wipe' }))) return { cause: 'signed-out', details: { by: 'system', disposition: 'wipe' } }
  if (flags.raised(flagOf({ epochId, disposition: 'lock' }))) return { cause: 'expired', details: { by: 'system', disposition: 'lock' } }
  return undefined
}
