// WebKitWebDriver: one process of it serves all the browsers of a test file, one after another.
import { spawn, type ChildProcess } from 'node:child_process'
import { findMiniBrowser } from '../../scripts/setup/browser.mjs'
import { startDisplay, type Display } from './display.ts'
import { freePort } from './loopback.ts'
import { killGroup, tied } from './processes.ts'
import { until } from './until.ts'

export interface WebDriverServer {
  readonly address: string
  readonly miniBrowser: string
  readonly display: Display
  readonly pid: number
  /** Ends it with every browser it started; the next call of webDriverServer() starts another. */
  kill(): Promise<void>
}

// A graphics card, and the sandbox that needs user namespaces, are not to be had on every machine.
const settings = { WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS: '1', WEBKIT_DISABLE_COMPOSITING_MODE: '1', WEBKIT_DISABLE_DMABUF_RENDERER: '1', LIBGL_ALWAYS_SOFTWARE: '1' }

let display: Promise<Display> | undefined
let running: Promise<WebDriverServer> | undefined

export const webDriverServer = (): Promise<WebDriverServer> => (running ??= start())

async function start(): Promise<WebDriverServer> {
  const miniBrowser = findMiniBrowser()
  if (!miniBrowser) throw new Error('No WebKitWebDriver with MiniBrowser found: run `npm test`, which installs them (Debian: webkit2gtk-driver)')
  const screen = await (display ??= startDisplay())
  const port = await freePort()
  const env = { ...process.env, ...settings, DISPLAY: screen.name }
  const child: ChildProcess = spawn(...tied('WebKitWebDriver', [`--port=${port}`]), { env, detached: true, stdio: 'ignore' })
  const { pid } = child
  if (!pid) throw new Error('WebKitWebDriver did not start')
  process.once('exit', () => {
    try {
      process.kill(-pid, 'SIGKILL')
    } catch {
      // It has ended.
    }
  })
  child.unref()
  const address = `http://127.0.0.1:${port}`
  await until(async () => (await fetch(`${address}/status`)).ok, { what: 'WebKitWebDriver to answer' })
  return {
    address, miniBrowser, display: screen, pid,
    async kill() {
      running = undefined
      await killGroup(pid)
    },
  }
}
