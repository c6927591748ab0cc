// How busy other programs keep the machine: a figure that was measured beside them says so.
import { cpus } from 'node:os'
import { setTimeout as pause } from 'node:timers/promises'

const lookMs = 2_000

/** How many cores were busy before and after a figure was measured, while this program did nothing; and which share it had beside them. */
export interface Load {
  readonly before: number
  readonly after: number
  /** Of this program and the browser: below 0 it comes before the others, above 0 after them. */
  readonly niceness?: number
}

/** How many cores are busy with other programs right now, looked at for 2 s in which this one rests. */
export async function busyCores(): Promise<number> {
  const from = times()
  await pause(lookMs)
  const to = times()
  return (cpus().length * (to.busy - from.busy)) / (to.busy - from.busy + to.idle - from.idle)
}

function times(): { busy: number; idle: number } {
  return cpus().reduce((sum, { times: { idle, ...busy } }) => ({ idle: sum.idle + idle, busy: sum.busy + Object.values(busy).reduce((a, b) => a + b, 0) }), { busy: 0, idle: 0 })
}

/** What a reader is told of it. */
export function told({ before, after, niceness = 0 }: Load, cores: number): string {
  return `${niceness === 0 ? '' : `niceness ${niceness}, `}other programs kept ${before.toFixed(1)} of ${cores} cores busy before the run and ${after.toFixed(1)} after it`
}
