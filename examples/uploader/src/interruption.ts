/** Ctrl-C: the first stops in good order, the second at once. */
import { exitCode, type ExitCode } from './exit-code.ts'

/** What an interruption does to a run. */
export interface Interruption {
  readonly signal: AbortSignal
  /** The code to end with once the signal has aborted. */
  readonly code: () => ExitCode
  /** Leaves the signals of the system alone again. */
  remove(): void
}

/** Listens. */
export function onInterruption(): Interruption {
  const abort = new AbortController()
  let code: ExitCode = exitCode.interrupted
  const interrupt = (): void => {
    if (abort.signal.aborted) process.exit(exitCode.interrupted)
    // Waiting for it would keep the process alive.
    process.off('disconnect', terminate)
    abort.abort(new Error('Interrupted.'))
  }
  const terminate = (): void => {
    code = exitCode.terminated
    interrupt()
  }
  process.on('SIGINT', interrupt)
  process.on('SIGTERM', terminate)
  // Whoever started this process is gone, and a terminal's signals went with it.
  process.on('disconnect', terminate)
  return {
    signal: abort.signal,
    code: () => code,
    remove() {
      process.off('SIGINT', interrupt).off('SIGTERM', terminate).off('disconnect', terminate)
    },
  }
}
