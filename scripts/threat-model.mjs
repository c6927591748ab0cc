// Every test and file that docs/threat-model.md names exists, so that the page cannot drift from what is tested.
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { pathToFileURL } from 'node:url'
import { root } from './setup/command.mjs'
import { testTitles } from './test-titles.mjs'

const page = join(root, 'docs/threat-model.md')
const link = /\[((?:[^[\]]|\[[^\]]*\])+)\]\(([^)\s]+)\)/g
const isTest = (file) => /\.(?:test|spec)\.ts$/.test(file)

/** A title without the tags before it, and these. A test may gain a tag without a change of the page. */
function parted(title) {
  const [head] = /^(?:[A-Z]\d+ )*/.exec(title)
  return { tags: head.split(' ').filter((tag) => tag !== ''), words: title.slice(head.length) }
}

/** Whether a title is the one that the page names; an `…` stands for what a template puts there. */
export function isNamed(title, named) {
  const [is, wanted] = [parted(title), parted(named)]
  const shape = is.words.split('…').map((part) => part.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`)).join('.+')
  return wanted.tags.every((tag) => is.tags.includes(tag)) && new RegExp(`^${shape}$`).test(wanted.words)
}

/** One line per fault of a page that lies in `folder`; `tests` are those that exist. */
export function checkThreatModel(text, folder, tests) {
  const faults = []
  for (const [, words, target] of text.matchAll(link)) {
    const file = join(folder, target.split('#')[0])
    const named = ({ file: of, title }) => of === relative(root, file) && isNamed(title, words)
    if (!existsSync(file)) faults.push(`${target} does not exist`)
    else if (isTest(file) && !tests.some(named)) faults.push(`${target} has no test "${words}"`)
  }
  return [...faults, ...gaps(text)]
}

/** Rows of the standard without a test, out of order or twice; attacks of which only one half is told; promises of which no test is named. */
function gaps(text) {
  const faults = []
  const rows = [...text.matchAll(/^\| (\d+)\.(\d+)\.(\d+) \|.*$/gm)]
  let before = 0
  for (const [row, ...numbers] of rows) {
    const rank = numbers.reduce((sum, number) => sum * 1000 + Number(number), 0)
    if (rank <= before) faults.push(`ASVS ${numbers.join('.')} is out of order or named twice`)
    before = rank
    if (![...row.matchAll(link)].some(([, , target]) => isTest(target))) faults.push(`ASVS ${numbers.join('.')} names no test`)
  }
  if (rows.length === 0) faults.push('no requirement of the ASVS is named')
  for (const attack of text.split('## Attacks')[1]?.split('\n## ')[0]?.split(/^### /m).slice(1) ?? []) {
    for (const half of ['**Done.**', '**Not possible.**']) if (!attack.includes(half)) faults.push(`"${attack.split('\n')[0]}" lacks ${half}`)
  }
  for (let promise = 1; promise <= 10; promise += 1) if (!new RegExp(`\\[[^\\]]*\\bP${promise}\\b`).test(text)) faults.push(`no test of P${promise} is named`)
  return faults
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const faults = checkThreatModel(readFileSync(page, 'utf8'), dirname(page), testTitles())
  for (const fault of faults) console.error(`docs/threat-model.md: ${fault}`)
  process.exit(faults.length > 0 ? 1 : 0)
}
