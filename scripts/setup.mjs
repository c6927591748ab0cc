// Set-up: whatever is missing on this machine for the other scripts, and nothing that is there already.
import { pathToFileURL } from 'node:url'
import { ensureBrowser } from './setup/browser.mjs'
import { bundle, declare } from './setup/build.mjs'
import { findNode } from './setup/node.mjs'
import { installDependencies, installPnpm } from './setup/pnpm.mjs'

/** Dependencies and the Node that runs the tools; resolves to that Node's path. */
export async function prepare({ peers = false } = {}) {
  await installPnpm()
  await installDependencies({ peers })
  return findNode()
}

/** prepare(), and the packages built. */
export async function setUp({ browser = false, peers = false } = {}) {
  const node = await prepare({ peers })
  await bundle(node)
  await declare(node)
  return { node, browser: browser ? await ensureBrowser() : undefined }
}

/** Ends the process with the message of an error that tells the user what to do; anything else keeps its stack. */
export function fail(error) {
  console.error(`\n${error instanceof Error ? error.message : error}`)
  process.exit(1)
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  await setUp({ browser: process.argv.includes('--browser') }).catch(fail)
  console.log('Ready.')
}
