// `npm run bench -- size`: measures the figures named, or all, keeps what was found, and writes tables and pictures anew. `--more` adds rounds to those kept, where a figure can; `--pages` measures nothing and only writes.
import { existsSync, readFileSync } from 'node:fs'
import { cpus, getPriority, platform, release, totalmem } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { figures } from './figures/index.ts'
import { busyCores } from './load.ts'
import { keep, kept, write } from './results.ts'

const { positionals: names, values: { more, pages } } = parseArgs({
  allowPositionals: true,
  options: { more: { type: 'boolean', default: false }, pages: { type: 'boolean', default: false } },
})
for (const name of names) {
  if (!figures.some((figure) => figure.name === name)) throw new Error(`"${name}" is no figure; there are ${figures.map((figure) => figure.name).join(', ')}`)
}

const versionOf = (peer: string): string => {
  // Not every package lets its manifest be imported.
  const folder = ['..', '../peers'].map((place) => join(import.meta.dirname, place, 'node_modules')).find((path) => existsSync(join(path, peer, 'package.json')))
  return folder === undefined ? 'unknown' : (JSON.parse(readFileSync(join(folder, peer, 'package.json'), 'utf8')) as { version: string }).version
}

const machine = {
  cpu: cpus()[0]?.model ?? 'unknown', cores: cpus().length, memoryGb: Math.round(totalmem() / 2 ** 30), system: `${platform()} ${release()}`, node: process.version,
}
for (const figure of figures) {
  if (names.length > 0 && !names.includes(figure.name)) continue
  if (pages) {
    await write(figure)
    continue
  }
  console.log(`\n${figure.name}`)
  const before = await busyCores()
  const data = await figure.measure((line) => console.log(`  ${line}`), more ? (kept(figure.name)?.data as never) : undefined)
  const load = { before, after: await busyCores(), niceness: getPriority() }
  keep({ figure: figure.name, date: new Date().toISOString().slice(0, 10), machine, load, versions: Object.fromEntries(figure.peers.map((peer) => [peer, versionOf(peer)])), data })
  console.log(['', ...figure.table(data as never)].join('\n'))
  await write(figure)
}
