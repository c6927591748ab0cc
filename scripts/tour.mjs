// `npm run tour`: the main job without hands, in a real browser; prints the timeline, saves docs/tour.json and the README's pictures.
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { fail, setUp } from './setup.mjs'
import { buildStorefront } from './setup/build.mjs'
import { rerunUnder } from './setup/node.mjs'

const usage = `npm run tour -- --rounds 3   revokes three times (else 5)
npm run tour -- --no-save    leaves the README, its pictures and docs/tour.json as they are`

function optionsFrom(args) {
  try {
    const { values } = parseArgs({ args, allowNegative: true, options: { rounds: { type: 'string', default: '5' }, save: { type: 'boolean', default: true } } })
    const rounds = Number(values.rounds)
    if (Number.isInteger(rounds) && rounds > 0 && rounds <= 50) return { rounds, save: values.save }
  } catch {
    // An unknown option: told below, in the same words.
  }
  throw new Error(`Not understood: ${args.join(' ')}\n${usage}`)
}

async function main() {
  const args = process.argv.slice(2)
  const options = optionsFrom(args)
  const { node, browser } = await setUp({ browser: true })
  await buildStorefront(node)
  process.env.CHROME_PATH ??= browser
  const code = await rerunUnder(node, fileURLToPath(import.meta.url), args)
  if (code !== undefined) process.exit(code)
  // Whoever started this is gone: nobody waits for the answer.
  process.once('disconnect', () => process.exit(1))
  const { tour } = await import('../examples/storefront/tour/tour.ts')
  process.exit((await tour(options)) ? 0 : 1)
}

await main().catch(fail)
