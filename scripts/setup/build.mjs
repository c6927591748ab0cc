// The packages' dist folders: JavaScript by rollup, declarations by tsc, each made again only when the sources changed.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { must, root, run, say, toolsEnv } from './command.mjs'
import { filesIn, fingerprint, forget, isInStep, remember, workspaceFolders } from './fingerprint.mjs'
import { pnpm } from './pnpm.mjs'

const isSource = (file) => file.endsWith('.ts') && !file.endsWith('.test.ts')

function sources() {
  const packages = workspaceFolders('packages')
  const settings = ['rollup.config.mjs', 'tsconfig.json', 'tsconfig.base.json', 'pnpm-lock.yaml']
  const own = packages.flatMap((folder) => [`${folder}/package.json`, `${folder}/tsconfig.json`])
  return [...packages.flatMap((folder) => filesIn(`${folder}/src`, isSource)), ...[...settings, ...own].map((file) => join(root, file))]
}

/** Every file the packages' export maps name under `condition` is there. */
function isThere(condition) {
  return workspaceFolders('packages').every((folder) => {
    const { exports } = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'))
    return Object.values(exports).every((entry) => existsSync(join(root, folder, entry[condition])))
  })
}

async function step(name, condition, line, work) {
  const print = fingerprint(sources())
  if (isInStep(name, print) && isThere(condition)) return
  say(line)
  forget(name)
  await work()
  remember(name, print)
}

export function bundle(node) {
  const rollup = join(root, 'node_modules/rollup/dist/bin/rollup')
  return step('bundle', 'default', 'Building the packages', () => must('rollup', node, [rollup, '-c', '--silent'], { env: toolsEnv(node) }))
}

export function declare(node) {
  return step('declare', 'types', 'Writing their type declarations', async () => {
    const { code, output } = await tsc(node, ['-b'])
    if (code !== 0) throw new Error(`Type check failed.\n${output}`)
  })
}

/** The storefront's dist folder. */
export const buildStorefront = (node) => buildPage(node, 'storefront')

/** The dist folder of the uploader's window, which looks as the storefront does. */
export const buildWindow = (node) => buildPage(node, 'uploader', filesIn('examples/storefront/src/styles', () => true))

/** An example's dist folder, by vite. */
async function buildPage(node, name, more = []) {
  const own = filesIn(`examples/${name}`, (file) => !file.includes('/dist/'))
  const print = fingerprint([...own, ...more, ...sources()])
  if (isInStep(name, print) && existsSync(join(root, `examples/${name}/dist/index.html`))) return
  say(`Building the ${name}'s page`)
  forget(name)
  await must('vite build', pnpm, ['--filter', `@3dimli/example-${name}`, 'build'], { env: { ...toolsEnv(node), CI: 'true', NODE_ENV: 'production' } })
  remember(name, print)
}

export function tsc(node, args) {
  return run(node, [join(root, 'node_modules/typescript/bin/tsc'), ...args], { env: toolsEnv(node) })
}
