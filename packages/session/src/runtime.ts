/** Wires one context from `start()` to `stop()`. */
import { createBeginning } from './beginning.ts'
import { createEnding, flagged, type Ended } from './ending.ts'
import type { Target } from './end.ts'
import type { Forgetting } from './forget.ts'
import { createGate, type Gate } from './gate.ts'
import { createHints } from './hints.ts'
import { createLeases } from './lease.ts'
import { createLife, infoOf, type Life } from './life.ts'
import { createNarrowing } from './narrow.ts'
import type { Options } from './options.ts'
import { createOutbox, type Outbox } from './outbox.ts'
import type { Connection, Grant } from './authority.ts'
import type { Ports } from './ports.ts'
import { createPurge } from './purge.ts'
import { createRecord, epochId as newId, type SessionRecord } from './record.ts'
import { createRefresh } from './refresh.ts'
import { createRequests, type Requests, type Sending } from './request.ts'
import { createRevocation, type Revocation } from './revocation.ts'
import type { Row } from './row.ts'
import { createTokens } from './source.ts'
import type { SessionInfo, SessionState } from './state.ts'
import type { Note } from './sync.ts'
import { createTime, within, type Time } from './time.ts'
import type { Narrowing } from './tokens.ts'
import { createTrace, type Trace } from './trace.ts'
import type { Known } from './verdict.ts'
import { createWatch, type Watch } from './watch.ts'

const firstPauseMs = 250
const longestPauseMs = 5_000
/** How long until what could not be erased is tried again. */
const leftoversMs = 30_000
/** How long a call waits for what an earlier session left. */
const patienceMs = 10_000
/** How long a start waits for it. */
const settleMs = 2_000

/** What a running context offers to the session object. */
export interface Runtime {
  readonly ports: Ports
  readonly connection: Connection
  readonly record: SessionRecord
  readonly gate: Gate
  readonly requests: Requests
  /** Requests with a token for one job. */
  narrow(narrow: Narrowing): Sending
  readonly revocation: Revocation
  readonly watch: Watch
  readonly trace: Trace
  readonly time: Time
  readonly outbox: Outbox
  readonly life: Life
  /** Messages and answers that were not for us. */
  ignored(): { readonly malformed: number; readonly foreign: number }
  /** Who is signed in, also behind a fence. */
  session(): SessionInfo | undefined
  begin(grant: Grant): Promise<void>
  end: ReturnType<typeof createEnding>
  /** Resolves when journals of earlier sessions were tried, or after 10 s: a disk that hangs holds up nobody whose content has another name. */
  settled(): Promise<void>
  /** Reads the record until it can be read, honours what it says, and lets the application in. */
  restore(): Promise<void>
  stop(): void
}

/** Opens the ports of one context. */
export function createRuntime(input: {
  readonly options: Options
  readonly targets: () => readonly Target[]
  readonly forgetting: Forgetting
  readonly changed: (state: SessionState) => void
  readonly ended: (ended: Ended) => void
}): Runtime {
  const { options, targets } = input
  const ports = options.platform.open()
  const { clock, random } = ports
  const name = `3dimli.${options.platform.name}`
  const me = newId(random)
  const time = createTime(clock)
  const trace = createTrace(time)
  let foreign = 0
  let stopped = false
  let settling: Promise<unknown> = Promise.resolve()
  const tried = new Set<string>()

  const connection = options.authority.connect({
    ...ports, clock: { ...clock, now: time.now }, send: (request, signal) => ports.fetch(new Request(request, { signal }), signal),
  })
  const post = (note: Note): void => {
    if (!stopped && ports.store.persistent()) ports.channel.post({ v: 1, from: me, ...note })
  }
  const changed = (): void => {
    const row = record.view()
    if (row) post({ type: 'changed', epochId: row.epoch.id, generation: row.generation })
  }
  let later = (): void => {}
  /** Finishes open journals, and tries again later what could not be erased or closed. */
  const leftovers = (): void => {
    settling = purge.finish().then((reports) => reports.every(({ complete }) => complete), () => false).then((done) => {
      if (!done) again()
    })
  }
  const again = (): void => {
    later()
    if (!stopped) later = clock.timer(leftoversMs, leftovers)
  }
  const known = ({ epoch, live }: Row): Known => ({
    issuer: options.authority.issuer,
    epochId: epoch.id,
    ...(live?.sid !== undefined && { sid: live.sid }),
    ...(live?.establishedAt !== undefined && { establishedAt: live.establishedAt }),
    ...(live?.tokens.refreshExpiresAt !== undefined && { refreshOver: time.now() >= live.tokens.refreshExpiresAt }),
  })

  const leases = createLeases({ lease: options.lease, time, clock, record: () => record, share: Number.parseInt(me.slice(0, 2), 16) / 256 })
  const life = createLife({
    ports, issuer: options.authority.issuer, time, trace, targets, leases, forgetting: input.forgetting, changed: input.changed,
    ended: (ended) => {
      if (!ended.report.complete) again()
      input.ended(ended)
    },
    parts: () => ({ record, gate, watch, purge, outbox, revocation }),
  })
  const unwritten = (): void => {
    const info = session()
    const over = info && flagged(ports.flags, info.epochId)
    if (over) end(info, over.cause, over.details).catch(() => undefined)
  }
  const hints = createHints({ ports, life, trace, leftovers, unwritten, blocked: () => post({ type: 'blocked' }), record: () => record, watch: () => watch })
  const record = createRecord(ports, (row) => {
    life.observe(row)
    hints.seen(row)
  }, hints.storageFailed)
  // A database takes longer to open than all that follows takes to make. Heard first, then read, so that nothing falls between.
  ports.channel.open(hints.hear)
  let reading: Promise<unknown> | undefined = record.read()
  const gate = createGate(clock, record, life.machine, leases, (epochId) => {
    revocation.confirm(epochId).catch(() => undefined)
  })
  const outbox = createOutbox({ name, issuer: options.authority.issuer, ports, time, record, connection })
  const purge = createPurge({ name, ports, eraser: ports.eraser, time, record, trace: trace.add })
  const refresh = createRefresh({
    name, ports, time, record, connection, known, trace: trace.add, rotated: changed, suspect: (epochId) => life.fence(epochId, 'suspect', true), gaveUp: () => void outbox.flush(),
  })
  const end = createEnding({
    ports, time, record, post, targets, retainMs: options.retainMs, trace: trace.add, purged: life.purged,
    ending: (ending) => life.dispatch({ type: 'ending', end: ending }),
  })
  const revocation = createRevocation({
    ports, time, record, connection, refresh, known, changed, leftovers, trace: trace.add,
    fence: (epochId, reason) => life.fence(epochId, reason, true),
    lift: (reason) => life.fence(undefined, reason, false),
    doubtful: () => life.machine().fences.some((reason) => reason === 'suspect' || reason === 'suspended' || reason === 'lease'),
    foreign: () => {
      foreign += 1
    },
    end: async (epochId, cause, details) => {
      const { session, phase, end: own } = life.machine()
      if (session?.epochId !== epochId || (phase !== 'active' && phase !== 'ending')) return
      // An end that could not be written yet is made no milder by what is learned later.
      const harder = phase === 'ending' && own?.disposition === 'wipe' ? own : undefined
      await end(session, harder?.cause ?? cause, harder ?? details)
    },
  })
  const requests = createRequests({
    ports, time, gate, record, connection, revocation, known,
    tokens: createTokens({ time, gate, record, refresh, revocation }),
    // Every address of a scheme without origins has the origin `null`, so that of such a page is nobody's.
    origins: () => options.origins ?? [ports.address.current()?.origin ?? 'null'].filter((origin) => origin !== 'null'),
    ...(options.stepUp && { stepUp: options.stepUp }),
  })
  const narrowed = createNarrowing({ refresh, time })
  const session = (): SessionInfo | undefined => (life.machine().phase === 'active' ? life.machine().session : undefined)
  const watch = createWatch({
    name, ports, time, record, connection, refresh, revocation, known, post, trace: trace.add, pollMs: options.pollMs, epoch: () => session()?.epochId,
  })
  const begin = createBeginning({ ports, time, trace, record, connection, purge, outbox, revocation, life, end, targets, changed, leftovers })
  const unlisten = ports.wake.listen(hints.wake)

  const readUntilRead = async (): Promise<void> => {
    for (let pauseMs = firstPauseMs; !stopped; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
      const read = await (reading ?? record.read()).then(() => true, () => false)
      reading = undefined
      if (read) return
      await new Promise<void>((resolve) => clock.timer(pauseMs, resolve))
    }
  }

  return {
    ports, connection, record, gate, requests, revocation, watch, trace, time, outbox, life, begin, end, session,
    narrow: (narrow) => requests.by(narrowed(narrow)),
    ignored: () => ({ malformed: hints.malformed(), foreign }),
    async settled() {
      const journals = record.view()?.journals ?? []
      if (journals.some(({ epochId }) => !tried.has(epochId))) {
        for (const { epochId } of journals) tried.add(epochId)
        leftovers()
      }
      await within(clock, patienceMs, settling, () => undefined).catch(() => undefined)
    },

    async restore() {
      await readUntilRead()
      if (stopped) return
      if ((record.view()?.journals.length ?? 0) > 0) {
        leftovers()
        // Nothing protected is handed out before the journals are closed; the page itself need not wait for a hung disk.
        await within(clock, settleMs, settling, () => undefined).catch(() => undefined)
      }
      const row = record.view()
      const info = row && infoOf(row)
      // A tab that the browser brought back has the session storage of a session that may be over.
      const marked = ports.flows.take('epoch')
      if (marked !== undefined && marked !== info?.epochId) await life.eraseOwn()
      if (stopped) return
      // An end that could not be written is honoured before anybody hears of a session.
      const over = info && flagged(ports.flags, info.epochId)
      let finishing: Promise<unknown> | undefined
      life.admit(record.view(), () => {
        finishing = over && end(info, over.cause, over.details)
      })
      await finishing
      trace.add('restored')
      await life.protect(targets()).catch(() => undefined)
      if (stopped) return
      // The application's first requests leave first: all of this is code that the engine has yet to compile.
      clock.timer(0, () => {
        // A page that was put away in this moment begins to watch when it is back.
        if (stopped || hints.asleep()) return
        settling = settling.then(() => (stopped || !ports.store.persistent() ? undefined : purge.sweep(targets()))).catch(() => undefined)
        void outbox.flush()
        watch.start()
      })
    },

    stop() {
      stopped = true
      later()
      gate.close()
      gate.moved()
      for (const part of [life, hints, watch, revocation, outbox]) part.stop()
      unlisten()
      ports.channel.close()
      ports.store.close()
    },
  }
}
