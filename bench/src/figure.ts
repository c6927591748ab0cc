// What a figure is: something measured beside its peers in one run, kept as data, and shown as a table made of nothing but that data.
import type { Load } from './load.ts'
import type { Paired } from './pairs.ts'

/** What was measured. Plain data, kept in `bench/results/<name>.json`. */
export interface Result<Data = unknown> {
  readonly figure: string
  /** The day of the run, as `2026-11-21`. */
  readonly date: string
  readonly machine: { readonly cpu: string; readonly cores: number; readonly memoryGb: number; readonly system: string; readonly node: string }
  /** Of runs before it was looked at there is none. */
  readonly load?: Load
  /** Versions of whatever stood beside ours. */
  readonly versions: Readonly<Record<string, string>>
  readonly data: Data
}

/** One line of the README's table. */
export interface Row {
  readonly what: string
  readonly ours: string
  readonly beside: string
  /** Where both were measured in pairs. */
  readonly ratio?: Pick<Paired, 'ratio' | 'low' | 'high'>
  readonly target: string
  /** Met, missed, undecided or stated. */
  readonly verdict: string
}

/** One figure. */
export interface Figure<Data = unknown> {
  readonly name: string
  /** The packages whose versions belong to the result. */
  readonly peers: readonly string[]
  /** With `before`, what an earlier run found, its rounds are kept and others are added. */
  measure(say: (line: string) => void, before?: Data): Promise<Data>
  /** A heading, a table, and what is to be known about it; lines of Markdown. */
  table(data: Data): readonly string[]
  /** What the README says of it, if anything. */
  readme?(data: Data): readonly Row[]
  /** Pictures in `docs/figures`, SVG by name. */
  readonly plots?: { readonly names: readonly string[]; draw(data: Data): Promise<Readonly<Record<string, string>>> }
}
