// docs/engines.md, made of the table of the engines and of what the tests say they need.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { abilities, engines, type Ability, type Engine } from './engines.ts'

const here = fileURLToPath(new URL('..', import.meta.url))

export interface Declared {
  readonly file: string
  readonly title: string
  readonly needs: readonly Ability[]
}

/** The tests that run in every engine, by file. */
export const sources = (): { file: string; text: string }[] =>
  ['driver', 'tabs'].flatMap((folder) => readdirSync(join(here, folder)).filter((name) => name.endsWith('.spec.ts')).sort().map((name) => `${folder}/${name}`))
    .map((file) => ({ file, text: readFileSync(join(here, file), 'utf8') }))

/** Each test with what it says it needs: `needs(context, 'crash')` in its body. */
export const declared = (): Declared[] =>
  sources().flatMap(({ file, text }) => text.split(/^(?=[ \t]*test(?:\.each\(.*?\))?\()/m).slice(1).map((part) => ({
    file,
    title: /^\s*test(?:\.each\(.*?\))?\((['"`])(.*?)\1, /.exec(part)?.[2] ?? '',
    needs: [.../needs\(context, ([^)]*)\)/.exec(part)?.[1]?.matchAll(/'([^']+)'/g) ?? []].map(([, name]) => name as Ability),
  })))

const names = Object.keys(engines) as Engine[]

function cell(engine: Engine, ability: Ability): string {
  const able = engines[engine].can[ability]
  if (able === true) return 'yes'
  return 'instead' in able ? `another way: ${able.instead}` : `no: ${able.not}`
}

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n')

function skippedIn(engine: Engine): string {
  const rows = declared().flatMap(({ file, title, needs }) => needs.filter((ability) => cell(engine, ability).startsWith('no: ')).slice(0, 1)
    .map((ability) => [`\`${file}\``, title.replaceAll('|', '\\|'), cell(engine, ability).slice('no: '.length)]))
  return `### ${engines[engine].title}\n\n${rows.length === 0 ? 'None.' : table(['file', 'test', 'why'], rows)}`
}

export function report(): string {
  return `# Engines

<!-- Written by scripts/engines.mjs from test/driver/engines.ts and the tests; a test compares. -->

The tests in \`test/tabs\` and \`test/driver\` run in three engines, as Debian 12 packs them. All other browser tests run in Chromium.

${table(['engine', 'seen with', 'packages', 'driven by'], names.map((name) => [`${engines[name].title} (\`--project ${name}\`)`, engines[name].seen, `\`${engines[name].debian}\``, engines[name].driven]))}

\`CHROME_PATH\` and \`FIREFOX_PATH\` choose another Chromium or Firefox. \`npm test -- --project firefox tabs/refresh\` runs one file in one engine.

## What each can do

Where something is done another way, the test runs all the same and depends on the other way.

${table(['', ...names.map((name) => engines[name].title)], (Object.keys(abilities) as Ability[]).map((ability) => [abilities[ability], ...names.map((name) => cell(name, ability))]))}

## Skipped tests

The output of a run names them too, with the same reasons.

${names.map(skippedIn).join('\n\n')}

## Other differences

- The ten tabs that refresh for a minute do so for 12 s outside Chromium.
- Firefox is started once for each test file, with a container of its own for each test, unless a test needs a profile. WebKitWebDriver is started once for each file too, and Chromium, which is emptied after each test: pages, cookies, cache and stores.
`
}
