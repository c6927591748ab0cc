// `npm test`: set-up, static checks, then every test; `npm test -- <filter>` runs only the test files whose path has the filter in it, `-- --project firefox` only one engine.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ensureBrowsers } from './setup/browser.mjs'
import { bundle } from './setup/build.mjs'
import { root, run, toolsEnv } from './setup/command.mjs'
import { prepare } from './setup.mjs'
import { staticChecks } from './static-checks.mjs'

async function vitest(node, browsers, args) {
  const folder = mkdtempSync(join(tmpdir(), 'tally-'))
  const TALLY_FILE = join(folder, 'tally.json')
  // Many tests start processes: with their code compiled once for all of them, such a test needs a third less of the processor.
  const env = { ...toolsEnv(node), ...browsers, TALLY_FILE, NODE_COMPILE_CACHE: join(folder, 'code') }
  const { code } = await run(node, ['--disable-warning=ExperimentalWarning', join(root, 'node_modules/vitest/vitest.mjs'), 'run', ...args], { env, show: true })
  const tally = read(TALLY_FILE)
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  // A run that ends badly without a failed test (a crash, no test found) is a failure all the same.
  if (code !== 0 && tally.failed === 0) tally.failed += 1
  return tally
}

function read(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    return { passed: 0, failed: 1, skipped: 0 }
  }
}

async function attempt(step) {
  try {
    await step()
    return 0
  } catch (error) {
    console.error(` ✗ ${error.message}`)
    return 1
  }
}

const total = { passed: 0, failed: 0, skipped: 0 }
const add = (tally) => Object.keys(total).forEach((key) => (total[key] += tally[key]))

const filter = process.argv.slice(2)
let node
let browsers
total.failed += await attempt(async () => (node = await prepare()))
if (node) total.failed += await attempt(async () => (browsers = await ensureBrowsers(filter)))
if (node && browsers) {
  total.failed += await attempt(() => bundle(node))
  if (filter.length === 0) add(await staticChecks(node))
  else console.log('Only test files that match: the static checks are left out.')
  add(await vitest(node, browsers, filter))
}

if (total.passed + total.failed === 0) total.failed = 1
console.log(`\n${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`)
process.exitCode = total.failed > 0 ? 1 : 0
