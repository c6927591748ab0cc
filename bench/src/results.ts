// Where results are kept, and the pages that are made of them: tables in docs/performance.md and the README, pictures in docs/figures.
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Figure, Result, Row } from './figure.ts'
import { figures } from './figures/index.ts'
import { told } from './load.ts'

const root = join(import.meta.dirname, '../..')
const fileOf = (name: string): string => join(root, 'bench/results', `${name}.json`)
const pictureOf = (name: string): string => join(root, 'docs/figures', `${name}.svg`)

/** What stands between two marks of a page. */
const pages = [
  { file: join(root, 'docs/performance.md'), begin: '<!-- figures: written by npm run bench -->', end: '<!-- end of figures -->', lines: tables },
  { file: join(root, 'README.md'), begin: '<!-- figures:begin -->', end: '<!-- figures:end -->', lines: summary },
] as const

/** Keeps one result in the place of the one before. */
export function keep(result: Result): void {
  writeFileSync(fileOf(result.figure), `${JSON.stringify(result, null, 2)}\n`)
}

/** The last result of a figure, if there is one. */
export function kept(name: string): Result<never> | undefined {
  return existsSync(fileOf(name)) ? (JSON.parse(readFileSync(fileOf(name), 'utf8')) as Result<never>) : undefined
}

const found = (): { figure: Figure<never>; result: Result<never> }[] =>
  figures.flatMap((figure) => {
    const result = kept(figure.name)
    return result ? [{ figure, result }] : []
  })

function tables(): string[] {
  return ['', ...found().flatMap(({ figure, result: { date, machine, load, versions, data } }) => {
    const beside = Object.entries(versions).map(([name, version]) => `${name} ${version}`).join(', ')
    const circumstances = [
      date, `${machine.cores} cores (${machine.cpu})`, `${machine.memoryGb} GB`, `Node ${machine.node.slice(1)}`, ...(beside === '' ? [] : [beside]), ...(load ? [told(load, machine.cores)] : []),
    ]
    return [...figure.table(data), '', `${circumstances.join(', ')}. Again: \`npm run bench -- ${figure.name}\`.`, '']
  })]
}

function summary(): string[] {
  const rows = found().flatMap(({ figure, result }) => figure.readme?.(result.data) ?? [])
  const shown = (ratio: Row['ratio']): string => (ratio ? `${ratio.ratio.toFixed(2)} × (${ratio.low.toFixed(2)}–${ratio.high.toFixed(2)})` : '')
  return ['| | ours | beside | ratio (95 %) | target | |', '|---|--:|--:|--:|--:|---|', ...rows.map(({ what, ours, beside, ratio, target, verdict }) => `| ${what} | ${ours} | ${beside} | ${shown(ratio)} | ${target} | ${verdict} |`)]
}

/** A page as the results make it. */
function made(page: (typeof pages)[number]): { readonly written: string; readonly due: string } {
  const written = readFileSync(page.file, 'utf8')
  const [from, to] = [written.indexOf(page.begin), written.indexOf(page.end)]
  if (from < 0 || to < from) throw new Error(`${page.file} has lost the marks between which the figures stand`)
  return { written, due: [written.slice(0, from + page.begin.length), ...page.lines(), written.slice(to)].join('\n') }
}

/** A picture is of these data. */
const stampOf = (data: unknown): string => `<!-- made of ${createHash('sha256').update(JSON.stringify(data)).digest('hex').slice(0, 16)} -->`

/** Writes the tables, and draws the pictures of this figure. */
export async function write(figure?: Figure<never>): Promise<void> {
  const result = figure && kept(figure.name)
  if (result && figure.plots) {
    mkdirSync(join(root, 'docs/figures'), { recursive: true })
    for (const [name, picture] of Object.entries(await figure.plots.draw(result.data))) writeFileSync(pictureOf(name), `${picture}\n${stampOf(result.data)}\n`)
  }
  for (const page of pages) writeFileSync(page.file, made(page).due)
}

/** What the results do not say any more; nothing when all is in step. */
export function outOfStep(): string[] {
  const stale = pages.filter((page) => {
    const { written, due } = made(page)
    return written !== due
  }).map(({ file }) => file)
  const undrawn = found().flatMap(({ figure, result }) => (figure.plots?.names ?? []).map(pictureOf).filter((file) => !existsSync(file) || !readFileSync(file, 'utf8').includes(stampOf(result.data))))
  return [...stale, ...undrawn]
}
