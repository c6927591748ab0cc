// `npm run test:model -- --runs 200000 --seed 123`: the model of the device, for as long as one likes; see packages/session/test/model.
import { join } from 'node:path'
import { root, run, toolsEnv } from './setup/command.mjs'
import { prepare } from './setup.mjs'

const node = await prepare()
const program = join(root, 'packages/session/test/model/main.ts')
const { code } = await run(node, ['--disable-warning=ExperimentalWarning', program, ...process.argv.slice(2)], { env: toolsEnv(node), show: true })
process.exitCode = code ?? 1
