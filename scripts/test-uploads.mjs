// `npm run test:uploads -- 4096`: the test of sixteen files and four processes with so many MB, 2048 unless said otherwise; takes as much room twice.
import { join } from 'node:path'
import { root, run, toolsEnv } from './setup/command.mjs'
import { bundle } from './setup/build.mjs'
import { prepare } from './setup.mjs'

const node = await prepare()
await bundle(node)
const [megabytes = '2048'] = process.argv.slice(2)
const vitest = [join(root, 'node_modules/vitest/vitest.mjs'), 'run', '--project', 'unit', 'src/uploads/uploads', '-t', 'sixteen files']
const { code } = await run(node, ['--disable-warning=ExperimentalWarning', ...vitest], { env: { ...toolsEnv(node), UPLOAD_TEST_MB: megabytes }, show: true })
process.exitCode = code ?? 1
