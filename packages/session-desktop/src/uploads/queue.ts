/** The queue: which file has its turn, and what becomes of it after each run. */
import { outcomeOf } from './failure.ts'
import type { Errand, Runs } from './run.ts'
import type { UploadFailure, UploadState } from './shape.ts'

const laterMs = 500

/** A file in the queue. */
export interface Job extends Errand {
  readonly id: string
  owner: string | undefined
  state: UploadState
  bytesSent: number
  bytesTotal: number
  failure: UploadFailure | undefined
  /** Not before this, by `performance.now()`. */
  notBefore: number
  run: { readonly controller: AbortController; readonly over: Promise<void> } | undefined
}

/** The queue of one process. */
export interface Queue {
  readonly jobs: readonly Job[]
  add(job: Job): void
  /** Takes a job out; what runs of it is stopped. */
  remove(job: Job): void
  /** Stops a job's run, if any, and gives it a state. */
  put(job: Job, state: UploadState, failure?: UploadFailure): void
  /** Begins as many runs as may be. */
  pump(): void
  close(): void
}

/** Makes the queue. `may` says whether anything may be sent now; `changed` is told of each change, of a state or of progress alone. */
export function createQueue(input: { readonly concurrency: number; readonly runs: Runs; readonly may: () => boolean; readonly changed: (what: 'state' | 'progress') => void }): Queue {
  const { concurrency, runs, may, changed } = input
  const jobs: Job[] = []
  let timer: NodeJS.Timeout | undefined

  const put: Queue['put'] = (job, state, failure) => {
    job.state = state
    job.failure = failure
    if (state === 'done') job.bytesSent = job.bytesTotal
    const { run } = job
    if (state !== 'hashing' && state !== 'uploading') run?.controller.abort(new Error('Stopped.'))
    changed('state')
  }

  const begin = async (job: Job, controller: AbortController): Promise<void> => {
    const { signal } = controller
    /** What a run that was stopped has to say is of no interest. */
    const unlessStopped = (act: () => void): void => {
      if (!signal.aborted) act()
    }
    const progress = {
      sized: (bytes: number): void => unlessStopped(() => void (job.bytesTotal = bytes)),
      step: (state: 'hashing' | 'uploading'): void => unlessStopped(() => put(job, state)),
      sent: (bytes: number): void => unlessStopped(() => {
        job.bytesSent = bytes
        changed('progress')
      }),
    }
    const later = (state: 'waiting' | 'waiting-for-session'): void => {
      job.notBefore = performance.now() + laterMs
      put(job, state)
    }
    try {
      const ran = await runs.run(job, progress, signal)
      unlessStopped(() => {
        if (ran === 'foreign') remove(job)
        else if (ran === 'busy') later('waiting')
        else put(job, 'done')
      })
    } catch (error) {
      const outcome = outcomeOf(error)
      unlessStopped(() => (outcome === 'wait' ? later('waiting-for-session') : put(job, 'failed', outcome)))
    } finally {
      job.run = undefined
      pump()
    }
  }

  const remove = (job: Job): void => {
    const at = jobs.indexOf(job)
    if (at >= 0) jobs.splice(at, 1)
    job.run?.controller.abort(new Error('Stopped.'))
    changed('state')
  }

  const pump = (): void => {
    clearTimeout(timer)
    timer = undefined
    if (!may()) return
    const now = performance.now()
    const wanting = jobs.filter(({ state, run, owner }) => owner !== undefined && (state === 'waiting' || state === 'waiting-for-session') && run === undefined)
    let free = concurrency - jobs.filter(({ run }) => run !== undefined).length
    for (const job of wanting) {
      if (free <= 0) break
      if (job.notBefore > now) continue
      free -= 1
      const controller = new AbortController()
      job.state = 'waiting'
      job.run = { controller, over: Promise.resolve() }
      job.run = { controller, over: begin(job, controller) }
    }
    const next = Math.min(...wanting.filter(({ run }) => run === undefined).map(({ notBefore }) => notBefore))
    if (free > 0 && Number.isFinite(next)) timer = setTimeout(pump, Math.max(1, next - now)).unref()
  }

  return {
    jobs, put, remove, pump,
    add(job) {
      jobs.push(job)
      changed('state')
      pump()
    },
    close() {
      clearTimeout(timer)
      for (const job of jobs) job.run?.controller.abort(new Error('Stopped.'))
    },
  }
}
