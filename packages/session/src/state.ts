/** The life of one context's view of the session: a pure (machine, event) → [machine, effects]. */
import type { SessionEnd } from './end.ts'
import type { FenceReason } from './errors.ts'

/** Who is signed in, without a secret. */
export interface SessionInfo {
  readonly issuer: string
  readonly subject: string
  readonly sid?: string
  readonly epochId: string
  /** This device's time of the sign-in, epoch ms. */
  readonly startedAt: number
}

/** What an application shows; plain data, never a token. */
export type SessionState =
  | { readonly status: 'restoring' }
  | { readonly status: 'signed-out'; readonly end?: SessionEnd }
  | { readonly status: 'active'; readonly session: SessionInfo }
  | { readonly status: 'fenced'; readonly reason: FenceReason; readonly session: SessionInfo }
  | { readonly status: 'purging'; readonly end: SessionEnd }

/** The whole state of one context. */
export interface Machine {
  readonly phase: 'restoring' | 'signed-out' | 'active' | 'ending' | 'purging'
  readonly session?: SessionInfo
  readonly end?: SessionEnd
  /** Why work is held back, the first that came first. */
  readonly fences: readonly FenceReason[]
}

/** What can happen to a context. */
export type MachineEvent =
  | { readonly type: 'fence'; readonly reason: FenceReason }
  | { readonly type: 'lift'; readonly reason: FenceReason }
  | { readonly type: 'began'; readonly session: SessionInfo }
  | { readonly type: 'nobody'; readonly end?: SessionEnd }
  | { readonly type: 'ending'; readonly end: SessionEnd }
  | { readonly type: 'ended'; readonly end: SessionEnd }
  | { readonly type: 'purged' }

/** What the interpreter must do, in this order, before anything else happens. */
export type Effect =
  | { readonly type: 'abort'; readonly epochId: string; readonly end?: SessionEnd }
  | { readonly type: 'purge'; readonly end: SessionEnd }

/** The machine of a context that has not read the record yet. */
export const initial: Machine = { phase: 'restoring', fences: [] }

/** Applies one event. An end is irreversible: only the beginning of another epoch leads out of it. */
export function step(machine: Machine, event: MachineEvent): readonly [Machine, readonly Effect[]] {
  const { session } = machine
  switch (event.type) {
    case 'fence':
      return machine.fences.includes(event.reason) ? [machine, []] : [{ ...machine, fences: [...machine.fences, event.reason] }, []]
    case 'lift':
      return machine.fences.includes(event.reason)
        ? [{ ...machine, fences: machine.fences.filter((reason) => reason !== event.reason) }, []]
        : [machine, []]
    case 'began': {
      // A read of the record from before an end that was seen does not undo it.
      if (machine.end?.epochId === event.session.epochId) return [machine, []]
      if (session?.epochId === event.session.epochId && machine.phase === 'active') {
        return same(session, event.session) ? [machine, []] : [{ ...machine, session: event.session }, []]
      }
      const aborts: Effect[] = session && machine.phase === 'active' ? [{ type: 'abort', epochId: session.epochId }] : []
      return [{ phase: 'active', session: event.session, fences: keepFences(machine) }, aborts]
    }
    case 'nobody':
      return machine.phase === 'restoring'
        ? [{ phase: 'signed-out', fences: keepStorage(machine), ...(event.end && { end: event.end }) }, []]
        : [machine, []]
    case 'ending':
      return session?.epochId === event.end.epochId && machine.phase === 'active'
        ? [{ ...machine, phase: 'ending', end: event.end }, [{ type: 'abort', epochId: event.end.epochId, end: event.end }]]
        : [machine, []]
    case 'ended': {
      if (session?.epochId !== event.end.epochId || (machine.phase !== 'active' && machine.phase !== 'ending')) return [machine, []]
      const aborts: Effect[] = [{ type: 'abort', epochId: event.end.epochId, end: event.end }]
      return [{ phase: 'purging', session, end: event.end, fences: keepStorage(machine) }, [...aborts, { type: 'purge', end: event.end }]]
    }
    case 'purged':
      return machine.phase === 'purging' && machine.end
        ? [{ phase: 'signed-out', end: machine.end, fences: machine.fences }, []]
        : [machine, []]
  }
}

/** What the application sees of a machine. */
export function stateOf(machine: Machine): SessionState {
  const { phase, session, end } = machine
  const reason = machine.fences[0]
  if (phase === 'restoring') return { status: 'restoring' }
  if (phase === 'signed-out') return { status: 'signed-out', ...(end && { end }) }
  if (phase === 'purging' && end) return { status: 'purging', end }
  if (!session) return { status: 'signed-out' }
  if (phase === 'ending') return { status: 'fenced', reason: 'suspect', session }
  return reason === undefined ? { status: 'active', session } : { status: 'fenced', reason, session }
}

function same(a: SessionInfo, b: SessionInfo): boolean {
  return a.sid === b.sid && a.subject === b.subject && a.issuer === b.issuer
}

/** Suspicion, suspension and a lease are about one session; a sleep or broken storage is about this context. */
function keepFences(machine: Machine): readonly FenceReason[] {
  return machine.fences.filter((reason) => reason === 'waking' || reason === 'storage')
}

function keepStorage(machine: Machine): readonly FenceReason[] {
  return machine.fences.filter((reason) => reason === 'storage')
}
