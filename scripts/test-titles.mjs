// The titles of all tests, read from their sources without running them; what a title takes from a table is filled in from the table's tags.
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { parseSync } from 'vite'
import { root } from './setup/command.mjs'
import { filesIn } from './setup/fingerprint.mjs'

const folders = ['packages', 'examples', 'test']

function parse(file) {
  const { program, module, errors } = parseSync(file, readFileSync(file, 'utf8'))
  if (errors.length > 0) throw new Error(`${file} does not parse: ${errors[0].message}`)
  return { program, imports: module.staticImports.map(({ moduleRequest }) => moduleRequest.value) }
}

/** Calls `visit` with each node; what it returns is handed to the nodes inside. */
function walk(node, visit, from) {
  if (Array.isArray(node)) for (const one of node) walk(one, visit, from)
  else if (node && typeof node === 'object') {
    const inside = typeof node.type === 'string' ? visit(node, from) : from
    for (const value of Object.values(node)) if (value && typeof value === 'object') walk(value, visit, inside)
  }
}

/** `it`, `test` or `describe` of a call such as `it('…')`, `test.each(rows)('…')` or `describe.runIf(x)('…')`; undefined for another one, and for one that never runs. */
function kindOf({ callee }) {
  let from = callee
  while (from.type === 'CallExpression' || from.type === 'MemberExpression') {
    if (from.type === 'MemberExpression' && ['skip', 'todo'].includes(from.property.name)) return undefined
    from = from.type === 'CallExpression' ? from.callee : from.object
  }
  return from.type === 'Identifier' && ['it', 'test', 'describe'].includes(from.name) ? from.name : undefined
}

/** A title in parts: texts, and the names of what is put between them. */
function partsOf([first]) {
  if (first?.type === 'Literal' && typeof first.value === 'string') return [first.value]
  if (first?.type !== 'TemplateLiteral') return undefined
  return first.quasis.flatMap(({ value }, index) => {
    const put = first.expressions[index]
    return put ? [value.cooked, { name: put.property?.name ?? put.name }] : [value.cooked]
  })
}

/** The `tags` of every row of a table in a program. */
function tagsIn(program) {
  const found = []
  walk(program, (node) => {
    if (node.type === 'Property' && (node.key.name ?? node.key.value) === 'tags' && typeof node.value.value === 'string') found.push(node.value.value)
  })
  return found
}

/** The titles of a file: a title with `${row.tags}` once for each row of the tables in the file and in what it imports; so each of these rows must be run. */
function titlesOf(file) {
  const { program, imports } = parse(file)
  const titles = []
  walk(program, (node, around) => {
    const kind = node.type === 'CallExpression' && kindOf(node)
    const parts = kind && partsOf(node.arguments)
    if (!parts) return around
    if (kind === 'describe') return [...around, filled(parts, '…')]
    const takesTags = parts.some((part) => part.name === 'tags')
    for (const tags of takesTags ? tables() : ['…']) titles.push({ title: filled(parts, tags), around })
    return around
  }, [])
  return titles

  function tables() {
    const near = imports.filter((specifier) => specifier.startsWith('.')).map((specifier) => join(dirname(file), specifier)).filter(existsSync)
    return [program, ...near.map((one) => parse(one).program)].flatMap(tagsIn)
  }
}

const filled = (parts, tags) => parts.map((part) => (typeof part === 'string' ? part : part.name === 'tags' ? tags : '…')).join('')

/** Every test: [{ file, title, around }], in the order of files and lines; `around`: what the blocks it stands in are called. */
export function testTitles() {
  const isTest = (file) => /\.(?:test|spec)\.ts$/.test(file)
  return folders.flatMap((folder) => filesIn(folder, isTest)).flatMap((file) => titlesOf(file).map((found) => ({ file: relative(root, file), ...found })))
}
