/** One context with an application in it: what it calls, what it was told, and what it was allowed. */
import type { createSession, Session, SessionEnd, SessionState } from '../../src/index.ts'
import { feature, type Captured } from '../../src/feature.ts'
import type { Target } from '../../src/end.ts'
import type { SessionOptions } from '../../src/options.ts'
import { createAuthority, type AuthorityParts } from './authority.ts'
import type { Context, Device } from './device.ts'
import { named, type Entry } from './disk.ts'
import { api, type Login } from './server.ts'
import type { Schedule } from './schedule.ts'

/** One call of the application. */
export interface Call {
  readonly id: number
  readonly tab: number
  readonly what: string
  /** The epoch the application saw when it called; none when it saw nobody. */
  readonly epochId: string | undefined
  readonly at: number
  /** Since when the SDK alone is to blame for waiting. */
  since: number
  settled: boolean
  /** Whether the session was stopped while this waited. */
  stopped: boolean
  outcome: unknown
}

/** What a protected act was done with. */
export interface Act {
  readonly call: Call
  readonly what: 'request' | 'open' | 'headers' | 'key' | 'draft'
  readonly token?: string
  readonly key?: unknown
  readonly entry?: Entry
}

export interface Tab {
  readonly id: number
  readonly context: Context
  readonly session: Session
  /** The newest record it understands. */
  readonly version: number
  readonly ends: SessionEnd[]
  readonly states: SessionState[]
  readonly calls: Call[]
  started: boolean
  pending: Login | undefined
  call(what: string, work: (call: Call) => Promise<unknown>): Call
  request(): Call
  authorize(): Call
  /** Requests with a token for one job. */
  narrow(scope: string): Call
  stop(): void
  save(name: string): Call
  open(name: string): Call
  /** Keeps something under a name that is always the same. */
  draft(): Call
}

export interface TabParts extends Omit<AuthorityParts, 'owner' | 'takePending'> {
  readonly device: Device
  readonly schedule: Schedule
  readonly options: Partial<SessionOptions>
  readonly createSession: typeof createSession
  /** The newest record it understands. */
  readonly version: number
  readonly acted: (tab: Tab, act: Act) => void
  readonly errorSeen: (error: unknown, tab: Tab) => void
  readonly handedOut: (tab: Tab, call: Call) => void
  readonly nextCall: () => number
}

/** Where the stand-in for downloads keeps what it saves. */
export const shelf: Target = { kind: 'cache-storage', cache: 'model.{content}' }

/** A target whose name is always the same. */
export const drafts: Target = { kind: 'indexeddb', database: 'drafts' }

export function createTab(id: number, parts: TabParts): Tab {
  const { device, schedule, acted } = parts
  const context = device.context(id)
  const authority = createAuthority({
    ...parts, owner: id,
    takePending() {
      const { pending } = tab
      tab.pending = undefined
      return pending
    },
  })
  const session = parts.createSession({ authority, platform: { name: 'model', open: () => context.ports }, origins: [api], ...parts.options })
  const access = session[feature]

  const begin = (what: string, work: (call: Call) => Promise<unknown>): Call => {
    const { state } = session
    const epochId = 'session' in state ? state.session.epochId : undefined
    const call: Call = { id: parts.nextCall(), tab: id, what, epochId, at: schedule.now(), since: schedule.now(), settled: false, stopped: false, outcome: undefined }
    tab.calls.push(call)
    const settle = (outcome: unknown): void => {
      call.settled = true
      call.outcome = outcome
    }
    work(call).then(
      (value) => settle(value ?? 'done'),
      (error: unknown) => {
        parts.errorSeen(error, tab)
        settle(error)
      },
    )
    return call
  }

  /** What a feature does before it touches what is kept. */
  const opened = async (call: Call, capturing: Promise<Captured>): Promise<{ key: CryptoKey; at: string; pass: () => Promise<{ subject: string }> }> => {
    const captured = await capturing
    await access.protect([shelf])
    const { id: contentId, key } = await access.content(captured)
    acted(tab, { call, what: 'key', key })
    const at = named({ kind: 'cache-storage', cache: `model.${contentId}` })
    return { key, at, pass: () => access.pass(captured) }
  }

  const tab: Tab = {
    id, context, session, version: parts.version,
    ends: [], states: [], calls: [], started: false, pending: undefined,
    call: begin,
    stop() {
      for (const call of tab.calls) if (!call.settled) call.stopped = true
      session.stop()
      tab.started = false
    },
    request: () =>
      begin('request', async (call) => {
        const response = await session.fetch(`${api}/library`, { headers: { 'x-call': String(call.id) } })
        parts.handedOut(tab, call)
        return response.status
      }),
    authorize: () =>
      begin('authorize', async (call) => {
        const headers = await session.authorize({ method: 'GET', url: `${api}/library` })
        acted(tab, { call, what: 'headers', token: (headers['authorization'] ?? '').replace('Bearer ', '') })
      }),
    narrow: (scope) =>
      begin(`narrow ${scope}`, async (call) => {
        const response = await session.narrow({ scope }).fetch(`${api}/uploads`, { headers: { 'x-call': String(call.id) } })
        parts.handedOut(tab, call)
        return response.status
      }),
    save: (name) =>
      begin('save', async (call) => {
        const { key, at, pass } = await opened(call, access.capture(undefined, 'downloads'))
        const { subject } = await pass()
        await schedule.later(id, `writes ${name} to ${at}`, () => {
          const entries = device.disk.kept.get(at) ?? new Map<string, Entry>()
          device.disk.kept.set(at, entries.set(name, { key, subject, at: schedule.now() }))
        }, schedule.delay(20))
      }),
    draft: () =>
      begin('draft', async (call) => {
        const captured = await access.capture(undefined, 'checkout')
        await session.register(drafts)
        const { key } = await access.content(captured)
        acted(tab, { call, what: 'draft', key })
        const { subject } = await access.pass(captured)
        await schedule.later(id, 'writes a draft', () => {
          const entries = device.disk.kept.get(named(drafts)) ?? new Map<string, Entry>()
          device.disk.kept.set(named(drafts), entries.set(`draft of ${subject}`, { key: 'draft', subject, at: schedule.now() }))
        })
      }),
    open: (name) =>
      begin('open', async (call) => {
        const { key, at, pass } = await opened(call, access.capture(undefined, 'downloads'))
        const entry = await schedule.later(id, `reads ${name} of ${at}`, () => device.disk.kept.get(at)?.get(name), schedule.delay(20))
        await pass()
        if (!entry) return 'nothing'
        acted(tab, { call, what: 'open', key, entry })
        return 'opened'
      }),
  }
  // As features do when they are made: before the start.
  session.register(shelf).catch((error: unknown) => parts.errorSeen(error, tab))
  session.subscribe((state) => tab.states.push(state))
  session.onEnd((end) => tab.ends.push(end))
  return tab
}
