/** The record in a file: one row, sealed, and each change a read, a decision and a replacement under a lock between processes. */
import { readFile, readdir, rename, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { deadline, type Clock, type RecordStore, type Row } from '@3dimli/session/platform'
import { ensureFolder, codeOf, unless } from '../folder.ts'
import type { Take } from '../lock/file-lock.ts'
import { open, seal } from './envelope.ts'
import type { RecordKeys } from './keys.ts'
import { replaceFile, unfinished } from './replace.ts'
import { readRow, writeRow } from './text.ts'

const fileName = 'record'
const aside = '.unreadable'
/** As long as the core waits for a look or a change. */
const waitMs = 2_000
/** The core looks again within 5 s, by timers that keep no process alive. */
const againMs = 6_000

/** What a look at the file brought: a row, none, or bytes that are to be kept for whoever can read them. */
interface Look {
  readonly row: unknown
  readonly lost: boolean
}

/** How long a change may take. */
interface Patience {
  /** Until it has begun to write: its time is over, or the machine will sleep. */
  readonly signal: AbortSignal
  /** Its caller was told that it failed. */
  readonly late: AbortSignal
}

/** Makes the record store of a process. Where there is no secret, the record lives as long as the process and nothing is written. */
export function fileStore(input: {
  readonly folder: string
  readonly scope: string
  readonly secret: () => Promise<Uint8Array | undefined>
  readonly take: Take
  readonly keys: RecordKeys
  readonly clock: Clock
  readonly random: (length: number) => Uint8Array
  readonly lack: (what: string) => void
}): RecordStore {
  const { folder, scope, keys, lack } = input
  const path = join(folder, fileName)
  let memory: { row: unknown } | undefined
  let closed = false
  let waiting = new AbortController()
  let tidied: Promise<void> | undefined
  /** A process whose first look failed or came too late, and that waits for the next one, has nothing else to live on. */
  let staying: NodeJS.Timeout | undefined
  let begun = false
  /** Changes of one process follow each other. */
  let last: Promise<unknown> = Promise.resolve()

  const secretOrMemory = async (): Promise<Uint8Array | undefined> => {
    if (memory) return undefined
    const secret = await input.secret()
    const usable = secret && (await isUsable())
    if (!usable) memory ??= { row: undefined }
    return usable ? secret : undefined
  }

  /** A folder that can never be written is known at once; any other failure is tried again by whoever asks. */
  const isUsable = async (): Promise<boolean> => {
    try {
      await ensureFolder(folder)
      return true
    } catch (error) {
      if (!['EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'EEXIST'].includes(codeOf(error) ?? '')) throw error
      lack('the data folder cannot be used: the session lives only in this process')
      return false
    }
  }

  const look = async (secret: Uint8Array): Promise<Look> => {
    const bytes = await unless(['ENOENT'], readFile(path))
    if (!bytes) return { row: undefined, lost: false }
    const opened = open(bytes, secret, scope)
    // The core leaves a row of a version that it does not know alone, and waits.
    if (opened.kind === 'newer') return { row: { v: opened.version }, lost: false }
    if (opened.kind === 'open') {
      try {
        return { row: await readRow(opened.text, keys), lost: false }
      } catch {
        // What opened and cannot be read was written by nobody we know.
      }
    }
    lack(opened.kind === 'foreign' ? 'the keychain holds another key than the one this record was written with' : 'the record on disk was damaged')
    return { row: undefined, lost: true }
  }

  /** What writers that were killed did not finish. Only for whoever holds the lock: no one else is writing. */
  const tidy = async (): Promise<void> => {
    for (const name of await readdir(folder)) {
      if (name.startsWith(`${fileName}.`) && name.endsWith(unfinished)) await unless(['ENOENT'], unlink(join(folder, name)))
    }
  }

  const changeFile = async (secret: Uint8Array, { signal, late }: Patience, decide: (stored: unknown) => Row | undefined, strict: boolean): Promise<void> => {
    const held = await input.take('change', signal)
    const may = async (): Promise<boolean> => (await held.isOurs()) && !late.aborted
    try {
      await (tidied ??= tidy().catch(() => undefined))
      const { row, lost } = await look(secret)
      signal.throwIfAborted()
      const next = decide(row)
      if (next === undefined) return
      const bytes = seal(writeRow(next, keys), secret, scope, input.random)
      // A good one may stand there by now, written by whoever took the lock over.
      if (lost && (await may())) await rename(path, path + aside)
      const done = await replaceFile({ path, bytes, token: Buffer.from(input.random(8)).toString('hex'), synced: strict ? 'name' : 'bytes', may })
      if (done) return
      late.throwIfAborted()
      throw new Error('The lock was lost before the record was written.')
    } finally {
      await held.release()
    }
  }

  return {
    get kind() {
      return memory ? 'memory' : 'file'
    },
    persistent: () => memory === undefined,

    async read() {
      const since = input.clock.monotonic()
      try {
        const secret = await secretOrMemory()
        const row = secret ? (await look(secret)).row : memory?.row
        begun ||= input.clock.monotonic() - since < waitMs / 2
        return row
      } finally {
        // It runs out by itself: several may wait, each by a timer of its own.
        if (!begun && !closed) {
          clearTimeout(staying)
          staying = setTimeout(() => undefined, againMs)
        }
      }
    },

    async change(decide, durability) {
      // What its caller was told had failed must not be written later.
      const { signal: late, done } = deadline(input.clock, waitMs)
      const signal = AbortSignal.any([late, waiting.signal])
      try {
        const secret = await secretOrMemory()
        signal.throwIfAborted()
        if (secret) {
          const own = last.then(() => changeFile(secret, { signal, late }, decide, durability === 'strict'))
          last = own.catch(() => undefined)
          return await own
        }
        const held = (memory ??= { row: undefined })
        held.row = decide(held.row) ?? held.row
      } finally {
        done()
      }
    },

    // A write that has begun takes milliseconds and is not left half done; only what still waits for its turn is given up.
    sleep() {
      waiting.abort(new DOMException('The process was told that it will sleep.', 'AbortError'))
      waiting = new AbortController()
      return true
    },
    close() {
      closed = true
      clearTimeout(staying)
    },
  }
}
