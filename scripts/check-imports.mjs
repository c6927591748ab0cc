// Imports in packages/session/src point one way: assembly, action, judgement, vocabulary; edges know only the vocabulary.
// In packages/session-desktop/src the index knows all folders, a folder knows itself, the files beside the index, and what is named here.
import { readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseSync } from 'vite'
import { root } from './setup/command.mjs'
import { filesIn } from './setup/fingerprint.mjs'

// The map. A root file that is not named here is an action. A layer may import itself and what stands below it.
const layers = [
  ['vocabulary', ['ports.ts', 'authority.ts', 'tokens.ts', 'row.ts', 'errors.ts', 'end.ts', 'feature.ts', 'answer.ts', 'target.ts', 'time.ts', 'aes128gcm.ts', 'lasting.ts', 'queue.ts', 'keys.ts', 'clock.ts', 'listeners.ts']],
  ['judgement', ['state.ts', 'verdict.ts', 'sync.ts', 'changes.ts']],
  ['action', []],
  ['assembly', ['index.ts', 'session.ts', 'shape.ts', 'runtime.ts']],
]
// Folders that import themselves, the vocabulary, and types of the assembly.
const edges = ['authorities', 'browser', 'platform', 'downloads', 'checkout', 'http', 'notice', 'testing']
// Edges that may import anything.
const free = ['testing']

// packages/session-desktop: the folders, and whom each may know.
const desktop = {
  lock: [], record: ['lock'], secrets: [], channel: ['lock'], wake: [], notes: [], address: [], erase: [], electron: [], uploads: ['lock', 'record'],
}
// Of the core they may know what platforms are made of; the application brings the rest.
const desktopPackages = /^(?:node:|@3dimli\/session\/platform$)/
// Two folders know a session itself. The bridge to windows has nothing of Node: half of it runs in a page.
const morePackages = { electron: /^@3dimli\/session(?:\/platform)?$/, uploads: /^(?:node:|tus-js-client$|@3dimli\/session(?:\/platform)?$)/ }

// packages/session-server: the folders, and the packages that each may know. A folder knows of another its types at most; what tests use may import anything.
const server = { receive: /^(?:jose|ky)$/, redis: /^ioredis$/, metrics: /^(?:prom-client|@opentelemetry\/api)$/, 'status-list': /^node:(?:crypto|zlib)$/, testing: /./ }

const source = join(root, 'packages/session/src')
const rankOf = (name) => layers.findIndex(([layer]) => layer === name)

/** Where a file (relative to src) stands: { edge } or { layer, rank }. */
function place(file) {
  const [folder] = file.includes('/') ? file.split('/') : []
  if (folder) return { edge: folder }
  const rank = layers.findIndex(([, files]) => files.includes(file))
  return { layer: layers[rank]?.[0] ?? 'action', rank: rank < 0 ? rankOf('action') : rank }
}

/** What is wrong with `from` importing `to`, or undefined. */
export function objection(from, to, onlyTypes) {
  const here = place(from)
  const there = place(to)
  if (here.edge) {
    if (free.includes(here.edge) || here.edge === there.edge || there.layer === 'vocabulary') return undefined
    if (there.edge) return `the edge ${here.edge}/ must not know the edge ${there.edge}/`
    if (there.layer === 'assembly') return onlyTypes ? undefined : `the edge ${here.edge}/ may import only types from ${to}`
    return `the edge ${here.edge}/ may import the vocabulary, not ${there.layer} (${to})`
  }
  if (there.edge) return `${here.layer} must not know the edge ${there.edge}/`
  return there.rank > here.rank ? `${here.layer} must not import ${there.layer} (${to})` : undefined
}

/** The modules a source file names: [{ specifier, onlyTypes }]. */
export function importsOf(file, code) {
  const { module, errors } = parseSync(file, code)
  if (errors.length > 0) throw new Error(`${file} does not parse: ${errors[0].message}`)
  const named = (request, entries) => ({ specifier: request.value, onlyTypes: entries.length > 0 && entries.every((entry) => entry.isType) })
  return [
    ...module.staticImports.map(({ moduleRequest, entries }) => named(moduleRequest, entries)),
    ...module.staticExports.flatMap(({ entries }) => entries.filter((entry) => entry.moduleRequest).map((entry) => named(entry.moduleRequest, [entry]))),
    ...module.dynamicImports.map(({ moduleRequest }) => ({ specifier: code.slice(moduleRequest.start + 1, moduleRequest.end - 1), onlyTypes: false })),
  ]
}

/** One line per fault; none when all imports point the right way. */
export function checkImports() {
  const faults = []
  const graph = new Map()
  for (const path of filesIn('packages/session/src', (file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))) {
    const from = relative(source, path)
    const { edge, layer } = place(from)
    if (edge && !edges.includes(edge)) faults.push(`${from}: the folder ${edge}/ is not in the map of scripts/check-imports.mjs`)
    const values = []
    for (const { specifier, onlyTypes } of importsOf(path, readFileSync(path, 'utf8'))) {
      if (!specifier.startsWith('.')) {
        if (layer === 'judgement') faults.push(`${from}: judgement is pure and imports no package (${specifier})`)
        continue
      }
      const to = relative(source, join(dirname(path), specifier))
      const fault = to.startsWith('..') ? `${specifier} leaves src` : objection(from, to, onlyTypes)
      if (fault) faults.push(`${from}: ${fault}`)
      if (!onlyTypes) values.push(to)
    }
    graph.set(from, values)
  }
  return [...new Set([...faults, ...cycles(graph)])]
}

/** The same for packages/session-desktop. */
export function checkDesktopImports() {
  const here = join(root, 'packages/session-desktop/src')
  const faults = []
  const graph = new Map()
  for (const path of filesIn('packages/session-desktop/src', (file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))) {
    const from = relative(here, path)
    const values = []
    for (const { specifier, onlyTypes } of importsOf(path, readFileSync(path, 'utf8'))) {
      const to = specifier.startsWith('.') ? relative(here, join(dirname(path), specifier)) : undefined
      const packages = morePackages[from.split('/')[0]] ?? desktopPackages
      const fault = to === undefined ? (packages.test(specifier) ? undefined : `must not import ${specifier}`) : desktopObjection(from, to)
      if (fault) faults.push(`session-desktop/${from}: ${fault}`)
      if (to !== undefined && !onlyTypes) values.push(to)
    }
    graph.set(from, values)
  }
  return [...faults, ...cycles(graph)]
}

/** What is wrong with `from` importing `to`, or undefined. */
export function desktopObjection(from, to) {
  const [own, other] = [from, to].map((file) => (file.includes('/') ? file.split('/')[0] : undefined))
  if (to.startsWith('..')) return `${to} leaves src`
  if (own !== undefined && !Object.hasOwn(desktop, own)) return `the folder ${own}/ is not in the map of scripts/check-imports.mjs`
  if (other === undefined) return to === 'index.ts' ? 'nothing imports the index' : undefined
  if (own === undefined) return from === 'index.ts' ? undefined : `${from} stands beside the index and must not know ${other}/`
  return own === other || desktop[own].includes(other) ? undefined : `${own}/ must not know ${other}/`
}

/** The same for packages/session-server. */
export function checkServerImports() {
  const here = join(root, 'packages/session-server/src')
  const faults = []
  const graph = new Map()
  const folderOf = (file) => (file.includes('/') ? file.split('/')[0] : undefined)
  for (const path of filesIn('packages/session-server/src', (file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))) {
    const from = relative(here, path)
    const own = folderOf(from)
    const values = []
    if (own !== undefined && !Object.hasOwn(server, own)) faults.push(`session-server/${from}: the folder ${own}/ is not in the map of scripts/check-imports.mjs`)
    for (const { specifier, onlyTypes } of importsOf(path, readFileSync(path, 'utf8'))) {
      if (!specifier.startsWith('.')) {
        if (!(own !== undefined && server[own]?.test(specifier))) faults.push(`session-server/${from}: must not import ${specifier}`)
        continue
      }
      const to = relative(here, join(dirname(path), specifier))
      const other = folderOf(to)
      if (to.startsWith('..')) faults.push(`session-server/${from}: ${to} leaves src`)
      else if (other !== undefined && other !== own && !onlyTypes) faults.push(`session-server/${from}: must not know ${other}/`)
      if (!onlyTypes) values.push(to)
    }
    graph.set(from, values)
  }
  return [...faults, ...cycles(graph)]
}

function cycles(graph) {
  const found = []
  const done = new Set()
  const visit = (file, path) => {
    if (path.includes(file)) return void found.push(`import cycle: ${[...path.slice(path.indexOf(file)), file].join(' → ')}`)
    if (done.has(file)) return
    for (const next of graph.get(file) ?? []) visit(next, [...path, file])
    done.add(file)
  }
  for (const file of graph.keys()) visit(file, [])
  return found
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const faults = [...checkImports(), ...checkDesktopImports(), ...checkServerImports()]
  for (const fault of faults) console.error(fault)
  process.exit(faults.length > 0 ? 1 : 0)
}
