// The program of a browser that puppeteer drives, Chromium or Firefox, and its process.
import puppeteer, { type Browser, type LaunchOptions } from 'puppeteer-core'

export interface Program {
  readonly name: string
  readonly path: string | undefined
  /** The environment variable that names another one. */
  readonly variable: string
}

export interface Running {
  readonly puppeteer: Browser
  readonly pid: number
}

/** Starts it, without a window, on a profile that is kept where one is given. */
export async function startProgram({ name, path, variable }: Program, profile: string | undefined, options: LaunchOptions): Promise<Running> {
  if (!path) throw new Error(`No ${name} found: run \`npm test\`, which installs one, or set ${variable}`)
  const browser = await puppeteer.launch({ ...options, executablePath: path, headless: true, timeout: 60_000, protocolTimeout: 240_000, ...(profile ? { userDataDir: profile } : {}) })
  const pid = browser.process()?.pid
  if (!pid) throw new Error(`${name} was started, but has no process id`)
  return { puppeteer: browser, pid }
}
