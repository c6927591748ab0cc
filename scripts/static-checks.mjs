// The checks that read the code without running it; each counts as one test.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { checkExamples } from './check-examples.mjs'
import { tsc } from './setup/build.mjs'
import { root, run, toolsEnv } from './setup/command.mjs'
import { workspaceFolders } from './setup/fingerprint.mjs'

// Each resolves to what is wrong, or to an empty string.
const checks = [
  ['type check', typeCheck],
  ['lint', (node) => script(node, join(root, 'node_modules/oxlint/bin/oxlint'), '--type-aware', '--deny-warnings')],
  ['examples compile', checkExamples],
  ['import direction', (node) => script(node, join(root, 'scripts/check-imports.mjs'))],
  ['field defects and their tests', (node) => script(node, join(root, 'scripts/field-defects.mjs'))],
  ['figures and the page that shows them', (node) => script(node, join(root, 'bench/src/check.ts'))],
  ['threat model', (node) => script(node, join(root, 'scripts/threat-model.mjs'))],
  ...workspaceFolders('packages').map((folder) => [
    `publint ${folder}`,
    (node) => script(node, join(root, 'node_modules/publint/src/cli.js'), 'run', folder, '--strict', '--level', 'warning', '--pack', 'pnpm'),
  ]),
]

async function typeCheck(node) {
  const built = await tsc(node, ['-b'])
  if (built.code !== 0) return built.output
  const projects = ['test', 'bench', ...workspaceFolders('examples')].filter((folder) => existsSync(join(root, folder, 'tsconfig.json')))
  const failures = []
  for (const folder of projects) {
    const { code, output } = await tsc(node, ['-p', folder, '--noEmit'])
    if (code !== 0) failures.push(output)
  }
  return failures.join('\n')
}

async function script(node, file, ...args) {
  const { code, output } = await run(node, [file, ...args], { env: toolsEnv(node) })
  return code === 0 ? '' : output || `exit ${code}`
}

/** Runs all of them, prints one line for each and the reasons of those that fail. */
export async function staticChecks(node) {
  const tally = { passed: 0, failed: 0, skipped: 0 }
  for (const [name, check] of checks) {
    const wrong = await check(node).catch((error) => error.message)
    console.log(` ${wrong ? '✗' : '✓'} ${name}`)
    if (wrong) console.error(wrong.trimEnd().split('\n').slice(0, 200).join('\n'))
    tally[wrong ? 'failed' : 'passed'] += 1
  }
  return tally
}
