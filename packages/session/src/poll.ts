/** Asks for the server's word where no feed brings it: at its session endpoint and, while that one does not answer, in its status list. */
import type { Connection } from './authority.ts'
import { isSecure } from './options.ts'
import type { Ports } from './ports.ts'
import type { SessionRecord } from './record.ts'
import type { Confirmation, Revocation } from './revocation.ts'
import type { Row } from './row.ts'
import type { Reading } from './status-list.ts'
import { deadline, pause, unlessAborted, type Time } from './time.ts'
import { freshness } from './tokens.ts'
import { judge, type Known } from './verdict.ts'

const answerMs = 10_000
/** While a list watches instead, an endpoint that does not answer is asked this much more rarely. */
const rarest = 8
const firstPauseMs = 5_000
const longestPauseMs = 300_000
/** A list is read this much later than its `ttl` at most, so that not all devices come at once. */
const spread = 0.1

/** The asking of one context. */
export interface Polling {
  /** Asks every `pollMs` until the signal aborts. */
  run(signal: AbortSignal): Promise<void>
  /** Asks now. */
  ask(epochId: string): Promise<void>
  /** To be called when the server's word came by the feed, and when another session began or ours ended. */
  rest(): void
  /** How soon an end is known by the status list, while only that can be had, ms. */
  listMs(): number | undefined
}

/** Makes the asking of one context. */
export function createPolling(input: {
  readonly pollMs: number
  readonly ports: Pick<Ports, 'clock' | 'random' | 'fetch'>
  readonly time: Time
  readonly record: SessionRecord
  readonly connection: Connection
  readonly revocation: Revocation
  readonly known: (row: Row) => Known
  readonly epoch: () => string | undefined
  /** False while the feed says enough. */
  readonly due: () => boolean
  /** The list speaks against the session. */
  readonly doubted: (epochId: string) => void
}): Polling {
  const { ports, time, record, connection, revocation } = input
  const { clock } = ports
  let running: AbortSignal | undefined
  let reading: AbortController | undefined
  let failures = 0
  let listMs: number | undefined
  let last: { readonly uri: string; readonly idx: number; readonly reading: Reading } | undefined
  /** The last list that was read before the server's own word: it is older than that. */
  let outdated: number | undefined
  let nap = new AbortController()
  let long = false
  let code: Promise<typeof import('./status-list.ts') | undefined> | undefined

  const jitter = (from: number, to: number): number => from + (to - from) * ((ports.random(1)[0] ?? 0) / 256)

  /** Loaded when the session is known to be in a list, not when the list is needed: then the application's own server may be out of reach. */
  const load = (): Promise<typeof import('./status-list.ts') | undefined> => {
    code ??= import('./status-list.ts').catch(() => (code = undefined))
    return code
  }

  /** The bound is the poll's again: a pause that was made for the list's would break it. */
  const unlist = (): void => {
    listMs = undefined
    if (long) nap.abort()
  }

  const rest = (): void => {
    reading?.abort()
    reading = undefined
    failures = 0
    outdated = last?.reading.issuedAt
    unlist()
  }

  const learned = (confirmation: Confirmation | undefined): void => {
    if (confirmation !== undefined && confirmation !== 'unknown') return rest()
    failures += 1
    if (reading || !running || running.aborted) return
    const own = new AbortController()
    reading = own
    readList(AbortSignal.any([running, own.signal]))
      .catch(() => undefined)
      .finally(() => {
        if (reading !== own) return
        reading = undefined
        unlist()
      })
  }

  /** Asks the server, or where it cannot be asked renews what is due, which asks it too. */
  const ask = async (epochId: string): Promise<void> => {
    const features = await connection.features().catch(() => undefined)
    if (!features || features.session) return learned(features && (await revocation.confirm(epochId).catch(() => 'unknown' as const)))
    const row = await record.fresh()
    if (row?.live && row.epoch.id === epochId && row.live.tokens.refreshToken !== undefined && freshness(row.live.tokens, time.now()) !== 'fresh') {
      await revocation.confirm(epochId)
    }
  }

  /** Reads the list once; says how long until the next time, ms. */
  const readOnce = async (signal: AbortSignal, missed: number): Promise<number | undefined> => {
    const row = record.view()
    const reference = row?.live?.status
    const safe = reference && URL.canParse(reference.uri) && isSecure(new URL(reference.uri))
    const list = safe && (await load())
    if (!row || !reference || !list) return undefined
    const bound = deadline(clock, answerMs, signal)
    const before = last?.uri === reference.uri && last.idx === reference.idx ? last.reading : undefined
    const asked = list.readStatusList(reference, before, { fetch: ports.fetch, now: time.now, signal: bound.signal })
    const now = await unlessAborted(asked, bound.signal).catch(() => undefined).finally(bound.done)
    if (signal.aborted) return undefined
    if (!now) {
      unlist()
      return Math.min(firstPauseMs * 2 ** Math.min(missed, 8), longestPauseMs) * jitter(0.5, 1)
    }
    // A cache on the way may hold the list, too, and for longer than we would.
    listMs = Math.round(now.keptMs + now.ttlMs * (1 + spread)) + answerMs
    last = { ...reference, reading: now }
    const epochId = row.epoch.id
    const verdict = judge({ from: 'list', value: now.value }, input.known(row))
    if (verdict.kind === 'suspect' && outdated !== now.issuedAt) {
      input.doubted(epochId)
      revocation.act(epochId, verdict).then((confirmation) => {
        if (confirmation !== 'unknown') rest()
      }, () => undefined)
    }
    return now.ttlMs * jitter(1, 1 + spread)
  }

  const readList = async (signal: AbortSignal): Promise<void> => {
    for (let missed = 0; !signal.aborted; missed = listMs === undefined ? missed + 1 : 0) {
      const pauseMs = await readOnce(signal, missed)
      if (pauseMs === undefined) return
      await pause(clock, pauseMs, signal)
    }
  }

  return {
    ask, rest,
    listMs: () => listMs,
    async run(signal) {
      running = signal
      while (!signal.aborted) {
        if (record.view()?.live?.status) void load()
        nap = new AbortController()
        long = listMs !== undefined
        // Never later than was promised: what varies is how much sooner.
        await pause(clock, input.pollMs * jitter(0.75, 0.95) * (long ? Math.min(2 ** failures, rarest) : 1), AbortSignal.any([signal, nap.signal]))
        long = false
        const epochId = input.epoch()
        if (!signal.aborted && epochId !== undefined && input.due()) await ask(epochId).catch(() => undefined)
      }
    },
  }
}
