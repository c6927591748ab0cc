/** The durable record of a device and its compare-and-swap: the truth that every message only hints at. */
import type { Change } from './changes.ts'
import { SessionError, isSessionError } from './errors.ts'
import type { Ports } from './ports.ts'
import { compareAge, emptyRow, readRow, type Content, type Row } from './row.ts'
import { within } from './time.ts'

/** A protected act never relies on a read older than this. */
const freshMs = 100
/** A tab frozen inside a transaction blocks even reads (seen in Chromium 156 for 60 s), so no wait is longer than this. */
const waitMs = 2_000

/** One question to the store: the how-manieth, how many answers had come by then, and when (on the monotonic clock). */
interface Question {
  readonly order: number
  readonly answers: number
  readonly at: number
}

/** The record as one context uses it. */
export interface SessionRecord {
  /** The last row seen, without the content key. */
  view(): Row | undefined
  /** Whether the view was read no longer ago than 100 ms. */
  isFresh(): boolean
  /** When the store was asked for the view, on the monotonic clock. */
  readAt(): number
  /** The row, read no longer ago than 100 ms. */
  fresh(): Promise<Row | undefined>
  read(): Promise<Row | undefined>
  /** Forgets how recent the view is, so that the next protected act reads. */
  stale(): void
  /** Forgets everything that was read; for an end that the store refuses to write. */
  wipe(): void
  /** Decides and writes in one transaction. */
  change<Result>(decide: (row: Row) => Change<Result>, durability?: 'strict' | 'relaxed'): Promise<Result>
  /** Reads the key that opens this session's content, for whoever opens something right now. */
  content(epochId: string): Promise<Required<Content> | undefined>
  /** Ids of all content that is in use or locked, as the store has it now, whatever this context forgot. Rejects where the record is in memory. */
  contents(): Promise<readonly string[]>
}

/**
 * Makes the record over a store. `observe` sees every row that is read or written, synchronously.
 *
 * Both ways reject with {@link SessionError} `storage` when the store throws or does not answer within 2 s.
 */
export function createRecord(
  ports: Pick<Ports, 'store' | 'clock' | 'random'>,
  observe: (row: Row | undefined) => void,
  failed: () => void,
): SessionRecord {
  const { store, clock } = ports
  let view: Row | undefined
  let readAt = Number.NEGATIVE_INFINITY
  let reading: { readonly at: number; readonly row: Promise<Row | undefined> } | undefined
  let asked = 0
  let seen = 0
  let answers = 0
  let wiped = 0

  const ask = (): Question => ({ order: (asked += 1), answers, at: clock.monotonic() })

  /** Whether the store looked before it did for an answer that came since the question: rows of another age tell, else the order of asking. */
  const isOld = (row: Row | undefined, { order, answers: before }: Question): boolean =>
    order <= wiped || (before !== answers && (compareAge(row, view) || order - seen) < 0)

  const see = (row: Row | undefined, question: Question): Row | undefined => {
    if (isOld(row, question)) return view
    const { order, at } = question
    answers += 1
    seen = Math.max(seen, order)
    view = row?.live ? { ...row, live: { ...row.live, content: { id: row.live.content.id } } } : row
    readAt = Math.max(readAt, at)
    observe(view)
    return view
  }

  const bounded = async <T>(operation: string, work: () => Promise<T>): Promise<T> => {
    try {
      return await within(clock, waitMs, work(), () => new SessionError('storage', { operation }))
    } catch (error) {
      failed()
      throw isSessionError(error) ? error : new SessionError('storage', { operation })
    }
  }

  const load = async (): Promise<Row | undefined> => {
    const row = parse(await bounded('read', () => store.read()))
    if (row === 'foreign') {
      failed()
      throw new SessionError('storage', { operation: 'understand' })
    }
    return row
  }

  /** Reads anew; never joins a read that began before whatever made the caller ask. */
  const read = (): Promise<Row | undefined> => {
    const question = ask()
    const row = load().then((loaded) => see(loaded, question))
    const own = { at: question.at, row }
    reading = own
    const over = (): void => {
      if (reading === own) reading = undefined
    }
    row.then(over, over)
    return row
  }

  /** The row with its key, as the store has it now, whether or not the view is of another. */
  const asStored = async (): Promise<Row | undefined> => {
    const question = ask()
    const row = await load()
    see(row, question)
    return row
  }

  const isFresh = (at: number): boolean => clock.monotonic() - at <= freshMs

  return {
    view: () => view,
    isFresh: () => isFresh(readAt),
    readAt: () => readAt,
    fresh: () => (isFresh(readAt) ? Promise.resolve(view) : reading && isFresh(reading.at) ? reading.row : read()),
    read,
    stale: () => {
      readAt = Number.NEGATIVE_INFINITY
      reading = undefined
    },
    wipe: () => {
      wiped = asked
      view = undefined
      readAt = Number.NEGATIVE_INFINITY
    },

    async change(decide, durability = 'relaxed') {
      let outcome: { row: Row | undefined; change: Change<unknown>; question: Question } | undefined
      await bounded('write', () =>
        store.change((stored) => {
          const known = parse(stored)
          if (known === 'foreign') throw new SessionError('storage', { operation: 'understand' })
          const change = decide(known ?? emptyRow(epochId(ports.random), clock.now()))
          // Numbered inside the transaction: nothing that was asked later can have seen less.
          outcome = { row: change.row ?? known, change, question: ask() }
          return change.row
        }, durability),
      )
      if (!outcome) throw new SessionError('storage', { operation: 'write' })
      see(outcome.row, outcome.question)
      return outcome.change.result as never
    },

    async content(epochId) {
      const row = await asStored()
      const content = row?.epoch.id === epochId ? row.live?.content : undefined
      return content?.key ? { id: content.id, key: content.key } : undefined
    },

    async contents() {
      const row = await asStored()
      // Looked at last: the store may have gone to memory for this very read. Such a record knows nothing of what the others keep.
      if (!store.persistent()) throw new SessionError('storage', { operation: 'read' })
      return [...(row?.live ? [row.live.content.id] : []), ...(row?.vault ?? []).map(({ content }) => content.id)]
    },
  }
}

/** Makes an id of 128 random bits. */
export function epochId(random: Ports['random']): string {
  return Array.from(random(16), (byte) => byte.toString(16).padStart(2, '0')).join('')
}

function parse(stored: unknown): Row | undefined | 'foreign' {
  const row = readRow(stored)
  return row === 'absent' ? undefined : row
}
