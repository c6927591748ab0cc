// `npm run uploader -- <command>`: the seller's uploader, set up first where that is still to be done.
import { fileURLToPath } from 'node:url'
import { fail, setUp } from './setup.mjs'
import { buildWindow } from './setup/build.mjs'
import { rerunUnder } from './setup/node.mjs'

// Standard output is the command's own: scripts read it.
console.log = console.error

async function main() {
  const args = process.argv.slice(2)
  const { node } = await setUp()
  if (args.includes('open') || args.includes('demo')) await buildWindow(node)
  const code = await rerunUnder(node, fileURLToPath(import.meta.url), args)
  if (code !== undefined) process.exit(code)
  // npm starts scripts at the root; files are meant from where the person is.
  process.chdir(process.env.INIT_CWD ?? '.')
  await import('../examples/uploader/src/main.ts')
}

await main().catch(fail)
