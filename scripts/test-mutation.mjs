// `npm run test:mutation -- state`: changes the files named, or all eight, in a thousand small ways and counts which changes the tests notice; writes docs/mutation.md.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { root, run, toolsEnv } from './setup/command.mjs'
import { fail, prepare } from './setup.mjs'

const files = ['state', 'verdict', 'sync', 'record', 'refresh', 'purge', 'request', 'source']
const reasonsFile = join(root, 'docs/mutation-reasons.json')
const pageFile = join(root, 'docs/mutation.md')
const sourceOf = (name) => `packages/session/src/${name}.ts`
const pure = new Set(['state', 'verdict', 'sync'])
const leastOf = (name) => (pure.has(name) ? 90 : 80)
const caught = new Set(['Killed', 'Timeout'])
const missed = new Set(['Survived', 'NoCoverage'])

/** What a change replaced, on one line: the key under which a reason for its survival is kept. */
function describe(source, { location: { start, end }, replacement }) {
  const lines = source.split('\n').slice(start.line - 1, end.line)
  lines[lines.length - 1] = lines.at(-1).slice(0, end.column - 1)
  lines[0] = lines[0].slice(start.column - 1)
  const short = (text) => {
    const flat = text.replaceAll(/\s+/g, ' ').trim()
    return flat.length > 110 ? `${flat.slice(0, 107)}…` : flat
  }
  return `${short(lines.join('\n'))} → ${short(replacement)}`
}

const today = new Date().toISOString().slice(0, 10)

/** What Stryker found out about the file it was asked to change. */
function read(name) {
  const { source, mutants } = JSON.parse(readFileSync(join(root, '.data/mutation/report.json'), 'utf8')).files[sourceOf(name)]
  const counted = mutants.filter(({ status }) => caught.has(status) || missed.has(status))
  const survivors = counted.filter(({ status }) => missed.has(status)).map((mutant) => ({ line: mutant.location.start.line, change: describe(source, mutant) }))
  return { name, measured: today, count: counted.length, survivors: survivors.sort((a, b) => a.line - b.line) }
}

/** What the page says of the files, each as it was measured last. */
function readPage(text) {
  const rows = [...text.matchAll(/^\| `(\w+)\.ts` \| (\S+) \| (\d+) \|/gm)]
  return rows.map(([, name, measured, count]) => {
    const section = text.split(`\n### ${name}.ts\n`)[1]?.split('\n### ')[0] ?? ''
    const survivors = [...section.matchAll(/^\| (\d+) \| `([^`]*)` \|/gm)].map(([, line, change]) => ({ line: Number(line), change: unquoted(change) }))
    return { name, measured, count: Number(count), survivors }
  })
}

const scoreOf = ({ count, survivors }) => (count === 0 ? 100 : (100 * (count - survivors.length)) / count)
const quoted = (text) => `\`${text.replaceAll('`', 'ˋ').replaceAll('|', '\\|')}\``
const unquoted = (text) => text.replaceAll('ˋ', '`').replaceAll('\\|', '|')

function page(files, reasons) {
  const total = files.reduce((sum, { count }) => sum + count, 0)
  const survived = files.reduce((sum, { survivors }) => sum + survivors.length, 0)
  return [
    '# Mutation testing',
    '',
    '`npm run test:mutation` changes the client in small ways, one at a time (a condition turned round, a call left out, a text emptied), and runs the unit tests about that file for each, and 250 lives of the model too, but for `verdict` and `sync`, which are pure and have their tables.',
    'Values that are set once, when a file is loaded, are not changed (`ignoreStatic`): each would need a run of everything.',
    'A change that no test notices survives. This page is written by that command; why a survivor is let live stands in `docs/mutation-reasons.json`.',
    '',
    `${total} changes, ${total - survived} noticed, ${((100 * (total - survived)) / total).toFixed(1)} %.`,
    '',
    '| file | measured | changes | noticed | score | at least |',
    '|---|---|---|---|---|---|',
    ...files.map((file) => `| \`${file.name}.ts\` | ${file.measured} | ${file.count} | ${file.count - file.survivors.length} | ${scoreOf(file).toFixed(1)} % | ${leastOf(file.name)} % |`),
    '',
    '## Survivors',
    ...files.filter(({ survivors }) => survivors.length > 0).flatMap(({ name, survivors }) => [
      '', `### ${name}.ts`, '', '| line | change | why it survives |', '|---|---|---|',
      ...survivors.map(({ line, change }) => `| ${line} | ${quoted(change)} | ${reasons[name]?.[change] ?? '**no reason yet**'} |`),
    ]),
    '',
  ].join('\n')
}

try {
  const node = await prepare()
  const stryker = join(root, 'node_modules/@stryker-mutator/core/bin/stryker.js')
  const asked = process.argv.slice(2)
  for (const name of asked) if (!files.includes(name)) throw new Error(`${name} is none of ${files.join(', ')}`)
  const results = new Map(readPage(readFileSync(pageFile, 'utf8')).map((file) => [file.name, file]))
  for (const name of asked.length > 0 ? asked : files) {
    const { code } = await run(node, [stryker, 'run', '--mutate', sourceOf(name), '--incrementalFile', `.data/mutation/${name}.incremental.json`], { env: { ...toolsEnv(node), MUTATED: name }, show: true })
    if (code !== 0) throw new Error(`stryker ended with code ${code}`)
    results.set(name, read(name))
  }
  const reasons = JSON.parse(readFileSync(reasonsFile, 'utf8'))
  const told = files.flatMap((name) => results.get(name) ?? [])
  writeFileSync(pageFile, page(told, reasons))
  const low = told.filter((file) => scoreOf(file) < leastOf(file.name))
  const unexplained = told.flatMap(({ name, survivors }) => survivors.filter(({ change }) => !reasons[name]?.[change]).map(({ change }) => `${name}.ts: ${change}`))
  for (const file of low) console.error(`${file.name}.ts has ${scoreOf(file).toFixed(1)} %, and needs ${leastOf(file.name)} %`)
  for (const line of unexplained) console.error(`survives without a reason: ${line}`)
  process.exitCode = low.length + unexplained.length > 0 ? 1 : 0
} catch (error) {
  fail(error)
}
