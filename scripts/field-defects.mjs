// docs/field-defects.md: each failure that users of session libraries reported, what is done about it, and the tests whose titles name it.
// Without arguments it says what does not fit, also in the README; `--write` writes the page anew.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { root } from './setup/command.mjs'
import { testTitles } from './test-titles.mjs'

const words = join(root, 'docs/field-defects.json')
const page = join(root, 'docs/field-defects.md')
const lastOf = { A: 15, B: 8, C: 4, D: 11, E: 10, F: 7, G: 9, H: 4, I: 3, J: 14 }
const ids = Object.entries(lastOf).flatMap(([area, last]) => Array.from({ length: last }, (_, index) => `${area}${index + 1}`))

/** A title as it is read: with what it stands in, and without the tags. */
function shown(around, title) {
  const bare = (part) => part.trim().replace(/^(?:(?:[A-P]\d+|decision \d+:?)\s+)+/, '').replaceAll(/%[a-z]|\$\w+/g, '…')
  return [...around, title].map(bare).join(' › ')
}

/** Every test that names a defect, in its own title or in that of what it stands in. */
export function taggedTests() {
  return testTitles()
    .map(({ file, title, around }) => ({ file, title: shown(around, title), tags: [...new Set([...around, title].join(' ').match(/\b[A-J]\d{1,2}\b/g) ?? [])] }))
    .filter(({ tags }) => tags.length > 0)
}

/** What of words and tags does not fit together, one line each. */
export function faultsOf({ defects }, tests) {
  const byId = new Map(defects.map((defect) => [defect.id, defect]))
  const named = new Set(tests.flatMap(({ tags }) => tags))
  const faults = tests.flatMap(({ file, title, tags }) => tags.filter((tag) => !ids.includes(tag)).map((tag) => `${file}: "${title}" names ${tag}, which is no field defect`))
  for (const { id } of defects) if (!ids.includes(id)) faults.push(`${id} is no field defect`)
  for (const id of ids) {
    const { cannot, later } = byId.get(id) ?? {}
    if (!byId.has(id)) faults.push(`${id} has no words in docs/field-defects.json`)
    else if (named.has(id) && (cannot ?? later)) faults.push(`${id} is said to ${cannot ? 'be unable to happen' : 'come later'}, and a test names it`)
    else if (!named.has(id) && !(cannot ?? later)) faults.push(`${id} is named by no test, and no word says why`)
  }
  return faults
}

/** How many defects a test names. */
function shownOf(defects, tests) {
  const named = new Set(tests.flatMap(({ tags }) => tags))
  return defects.filter(({ id }) => named.has(id)).length
}

const cell = (text) => text.replaceAll('|', '\\|').replaceAll('<', '&lt;').replaceAll('\n', ' ')

// As Map.groupBy, which Node 20 does not have.
const groupBy = (list, keyOf) => list.reduce((groups, entry) => groups.set(keyOf(entry), [...(groups.get(keyOf(entry)) ?? []), entry]), new Map())

function evidence({ id, cannot, later }, tests) {
  if (cannot) return `cannot happen: ${cell(cannot)}`
  if (later) return `later: ${cell(later)}`
  const byFile = groupBy(tests.filter(({ tags }) => tags.includes(id)), ({ file }) => file)
  return [...byFile].map(([file, found]) => {
    const times = groupBy(found, ({ title }) => cell(title))
    const titles = [...times].map(([title, { length }]) => (length > 1 ? `${title} (${length}×)` : title))
    return `[${file.split('/').at(-1)}](../${file}): ${titles.join(' · ')}`
  }).join('<br>')
}

const threads = ({ seen = [] }) => seen.map((thread) => `[${thread}](https://github.com/${thread.replace('#', '/issues/')})`).join(', ')

/** The page, from the words and the tests. */
export function render({ areas, defects }, tests) {
  const count = (test) => defects.filter(test).length
  const lines = [
    '# Field defects', '',
    '<!-- Written by `node scripts/field-defects.mjs --write` from docs/field-defects.json and the titles of the tests. -->', '',
    `${ids.length} failures that users of session and sign-in libraries reported, what this client does about each, and the tests that name it. A tag such as \`A11\` in the title of a test is the id of a row here; "…" in a title stands for what the rows of its table put there.`, '',
    '| | |', '|---|---:|',
    `| shown by tests | ${shownOf(defects, tests)} |`,
    `| cannot happen here | ${count(({ cannot }) => cannot)} |`,
    `| later | ${count(({ later }) => later)} |`,
    `| of | ${ids.length} |`, '',
  ]
  for (const [area, name] of Object.entries(areas)) {
    lines.push(`## ${area}. ${name}`, '', '| | seen elsewhere | here | shown by |', '|---|---|---|---|')
    for (const defect of defects.filter(({ id }) => id.startsWith(area))) {
      lines.push(`| ${defect.id} | ${[cell(defect.defect), threads(defect)].filter(Boolean).join('<br>')} | ${cell(defect.here)} | ${evidence(defect, tests)} |`)
    }
    lines.push('')
  }
  return lines.join('\n')
}

function check(write) {
  const said = JSON.parse(readFileSync(words, 'utf8'))
  const tests = taggedTests()
  const wanted = render(said, tests)
  if (write) writeFileSync(page, wanted)
  const stale = readFileSync(page, 'utf8') === wanted ? [] : ['docs/field-defects.md is not what the tests say: node scripts/field-defects.mjs --write']
  const sum = `${shownOf(said.defects, tests)} of ${ids.length} shown by a test`
  const readme = readFileSync(join(root, 'README.md'), 'utf8').includes(`| ${sum}`) ? [] : [`README.md does not say "${sum}"`]
  return [...faultsOf(said, tests), ...stale, ...readme]
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const faults = check(process.argv.includes('--write'))
  for (const fault of faults) console.error(fault)
  process.exitCode = faults.length > 0 ? 1 : 0
}
