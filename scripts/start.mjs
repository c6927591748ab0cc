// `npm start`: the demo, which is an OpenID provider with the marketplace's API, and the storefront; Ctrl-C ends both.
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { fail, setUp } from './setup.mjs'
import { buildStorefront } from './setup/build.mjs'
import { root } from './setup/command.mjs'
import { rerunUnder } from './setup/node.mjs'
import { isFree } from './setup/ports.mjs'

const usage = `npm start -- --port 4500    the provider on port 4500, the storefront on 4501 (else 4400 and 4401)
npm start -- --data folder  where the provider keeps its state (else .data)`

function optionsFrom(args) {
  try {
    const { values } = parseArgs({ args, options: { port: { type: 'string', default: '4400' }, data: { type: 'string', default: '.data' } } })
    const port = Number(values.port)
    if (Number.isInteger(port) && port > 0 && port < 65_535) return { provider: port, storefront: port + 1, dataDir: resolve(root, values.data) }
  } catch {
    // An unknown option: told below, in the same words.
  }
  throw new Error(`Not understood: ${args.join(' ')}\n${usage}`)
}

async function claim(who, port) {
  if (!(await isFree(port))) throw new Error(`Port ${port}, meant for the ${who}, is taken by another program. Choose others: npm start -- --port ${port + 100}`)
}

async function answers(url) {
  const deadline = Date.now() + 15_000
  for (;;) {
    const status = await fetch(url).then((response) => response.status, (error) => error.cause?.code ?? error.message)
    if (status === 200) return
    if (Date.now() > deadline) throw new Error(`${url} does not answer (${status}).`)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

async function startAll({ provider, storefront: port, dataDir }) {
  const { startAuthority } = await import('../examples/authority/src/index.ts')
  const { startStorefront } = await import('../examples/storefront/server.ts')
  await claim('provider', provider)
  await claim('storefront', port)
  const authority = await startAuthority({ port: provider, storefront: `http://localhost:${port}`, dataDir })
  const storefront = await startStorefront({ port, issuer: authority.issuer, apiOrigin: authority.issuer })
  await answers(`${authority.issuer}/.well-known/openid-configuration`)
  await answers(`${storefront.url}/config.json`)
  return { issuer: authority.issuer, url: storefront.url, close: () => Promise.all([storefront.close(), authority.close()]) }
}

async function welcome({ issuer, url }) {
  const { accounts } = await import('../examples/authority/src/accounts.ts')
  const people = accounts.map(({ email, name, role }) => `    ${email.padEnd(20)} ${role.padEnd(7)} ${name}`)
  return `
  Storefront      ${url}
  Administration  ${issuer}/admin

  Accounts, each with the password demo:
${people.join('\n')}

  What to try:
    1. Open the storefront in a few tabs, sign in, save a file on this device and start an order.
    2. Open the administration in another window, sign in as the admin, and revoke the session with a reason.
    3. Look at the tabs: all have ended, and the file and the order are gone. The timeline shows when, in milliseconds.
    4. Sign in again: what was bought is still there, only this device forgot it.

  Ctrl-C ends it.`
}

async function main() {
  const args = process.argv.slice(2)
  const options = optionsFrom(args)
  const { node } = await setUp()
  await buildStorefront(node)
  const code = await rerunUnder(node, fileURLToPath(import.meta.url), args)
  if (code !== undefined) process.exit(code)
  const demo = await startAll(options)
  console.log(await welcome(demo))
  for (const event of ['SIGINT', 'SIGTERM', 'disconnect']) process.once(event, () => void end(demo))
}

async function end(demo) {
  console.log('\nEnding.')
  await demo.close()
  process.exit(0)
}

await main().catch(fail)
