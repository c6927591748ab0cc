// Every TypeScript example in the READMEs and in the doc comments compiles against the packages as published.
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { tsc } from './setup/build.mjs'
import { root } from './setup/command.mjs'
import { filesIn } from './setup/fingerprint.mjs'

// Inside test/, whose dependencies are the packages; never committed.
const folder = join(root, 'test/checked-examples')

/** Example blocks of one text: those of doc comments lose their leading stars. */
export function examplesOf(text) {
  return [...text.matchAll(/^([ \t]*(?:\*[ \t]?)?)```ts\n([\s\S]*?)^\1```/gm)].map(([, indent, code]) =>
    code.split('\n').map((line) => (line.startsWith(indent.trimEnd()) ? line.slice(Math.min(indent.length, line.length)) : line)).join('\n'),
  )
}

/** What does not compile, or an empty string. */
export async function checkExamples(node) {
  const sources = [
    join(root, 'README.md'),
    ...filesIn('packages', (file) => /README\.md$|\/src\/.*(?<!test)\.ts$/.test(file)),
  ]
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  let count = 0
  for (const file of sources) {
    examplesOf(readFileSync(file, 'utf8')).forEach((code, index) => {
      count += 1
      const name = `${relative(root, file).replaceAll(/[^\w]+/g, '-')}-${index + 1}.ts`
      writeFileSync(join(folder, name), `${code}\nexport {}\n`)
    })
  }
  if (count === 0) return 'no example was found'
  const options = { compilerOptions: { noEmit: true, lib: ['ES2024', 'DOM', 'DOM.Iterable'], noUnusedLocals: false, noUnusedParameters: false, allowImportingTsExtensions: true, rewriteRelativeImportExtensions: false }, extends: '../tsconfig.json', include: ['.'], exclude: [] }
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(options))
  copyFileSync(join(root, 'scripts/examples.d.ts'), join(folder, 'examples.d.ts'))
  const { code, output } = await tsc(node, ['-p', folder])
  rmSync(folder, { recursive: true, force: true })
  return code === 0 ? '' : output
}
