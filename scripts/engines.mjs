// Writes docs/engines.md; run by the Node of the tools, which reads TypeScript.
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { findNode, rerunUnder } from './setup/node.mjs'

const code = await rerunUnder(await findNode(), fileURLToPath(import.meta.url), [])
if (code !== undefined) process.exit(code)
const { report } = await import('../test/driver/report.ts')
writeFileSync(new URL('../docs/engines.md', import.meta.url), report())
