/** Hints that the record may have changed: messages, wake-ups and storage that failed; each fences first and reads then. */
import { flagged } from './ending.ts'
import type { Life } from './life.ts'
import type { Ports, WakeListener } from './ports.ts'
import type { SessionRecord } from './record.ts'
import type { Row } from './row.ts'
import { readMessage } from './sync.ts'
import type { Trace } from './trace.ts'
import type { Watch } from './watch.ts'

const firstPauseMs = 250
const longestPauseMs = 5_000
/** How long a context believes that another one is writing an end. */
const settleMs = 2_000
const settlePauseMs = 50

/** Somebody who wants the record to be read again. */
interface Wait {
  readonly until: (row: Row | undefined) => boolean
  readonly refused: () => boolean
  /** On the monotonic clock. */
  readonly from: number
}

/** What a context does about hints. */
export interface Hints {
  hear(message: unknown): void
  /** Looks whether an end is remembered of what the record shows as living. */
  seen(row: Row | undefined): void
  /** Fences until storage that failed answers again; it never ends a session. */
  storageFailed(): void
  readonly wake: WakeListener
  /** How many messages were none of ours. */
  malformed(): number
  /** True from the moment the page is put away until it is back. */
  asleep(): boolean
  stop(): void
}

/** Makes the hints of one context. */
export function createHints(input: {
  readonly ports: Pick<Ports, 'clock' | 'cover' | 'channel' | 'flags' | 'store'>
  readonly record: () => SessionRecord
  readonly life: Life
  readonly watch: () => Watch
  readonly trace: Trace
  readonly leftovers: () => void
  /** Another context has raised the flag of an end and not written it. */
  readonly unwritten: () => void
  /** Tells the other contexts that storage does not answer here. */
  readonly blocked: () => void
}): Hints {
  const { ports, life, watch, trace } = input
  const { clock } = ports
  let stopped = false
  let mending = false
  let malformed = 0
  let asleep = false
  let waiting: readonly Wait[] = []
  /** The epoch whose end is remembered, and waited for to be written. */
  let over: string | undefined
  /** The next look at the record: under way, or planned and to be called off for an earlier one. */
  let looking: 'now' | (() => void) | undefined

  /** Fences until the record was read again and `until` is content with it, or it took too long and nothing `refused` to be written. */
  const reread = (until: Wait['until'], refused: Wait['refused'] = () => false, afterMs = 0): void => {
    waiting = [...waiting, { until, refused, from: clock.monotonic() }]
    life.fence(undefined, 'waking', true)
    if (looking === 'now' || (looking && afterMs > 0)) return
    looking?.()
    if (afterMs > 0) looking = clock.timer(afterMs, look)
    else look()
  }

  /** One look for all who wait. Whoever comes during it wants a read that began later. */
  const look = (): void => {
    const asked = waiting
    const young = ({ from }: Wait): boolean => clock.monotonic() - from < settleMs
    const later = (ms: number): void => {
      looking = stopped ? undefined : clock.timer(ms, look)
    }
    looking = 'now'
    input.record().stale()
    input.record().read().then(
      (row) => {
        const left = asked.filter((wait) => !wait.until(row) && (young(wait) || wait.refused()))
        const came = waiting.slice(asked.length)
        waiting = [...left, ...came]
        if (came.length > 0 && !stopped) return look()
        // Whoever was to write the end may have died.
        if (left.some((wait) => !young(wait)) && !stopped) input.unwritten()
        if (left.length > 0) return later(left.some(young) ? settlePauseMs : longestPauseMs)
        looking = undefined
        if (!stopped) life.fence(undefined, 'waking', false)
      },
      () => later(firstPauseMs),
    )
  }

  const hear = (value: unknown): void => {
    // Who keeps the record in memory is a device of its own: the others speak of another session.
    if (stopped || !ports.store.persistent()) return
    const message = readMessage(value)
    if (!message) return void (malformed += 1)
    if (message.type === 'blocked') return
    const { epochId } = message
    const isOurs = epochId === input.record().view()?.epoch.id
    if (message.type === 'ending') {
      if (isOurs && life.machine().phase !== 'active') return
      if (isOurs) trace.once('fenced', epochId)
      // The flag is raised before an end is written and lowered after it: while it stands, the end holds though the record refuses it.
      // Whoever ends it writes first and says so then: to read at once would hold up the tabs that have yet to hear.
      return reread((row) => row?.epoch.id !== epochId, () => flagged(ports.flags, epochId) !== undefined, isOurs ? settlePauseMs : 0)
    }
    if (!isOurs) return reread(() => true)
    if (message.type === 'watching') return watch().heard(message)
    // What another context learned of our session, a suspension say, is shown here too.
    input.record().stale()
    input.record().read().catch(() => undefined)
  }

  /** Whoever raised the flag is writing the end, or could not: while it stands the end holds, whatever the record says. */
  const seen = (row: Row | undefined): void => {
    const epochId = row?.live && row.epoch.id
    if (!epochId || epochId === over || stopped || life.machine().phase !== 'active' || !flagged(ports.flags, epochId)) return
    over = epochId
    reread((now) => now?.epoch.id !== epochId, () => flagged(ports.flags, epochId) !== undefined, settlePauseMs)
  }

  const hide = (): void => {
    const { phase } = life.machine()
    if (phase !== 'restoring' && phase !== 'signed-out') ports.cover.hide()
  }

  const lookAround = async (): Promise<void> => {
    input.record().stale()
    if (!life.admitted()) return
    const reading = input.record().read()
    if ((input.record().view()?.journals.length ?? 0) > 0) input.leftovers()
    watch().look()
    await reading
  }

  const show = (): void => {
    if (life.state().status === 'active') ports.cover.show()
  }

  return {
    hear,
    seen,
    malformed: () => malformed,
    asleep: () => asleep,
    wake: {
      sleep() {
        asleep = true
        trace.add('slept')
        hide()
        watch().stop()
        // A stored page that is opening its database holds up every other, until it hears of it and is evicted.
        if (ports.store.sleep()) ports.channel.close()
      },
      wake() {
        asleep = false
        trace.add('woke')
        hide()
        ports.channel.open(hear)
        reread(() => true)
        if (life.admitted()) watch().start()
        watch().look()
      },
      // WebKit stops the process of a tab out of sight without any event, and shows its last picture when it is seen again.
      // Covering costs no fence and tells nobody anything.
      hidden: hide,
      shown() {
        if (life.admitted()) hide()
        lookAround().then(show, () => undefined)
      },
      look: () => void lookAround().catch(() => undefined),
    },
    storageFailed() {
      if (mending || stopped) return
      mending = true
      life.fence(undefined, 'storage', true)
      input.blocked()
      const attempt = (pauseMs: number): void => {
        clock.timer(pauseMs, () => {
          if (stopped) return
          input.record().read().then(
            () => {
              mending = false
              life.fence(undefined, 'storage', false)
            },
            () => attempt(Math.min(pauseMs * 2, longestPauseMs)),
          )
        })
      }
      attempt(firstPauseMs)
    },
    stop() {
      stopped = true
      if (typeof looking === 'function') looking()
    },
  }
}
