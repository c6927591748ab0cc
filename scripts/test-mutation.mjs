// `npm run test:mutation -- state`: changes the files named, or all eight, in a thousand small ways and counts which changes the tests notice; writes docs/mutation.md.
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { root, run, toolsEnv } from './setup/command.mjs'
import { fail, prepare } from './setup.mjs'

const files = ['state', 'verdict', 'sync', 'record', 'refresh', 'purge', 'request', 'source']
const reportOf = (name) => join(root, `.data/mutation/${name}.json`)
const reasonsFile = join(root, 'docs/mutation-reasons.json')
const pageFile = join(root, 'docs/mutation.md')
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

function read(report) {
  return Object.entries(report.files).map(([path, { source, mutants }]) => {
    const name = path.replace(/^.*\/|\.ts$/g, '')
    const counted = mutants.filter(({ status }) => caught.has(status) || missed.has(status))
    const survivors = counted.filter(({ status }) => missed.has(status)).map((mutant) => ({ line: mutant.location.start.line, change: describe(source, mutant) }))
    const score = counted.length === 0 ? 100 : (100 * (counted.length - survivors.length)) / counted.length
    return { name, count: counted.length, survivors: survivors.sort((a, b) => a.line - b.line), score }
  }).sort((a, b) => a.name.localeCompare(b.name))
}

const quoted = (text) => `\`${text.replaceAll('`', 'ˋ').replaceAll('|', '\\|')}\``

function page(files, reasons) {
  const total = files.reduce((sum, { count }) => sum + count, 0)
  const survived = files.reduce((sum, { survivors }) => sum + survivors.length, 0)
  return [
    '# Mutation testing',
    '',
    '`npm run test:mutation` changes the client in small ways, one at a time (a condition turned round, a call left out, a text emptied), and runs the unit tests about that file and two hundred lives of the model for each.',
    'A change that no test notices survives. This page is written by that command; why a survivor is let live stands in `docs/mutation-reasons.json`.',
    '',
    `Last run: ${new Date().toISOString().slice(0, 10)}, ${total} changes, ${total - survived} noticed, ${((100 * (total - survived)) / total).toFixed(1)} %.`,
    '',
    '| file | changes | noticed | score | at least |',
    '|---|---|---|---|---|',
    ...files.map(({ name, count, survivors, score }) => `| \`${name}.ts\` | ${count} | ${count - survivors.length} | ${score.toFixed(1)} % | ${leastOf(name)} % |`),
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
  for (const name of asked.length > 0 ? asked : files) {
    const { code } = await run(node, [stryker, 'run', '--mutate', `packages/session/src/${name}.ts`, '--incrementalFile', `.data/mutation/${name}.incremental.json`], { env: { ...toolsEnv(node), MUTATED: name }, show: true })
    if (code !== 0) throw new Error(`stryker ended with code ${code}`)
    renameSync(join(root, '.data/mutation/report.json'), reportOf(name))
  }
  // Of files that were not asked for, what the last run found.
  const results = files.filter((name) => existsSync(reportOf(name))).flatMap((name) => read(JSON.parse(readFileSync(reportOf(name), 'utf8'))))
  const reasons = JSON.parse(readFileSync(reasonsFile, 'utf8'))
  writeFileSync(pageFile, page(results, reasons))
  const low = results.filter(({ name, score }) => score < leastOf(name))
  const unexplained = results.flatMap(({ name, survivors }) => survivors.filter(({ change }) => !reasons[name]?.[change]).map(({ change }) => `${name}.ts: ${change}`))
  for (const { name, score } of low) console.error(`${name}.ts has ${score.toFixed(1)} %, and needs ${leastOf(name)} %`)
  for (const line of unexplained) console.error(`survives without a reason: ${line}`)
  process.exitCode = low.length + unexplained.length > 0 ? 1 : 0
} catch (error) {
  fail(error)
}
