/**
 * Asks the keychain in a process of its own, which can be killed.
 *
 * Connecting to a D-Bus that does not answer stops the thread that does it for ever, and a thread that is stopped in the system's code keeps
 * its process from ending, `process.exit()` and worker threads included (seen with @napi-rs/keyring 2.1.2 and Node 24).
 */
import { spawn } from 'node:child_process'
import { createRequire } from 'node:module'

/** How long a person may take to unlock a keychain. */
const longestMs = 30_000
/** Set for the process that asks. Whoever finds it set was started in its place, by an executable that is more than Node. */
const mark = 'SESSION_ASKS_KEYCHAIN'

/** One question: what an item holds; with `write`, that it shall hold this. */
export interface Question {
  readonly service: string
  readonly account: string
  readonly write?: string
}

/**
 * The thread that asks. Without `store`, Linux's kernel keyring would be used where the Secret Service cannot be reached: it says that there
 * is no such item, and forgets everything at the next boot.
 */
const asking = `
const { parentPort, workerData: { library, service, account, write } } = require('node:worker_threads')
const ask = async () => {
  const { AsyncEntry } = require(library)
  const entry = new AsyncEntry(service, account, { linux: { store: 'secret-service' } })
  return write === undefined ? await entry.getPassword() ?? null : entry.setPassword(write).then(() => null)
}
ask().then((value) => parentPort.postMessage({ value }), () => parentPort.postMessage({}))
`

/** The thread that waits. When its input ends, whoever asked is gone, and nothing but a signal would end this process. */
const waiting = `
const { Worker } = require('node:worker_threads')
const end = () => process.kill(process.pid, 'SIGKILL')
const answer = (said) => process.stdout.write(JSON.stringify(said), end)
let asked = ''
process.stdin.setEncoding('utf8').on('end', end).on('data', (chunk) => {
  asked += chunk
  if (!asked.endsWith('\\n')) return
  new Worker(${JSON.stringify(asking)}, { eval: true, workerData: JSON.parse(asked) }).on('message', answer).on('error', () => answer({}))
})
`

/**
 * Resolves to the item's text, or null where there is no such item (and after a write); rejects where that cannot be told within `waitMs`, 30 s by default.
 *
 * The secret passes through pipes, never through arguments or the environment, which other processes may read.
 */
export function askApart(question: Question, waitMs: number = longestMs): Promise<string | null> {
  return new Promise((resolve, reject) => {
    if (process.env[mark] !== undefined || process.getBuiltinModule?.('node:sea')?.isSea()) throw new Error('This executable cannot be run as Node.')
    const library = createRequire(import.meta.url).resolve('@napi-rs/keyring')
    const env = { ...process.env, NODE_OPTIONS: '', ELECTRON_RUN_AS_NODE: '1', [mark]: '1' }
    const child = spawn(process.execPath, ['-e', waiting], { env, stdio: ['pipe', 'pipe', 'ignore'], windowsHide: true })
    const late = setTimeout(() => child.kill('SIGKILL'), waitMs)
    let said = ''
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => (said += chunk))
    child.stdin.on('error', () => undefined).write(`${JSON.stringify({ library, ...question })}\n`)
    child.on('error', reject).on('close', () => {
      clearTimeout(late)
      const value = read(said)
      if (value === undefined) reject(new Error('The keychain did not answer.'))
      else resolve(value)
    })
  })
}

function read(said: string): string | null | undefined {
  try {
    return (JSON.parse(said) as { readonly value?: string | null }).value
  } catch {
    return undefined
  }
}
