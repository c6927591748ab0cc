/** Medians of rounds, as the console, the README and docs/tour.json show them. */
import type { Round } from './round.ts'

/** One line of the result: the median of all rounds, and the range they were in, ms after the commit. */
export interface Line {
  readonly what: string
  readonly median: number
  readonly least: number
  readonly most: number
}

/** The middle value; of an even number, the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length / 2
  return sorted.length % 2 === 1 ? sorted[Math.floor(middle)]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

/** Reads the lines from the rounds. */
export function linesOf(rounds: readonly Round[]): readonly Line[] {
  const line = (what: string, pick: (round: Round) => number): Line => {
    const values = rounds.map(pick)
    return { what, median: median(values), least: Math.min(...values), most: Math.max(...values) }
  }
  return [
    line('first tab learns of it', ({ learned }) => learned),
    line('first tab fenced', ({ fenced }) => fenced[0]!),
    line('half of the tabs fenced', ({ fenced }) => median(fenced)),
    line('last of ten tabs fenced', ({ fenced }) => fenced.at(-1)!),
    line('what was kept is unreadable', ({ unreadable }) => unreadable),
    line('last tab has dropped what it held in memory', ({ forgotten }) => forgotten.at(-1)!),
    line('everything erased and looked for again', ({ erased }) => erased),
    line('last tab tells the person', ({ told }) => told.at(-1)!),
  ]
}

/** Writes milliseconds. */
export function ms(value: number): string {
  return Number.isFinite(value) ? String(Math.round(value)) : '?'
}

/** Draws the lines as a table with bars, for a terminal. */
export function printed(lines: readonly Line[]): string {
  const widest = Math.max(...lines.map(({ what }) => what.length))
  const scale = 40 / Math.max(1, ...lines.map(({ median: value }) => value))
  const rows = lines.map(({ what, median: value, least, most }) =>
    `  ${what.padEnd(widest)}  ${ms(value).padStart(5)} ms  ${`(${ms(least)} to ${ms(most)})`.padEnd(14)} ${'▇'.repeat(Math.max(1, Math.round(value * scale)))}`)
  return [`  ${'server writes the revocation down'.padEnd(widest)}      0 ms`, ...rows].join('\n')
}

/** Writes the lines as a Markdown table. */
export function markdown(lines: readonly Line[], rounds: number, tabs: number): string {
  const rows = lines.map(({ what, median: value, least, most }) => `| ${what} | ${ms(value)} | ${ms(least)} to ${ms(most)} |`)
  return ['', `| ${tabs} tabs, nine of them hidden; ${rounds} rounds | median | range |`, '|---|---:|---:|', '| server writes the revocation down | 0 | |', ...rows, ''].join('\n')
}
