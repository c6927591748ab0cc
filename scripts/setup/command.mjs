// A child process as a promise: what it prints is kept, and told only when it fails.
import { spawn } from 'node:child_process'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('../..', import.meta.url))

/** Runs `file args`; resolves to { code, output }. `show: true` lets it print straight to the terminal instead. */
export function run(file, args, { env = process.env, cwd = root, show = false, onStatus } = {}) {
  const out = show ? 'inherit' : 'pipe'
  const child = spawn(file, args, { cwd, env, stdio: ['ignore', out, out, ...(onStatus ? ['pipe'] : [])] })
  let output = ''
  child.stdout?.on('data', (chunk) => (output += chunk))
  child.stderr?.on('data', (chunk) => (output += chunk))
  child.stdio[3]?.on('data', (chunk) => onStatus(String(chunk)))
  return new Promise((resolve) => {
    child.on('error', (error) => resolve({ code: 127, output: error.message }))
    child.on('close', (code, signal) => resolve({ code: code ?? 1, output: signal ? `${output}\nended by ${signal}` : output }))
  })
}

/** Like run(), but a non-zero exit is an Error with the last lines of what was printed. */
export async function must(what, file, args, options) {
  const { code, output } = await run(file, args, options)
  if (code !== 0) throw new Error(`${what} failed (exit ${code}).\n${output.trim().split('\n').slice(-25).join('\n')}`)
  return output
}

/** The environment the tools run in: their Node and their commands come first. */
export function toolsEnv(node) {
  const path = [dirname(node), join(root, 'node_modules/.bin'), join(root, '.tools/node_modules/.bin'), process.env.PATH]
  return { ...process.env, PATH: path.join(delimiter) }
}

export const say = (line) => console.log(`· ${line}`)
