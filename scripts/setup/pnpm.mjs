// Dependencies: the pinned pnpm in .tools, and node_modules as the lockfile says.
import { join } from 'node:path'
import { must, root, run, say } from './command.mjs'
import { fingerprint, forget, isInStep, remember, workspaceFolders } from './fingerprint.mjs'

const version = '12.21.0'
const tools = join(root, '.tools')

export const pnpm = join(tools, 'node_modules/.bin/pnpm')

// CI makes pnpm ask nothing: it would otherwise want an answer before it replaces a foreign node_modules.
const env = { ...process.env, CI: 'true' }

export async function installPnpm() {
  const found = await run(pnpm, ['--version'], { env, cwd: tools })
  if (found.output.trim() === version) return
  say(`Installing pnpm ${version} into .tools`)
  await must('Installing pnpm with npm', 'npm', ['install', '--prefix', tools, '--no-audit', '--no-fund', '--save-exact', `pnpm@${version}`])
}

/** With `peers` also what the figures are measured beside, which nothing else needs. */
export async function installDependencies({ peers = false } = {}) {
  const step = peers ? 'dependencies-and-peers' : 'dependencies'
  const manifests = ['.', 'test', 'bench', 'bench/peers', ...workspaceFolders('packages', 'examples')].map((folder) => join(root, folder, 'package.json'))
  const print = fingerprint([join(root, 'pnpm-lock.yaml'), join(root, 'pnpm-workspace.yaml'), ...manifests])
  if (isInStep(step, print)) return
  say('Installing dependencies (the first time this also fetches Node 24 when the system has an older one)')
  forget(step)
  await must('Installing dependencies with pnpm', pnpm, ['install', '--frozen-lockfile', '--reporter=append-only', ...(peers ? [] : ['--filter', '!@3dimli/bench-peers'])], { env })
  remember(step, print)
}
