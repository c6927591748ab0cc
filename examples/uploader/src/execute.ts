/** Runs one command from its beginning to its exit code, whatever happens in it. */
import { createApplication, type Settings } from './application.ts'
import type { Run } from './commands/run.ts'
import { exitCodeOf } from './failures.ts'
import { onInterruption } from './interruption.ts'
import { createOutput } from './say/output.ts'
import { explain } from './say/words.ts'
import type { ExitCode } from './exit-code.ts'

/** Runs it. */
export async function execute(settings: Settings, { json }: { readonly json: boolean }, command: (run: Run) => Promise<ExitCode>): Promise<ExitCode> {
  const output = createOutput({ json })
  const app = createApplication(settings)
  const { signal, code, remove } = onInterruption()
  const stopped = new Promise<ExitCode>((resolve) => signal.addEventListener('abort', () => resolve(code()), { once: true }))

  const work = async (): Promise<ExitCode> => {
    try {
      return await command({ settings, app, output, signal })
    } catch (error) {
      if (signal.aborted) return code()
      output.draw()
      output.problem(explain(error))
      return exitCodeOf(error)
    }
  }
  // The timers of a session keep no process alive, and a command may wait for one.
  const stay = setInterval(() => undefined, 60_000)
  const exit = await Promise.race([work(), stopped])
  clearInterval(stay)
  const begun = app.uploads.state.uploads.filter(({ state }) => state !== 'done' && state !== 'failed').length
  app.close()
  output.draw()
  if (signal.aborted) {
    output.problem(begun > 0 ? 'Stopped. Nothing is sent any more. What has arrived is kept: the same command goes on there.' : 'Stopped.')
  }
  output.event('exit', { code: exit })
  // A second Ctrl-C still counts while the last things are let go of.
  if (!signal.aborted) remove()
  return exit
}
