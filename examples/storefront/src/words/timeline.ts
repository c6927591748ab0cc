/** How an end went in this page, as steps with milliseconds from the first. */
import type { PurgeReport, SessionEnd, TraceEntry, TraceEvent } from '@3dimli/session'

/** One step. */
export interface Step {
  readonly name: string
  readonly meaning: string
  /** From the first step, ms. */
  readonly afterMs: number
}

/** Puts together what this page saw itself and what the report says of the whole device. */
export function timelineOf(end: SessionEnd, report: PurgeReport, trace: readonly TraceEntry[]): readonly Step[] {
  const own = trace.filter((entry) => entry.epochId === end.epochId)
  const first = (what: TraceEvent): number | undefined => own.filter((entry) => entry.what === what).map(({ at }) => at).sort((a, b) => a - b)[0]
  const learned = first('learned')
  const locked = end.lockedUntil !== undefined
  const steps: readonly (readonly [name: string, meaning: string, at: number | undefined])[] = [
    ['Learned', 'The server said that this session is over.', learned],
    ['Fenced', learned === undefined && end.cause !== 'signed-out' ? 'Another tab said so. Nothing protected leaves this page.' : 'Nothing protected leaves this page any more.', first('fenced')],
    locked
      ? ['Locked', 'The key to what was kept on this device is put away for you.', first('unreadable') ?? report.unreadableAt]
      : ['Unreadable', 'The key to what was kept on this device is gone.', first('unreadable') ?? report.unreadableAt],
    ['Erased', locked ? 'What was not locked was deleted and looked for again.' : 'Everything kept was deleted and looked for again.', report.complete ? (first('erased') ?? report.erasedAt) : undefined],
  ]
  const known = steps.flatMap(([name, meaning, at]) => (at === undefined ? [] : [{ name, meaning, at }])).sort((a, b) => a.at - b.at)
  const start = known[0]?.at ?? 0
  return known.map(({ name, meaning, at }) => ({ name, meaning, afterMs: at - start }))
}

const events: { readonly [Event in TraceEvent]?: string } = {
  restored: 'The page found its session',
  'signed-in': 'Signed in',
  refreshed: 'Access renewed',
  'refresh-discarded': 'A late answer was thrown away',
  confirming: 'Asked the server whether the session lives',
  learned: 'The server said that the session is over',
  fenced: 'Fenced: nothing protected leaves the page',
  unreadable: 'The key to what was kept is gone',
  erased: 'Everything kept was deleted and looked for again',
  'feed-open': 'The line to the server is open',
  'feed-closed': 'The line to the server is closed',
  slept: 'The page was put to sleep',
  woke: 'The page woke up and looked again',
}

/** One line of what happened on this page. */
export interface Happening {
  readonly what: string
  /** Epoch ms. */
  readonly at: number
}

/** What this page did so far, latest first, in words. */
export function happenings(trace: readonly TraceEntry[], longest: number): readonly Happening[] {
  return trace.flatMap(({ what, at }) => (events[what] === undefined ? [] : [{ what: events[what], at }])).slice(-longest).reverse()
}

/** Writes milliseconds as people read them. */
export function milliseconds(ms: number): string {
  if (ms >= 10_000) return `${(ms / 1000).toFixed(1)} s`
  return `${ms < 10 ? ms.toFixed(1).replace(/\.0$/, '') : Math.round(ms)} ms`
}
