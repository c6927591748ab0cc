/** What every command is run with. */
import type { Application, Settings } from '../application.ts'
import type { Output } from '../say/output.ts'

/** What every command is run with. */
export interface Run {
  readonly settings: Settings
  readonly app: Application
  readonly output: Output
  /** Aborts at the first Ctrl-C. */
  readonly signal: AbortSignal
}
