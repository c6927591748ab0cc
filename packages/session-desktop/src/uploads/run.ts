/** One run of one file: its record, its lock, its checksum, its transfer. */
import { dirname, join } from 'node:path'
import type { Session } from '@3dimli/session'
import { feature, systemClock, type Captured } from '@3dimli/session/platform'
import { fileLocks, type Held } from '../lock/file-lock.ts'
import { outcomeOf } from './failure.ts'
import type { ReadUploadsOptions } from './options.ts'
import { openRecords, place, type Kept, type UploadRecord, type UploadRecords } from './records.ts'
import type { AddOptions, UnfinishedUpload } from './shape.ts'
import { isSame, openSource } from './source.ts'
import type { Connections } from './stack.ts'
import { unfinished } from './unfinished.ts'

/** Whoever finds a file being sent by another process comes back later. */
const lockMs = 250
/** How long the server is asked what it has of what was left unfinished. */
const askMs = 5_000

/** What a run is about. */
export interface Errand {
  readonly path: string
  readonly name: string
  readonly type: string | undefined
  readonly links: NonNullable<AddOptions['links']>
  /** Epoch ms. What another process finished since then is not sent again. */
  readonly since: number
  /** Whose it is; undefined while nobody is known. */
  readonly owner: string | undefined
}

/** What a run tells on its way. */
export interface Progress {
  sized(bytes: number): void
  step(state: 'hashing' | 'uploading'): void
  sent(bytes: number): void
}

/** How a run came out. `busy`: another process is at it. `foreign`: it is another seller's. */
export type Ran = 'done' | 'busy' | 'foreign'

/** The runs of one process. */
export interface Runs {
  run(errand: Errand, progress: Progress, signal: AbortSignal): Promise<Ran>
  /** Forgets what is kept of a file, here and on the server. */
  discard(errand: Errand, signal: AbortSignal): Promise<void>
  /** What the seller who is signed in has begun, in whatever process, and not finished; leaves out some paths. */
  unfinished(without: (path: string) => boolean): Promise<readonly UnfinishedUpload[]>
  /** Ends all connections. */
  close(): void
}

/** Names a person. */
export function ownerOf({ issuer, subject }: { readonly issuer: string; readonly subject: string }): string {
  return JSON.stringify([issuer, subject])
}

/** Makes the runs. */
export function createRuns(session: Session, options: ReadUploadsOptions): Runs {
  let connections: Connections | undefined
  const closing = new AbortController()
  /** Loaded with the first file: an import alone must touch nothing, and what these two stand on looks for globals and makes some. */
  const network = async () => {
    const [{ createConnections }, transfers] = await Promise.all([import('./stack.ts'), import('./transfer.ts')])
    return { connections: (connections ??= createConnections()), ...transfers }
  }
  const { endpoint, authorize, chunkBytes, retryDelays } = options
  const access = session[feature]
  const take = fileLocks({ folder: join(dirname(options.content), 'locks'), clock: systemClock(), token: () => Buffer.from(access.random(16)).toString('hex') })

  const locked = async <T>(name: string, signal: AbortSignal, work: () => Promise<T>): Promise<T | undefined> => {
    const soon = AbortSignal.timeout(lockMs)
    let held: Held | undefined
    try {
      held = await take(`upload ${name}`, AbortSignal.any([signal, soon]))
    } catch (error) {
      if (signal.aborted || !soon.aborted) throw error
      return undefined
    }
    try {
      return await work()
    } finally {
      await held.release().catch(() => undefined)
    }
  }

  /** Opens the records of the seller who is signed in, while that lasts, if it is the one who is meant. */
  const enter = async (given: AbortSignal, isMeant: (owner: string) => boolean): Promise<{ readonly records: UploadRecords; readonly captured: Captured; readonly signal: AbortSignal } | 'foreign'> => {
    const captured = await access.capture(given)
    const signal = AbortSignal.any([given, captured.signal])
    if (!isMeant(ownerOf(await access.pass(captured, signal)))) return 'foreign'
    const content = await access.content(captured, signal)
    await access.protect([{ kind: 'directory', path: place }])
    return { records: await openRecords({ folder: options.content, content, random: access.random, endpoint, signal }), captured, signal }
  }

  const send = async (errand: Errand, progress: Progress, record: UploadRecord, captured: Captured, signal: AbortSignal): Promise<'done'> => {
    const source = await openSource(errand.path, errand.links)
    const { fingerprint } = source
    try {
      progress.sized(source.size)
      const found = await record.read()
      const fitting = found && isSame(found.fingerprint, fingerprint) ? found : undefined
      if (fitting?.doneAt !== undefined && fitting.doneAt >= errand.since) return 'done'
      const { path, name, type } = errand
      let kept: Kept = { endpoint, path, name, ...(type !== undefined && { type }), fingerprint, ...(fitting?.doneAt === undefined && fitting?.url !== undefined && { url: fitting.url }) }
      // Without a record the file is sent all the same; it only would begin anew.
      const write = (): Promise<void> => record.write(kept).catch(() => undefined)
      let written = Promise.resolve()
      const forgetUrl = async (now: { readonly doneAt?: number } = {}): Promise<void> => {
        const { url: _, ...rest } = kept
        kept = { ...rest, ...now }
        await write()
      }
      const { connections: open, transfer } = await network()
      progress.step('uploading')
      await transfer({
        source, endpoint, chunkBytes, retryDelays, authorize, signal,
        url: kept.url,
        metadata: { filename: name, ...(type !== undefined && { filetype: type }) },
        stack: open.stack(signal),
        ask: async (url) => {
          const answer = await access.fetch(url, { method: 'HEAD', headers: { 'tus-resumable': '1.0.0' }, signal }, captured)
          await answer.body?.cancel()
        },
        located(url) {
          if (url === kept.url) return
          kept = { ...kept, url }
          written = written.then(write)
        },
        step: progress.step,
        sent: progress.sent,
      }).catch(async (error: unknown) => {
        // Whoever has the lock next must find it.
        await written
        const outcome = outcomeOf(error)
        // What is there is not this file's, and would be found again.
        if (outcome !== 'wait' && outcome.code === 'integrity') await forgetUrl()
        throw error
      })
      await written
      await forgetUrl({ doneAt: Date.now() })
      return 'done'
    } finally {
      source.close()
    }
  }

  return {
    async run(errand, progress, given) {
      const entered = await enter(given, (owner) => owner === errand.owner)
      if (entered === 'foreign') return 'foreign'
      const { records, captured, signal } = entered
      const record = await records.of(errand.path)
      return (await locked(record.name, signal, () => send(errand, progress, record, captured, signal))) ?? 'busy'
    },

    async discard(errand, given) {
      const entered = await enter(given, (owner) => owner === errand.owner)
      if (entered === 'foreign') return
      const { records, signal } = entered
      const record = await records.of(errand.path)
      await locked(record.name, signal, async () => {
        const kept = await record.read()
        await record.remove()
        if (kept?.url === undefined) return
        const { connections: open, terminate } = await network()
        await terminate(kept.url, open.stack(signal), authorize, signal)
      })
    },

    async unfinished(without) {
      const entered = await enter(closing.signal, () => true)
      if (entered === 'foreign') return []
      const { records, signal } = entered
      const soon = AbortSignal.any([signal, AbortSignal.timeout(askMs)])
      const ask = async (path: string, url: string): Promise<number | undefined> => {
        const { name } = await records.of(path)
        const { connections: open, offsetOf } = await network()
        // Under its lock only: a server may break off what another process is sending, to tell how much it has.
        return locked(name, signal, () => offsetOf(url, open.stack(soon), authorize, soon).catch(() => undefined))
      }
      const kept = (await records.all()).filter(({ path }) => !without(path))
      const found = await Promise.all(kept.map((one) => unfinished(one, ask)))
      signal.throwIfAborted()
      return found.filter((upload) => upload !== undefined)
    },

    close() {
      closing.abort(new Error('Closed.'))
      connections?.close()
    },
  }
}
