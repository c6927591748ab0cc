// `npm run bench -- size uploads`: measures the figures named, or all of them, beside their peers; see bench and docs/performance.md.
import { join } from 'node:path'
import { root, run, toolsEnv } from './setup/command.mjs'
import { fail, setUp } from './setup.mjs'

try {
  const { node, browser } = await setUp({ browser: true, peers: true })
  const program = join(root, 'bench/src/main.ts')
  const { code } = await run(node, ['--disable-warning=ExperimentalWarning', program, ...process.argv.slice(2)], { env: { ...toolsEnv(node), CHROME_PATH: process.env.CHROME_PATH ?? browser }, show: true })
  process.exitCode = code ?? 1
} catch (error) {
  fail(error)
}
