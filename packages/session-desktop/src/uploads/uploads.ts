/** Uploads of a session: what the application calls, and how the queue follows the session. */
import { randomUUID } from 'node:crypto'
import { basename, resolve } from 'node:path'
import type { Session } from '@3dimli/session'
import { feature } from '@3dimli/session/platform'
import { readUploadsOptions, type UploadsOptions } from './options.ts'
import { createQueue, type Job } from './queue.ts'
import { place } from './records.ts'
import { createRuns, ownerOf } from './run.ts'
import type { Upload, Uploads, UploadsState } from './shape.ts'

const progressMs = 100
const cancelMs = 5_000

/**
 * Makes the uploads of a session in this process; to be called before `session.start()`, or any time after. Several processes of one seller
 * may do so: a file is sent by one of them at a time.
 *
 * Throws a `TypeError` that names a wrong option.
 *
 * @example
 * ```ts
 * import { createSession } from '@3dimli/session'
 * import { oauth } from '@3dimli/session/authorities/oauth'
 * import { desktop } from '@3dimli/session-desktop'
 * import { createUploads } from '@3dimli/session-desktop/uploads'
 *
 * const platform = desktop({ name: 'uploader' })
 * const session = createSession({
 *   authority: oauth({ issuer: 'https://id.example.com', clientId: 'uploader', redirectUri: 'http://127.0.0.1/', scope: 'openid offline_access uploads:write' }),
 *   platform,
 *   origins: ['https://api.example.com'],
 * })
 * const uploads = createUploads(session, { endpoint: 'https://api.example.com/api/uploads', platform })
 * await session.start()
 * uploads.subscribe(({ bytesSent, bytesTotal }) => console.log(bytesSent, bytesTotal))
 * uploads.add('/home/mira/chair.blend')
 * const { uploads: files } = await uploads.settled()
 * ```
 */
export function createUploads(session: Session, given: UploadsOptions): Uploads {
  const options = readUploadsOptions(session, given)
  const access = session[feature]
  const listeners = new Map<object, (state: UploadsState) => void>()
  const settling = new Set<(state: UploadsState) => void>()
  let shown: UploadsState | undefined
  let telling = false
  let timer: NodeJS.Timeout | undefined
  let keep: NodeJS.Timeout | undefined
  let closed = false

  const status = (): Session['state']['status'] => session.state.status
  const runs = createRuns(session, options)
  const queue = createQueue({ concurrency: options.concurrency, runs, may: () => !closed && status() === 'active', changed: (what) => changed(what) })

  const look = (): UploadsState => {
    if (shown) return shown
    const uploads = queue.jobs.map(described)
    const sum = (of: 'bytesSent' | 'bytesTotal'): number => uploads.reduce((total, upload) => total + upload[of], 0)
    return (shown = Object.freeze({ uploads: Object.freeze(uploads), bytesSent: sum('bytesSent'), bytesTotal: sum('bytesTotal') }))
  }

  /** Whether something will go on by itself. */
  const isPending = (): boolean =>
    !closed && queue.jobs.some(({ state }) => ['waiting', 'hashing', 'uploading'].includes(state) || (state === 'waiting-for-session' && status() !== 'signed-out'))

  const tell = (): void => {
    telling = false
    clearTimeout(timer)
    timer = undefined
    if (!isPending()) {
      for (const settle of settling) settle(look())
      settling.clear()
    }
    for (const listener of [...listeners.values()]) {
      try {
        listener(look())
      } catch {
        // One listener that throws stops no other.
      }
    }
  }

  const changed = (what: 'state' | 'progress'): void => {
    shown = undefined
    // The timers of a session let a process end; one with work to do stays.
    const working = isPending() && status() !== 'restoring'
    if (working) keep ??= setInterval(() => undefined, 60_000)
    else {
      clearInterval(keep)
      keep = undefined
    }
    if (what === 'progress') timer ??= setTimeout(tell, progressMs).unref()
    else if (!telling) {
      telling = true
      queueMicrotask(tell)
    }
  }

  const hold = (): void => {
    for (const job of [...queue.jobs]) if (['waiting', 'hashing', 'uploading'].includes(job.state)) queue.put(job, 'waiting-for-session')
  }

  const follow = (): void => {
    const { state } = session
    if (state.status === 'active') {
      const owner = ownerOf(state.session)
      for (const job of [...queue.jobs]) {
        job.owner ??= owner
        // Another person's files are none of whoever is here now.
        if (job.owner !== owner) queue.remove(job)
        else if (job.state === 'waiting-for-session') queue.put(job, 'waiting')
      }
      queue.pump()
    } else hold()
    changed('state')
  }

  session.register({ kind: 'directory', path: place }).catch(() => undefined)
  const removers = [
    // In the same turn in which this process learns of an end; by then the session's own signal has reset every connection.
    access.onForget('uploads', hold),
    session.subscribe(follow),
    session.onEnd(({ cause, disposition, ...end }) => {
      if (cause === 'expired' || disposition !== 'wipe') return
      for (const job of [...queue.jobs]) if (job.owner === ownerOf(end) && job.state !== 'done' && job.state !== 'failed') queue.put(job, 'failed', { code: 'session-ended' })
    }),
  ]

  const these = (id: string | undefined): Job[] => queue.jobs.filter((job) => id === undefined || job.id === id)

  return {
    get state() {
      return look()
    },

    add(path, { name, type, links = 'follow', since = Date.now() } = {}) {
      if (typeof path !== 'string' || path === '' || path.includes('\0')) throw new TypeError('"path" must be the path of a file')
      if (name !== undefined && (typeof name !== 'string' || name === '')) throw new TypeError('"name" must be a non-empty string')
      if (type !== undefined && (typeof type !== 'string' || type === '')) throw new TypeError('"type" must be a non-empty string')
      if (links !== 'follow' && links !== 'refuse') throw new TypeError('"links" must be "follow" or "refuse"')
      if (!Number.isFinite(since)) throw new TypeError('"since" must be a time, epoch ms')
      if (closed) throw new TypeError('add() works until close()')
      const { state } = session
      const [whole, id] = [resolve(path), randomUUID()]
      queue.add({
        id, path: whole, name: name ?? basename(whole), type, links, since,
        owner: state.status === 'active' || state.status === 'fenced' ? ownerOf(state.session) : undefined,
        state: state.status === 'active' ? 'waiting' : 'waiting-for-session',
        bytesSent: 0, bytesTotal: 0, failure: undefined, notBefore: 0, run: undefined,
      })
      return id
    },

    subscribe(listener) {
      const key = {}
      listeners.set(key, listener)
      return () => void listeners.delete(key)
    },

    pause(id) {
      for (const job of these(id)) if (job.state !== 'done' && job.state !== 'failed') queue.put(job, 'paused')
    },

    resume(id) {
      for (const job of these(id)) if (job.state === 'paused' || job.state === 'failed') queue.put(job, status() === 'active' ? 'waiting' : 'waiting-for-session')
      queue.pump()
    },

    async cancel(id) {
      for (const job of these(id)) {
        const over = job.run?.over
        queue.remove(job)
        await over
        await runs.discard(job, AbortSignal.timeout(cancelMs)).catch(() => undefined)
      }
    },

    settled: () => (isPending() ? new Promise((resolve) => settling.add(resolve)) : Promise.resolve(look())),

    unfinished: () => runs.unfinished((path) => queue.jobs.some((job) => job.path === path)),

    close() {
      closed = true
      for (const remove of removers) remove()
      queue.close()
      runs.close()
      changed('state')
    },
  }
}

function described({ id, path, name, type, state, bytesSent, bytesTotal, failure }: Job): Upload {
  return Object.freeze({ id, path, name, ...(type !== undefined && { type }), state, bytesSent, bytesTotal, ...(failure && { failure }) })
}
