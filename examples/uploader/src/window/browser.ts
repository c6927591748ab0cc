/** Shows the window: Chromium or one of its kin without tabs and address bar, else whatever browser the person uses. */
import { spawn } from 'node:child_process'
import { access, constants } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { openInBrowser } from '@3dimli/session-desktop'

const { env, platform } = process
/** How long a browser may take to show that it cannot start. */
const startMs = 1_500

/** Where programs that know `--app=` lie. */
function candidates(): readonly string[] {
  if (platform === 'darwin') return ['Google Chrome', 'Chromium', 'Microsoft Edge', 'Brave Browser'].map((name) => `/Applications/${name}.app/Contents/MacOS/${name}`)
  if (platform === 'win32') {
    const programs = [env['ProgramFiles'], env['ProgramFiles(x86)'], env['LOCALAPPDATA']].filter((folder) => folder !== undefined)
    return programs.flatMap((folder) => ['Google\\Chrome\\Application\\chrome.exe', 'Microsoft\\Edge\\Application\\msedge.exe'].map((file) => join(folder, file)))
  }
  const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'brave-browser', 'microsoft-edge']
  return names.flatMap((name) => (env['PATH'] ?? '').split(delimiter).map((folder) => join(folder, name)))
}

/** Opens it; `program` is a browser to use instead of those that are looked for. Rejects when no browser could be started. */
export async function showWindow(address: URL, program?: string): Promise<void> {
  for (const file of program === undefined ? candidates() : [program]) {
    const isThere = await access(file, constants.X_OK).then(() => true, () => false)
    if (isThere && (await starts(file, address))) return
  }
  if (program !== undefined) throw new Error('This browser does not start.')
  await openInBrowser(address)
}

/** Whether a program starts and does not fail at once. */
function starts(file: string, address: URL): Promise<boolean> {
  return new Promise((resolve) => {
    const child = spawn(file, [`--app=${address.href}`, '--window-size=960,760'], { detached: true, stdio: 'ignore' })
    const timer = setTimeout(() => resolve(true), startMs)
    child.on('error', () => resolve(false))
    child.on('exit', (code) => {
      clearTimeout(timer)
      // One that hands over to a browser that is open already ends well.
      resolve(code === 0)
    })
    child.unref()
  })
}
