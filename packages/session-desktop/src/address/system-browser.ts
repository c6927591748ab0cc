/** Shows an address in the browser that the person uses. */
import { spawn } from 'node:child_process'
import { openDoor } from './door.ts'

/**
 * Opens a web address in the system's browser, through no shell, and through no command line that another user of the machine could read. Resolves when the
 * browser has come for it (Linux), or when the program that opens addresses is done; under Windows it never says that it failed.
 *
 * Rejects with a `TypeError` for what is no web address, since other schemes start other programs, and with an `Error` when nothing could be opened.
 *
 * @example
 * ```ts
 * import { desktop, openInBrowser } from '@3dimli/session-desktop'
 *
 * const platform = desktop({
 *   name: 'uploader',
 *   open: (url) => openInBrowser(url).catch(() => console.log(`Open this address in a browser: ${url}`)),
 * })
 * ```
 */
export async function openInBrowser(url: URL): Promise<void> {
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw new TypeError('Only a web address is opened.')
  // Windows shows a command line to nobody else.
  if (process.platform === 'win32') return run('rundll32', ['url.dll,FileProtocolHandler', url.href])
  // A script comes by a pipe; nothing of the address may end its text.
  if (process.platform === 'darwin') return run('osascript', [], `open location "${url.href.replaceAll(/["\\]/g, (character) => encodeURIComponent(character))}"\n`)
  const door = await openDoor(url)
  try {
    // The program may run for as long as the browser, or end long before the person has chosen one.
    await Promise.race([door.passed, run('xdg-open', [door.address.href]).then(() => door.passed)])
  } finally {
    door.close()
  }
}

/** Starts a program that outlives this process; resolves when it has ended well. */
function run(command: string, given: readonly string[], input?: string): Promise<void> {
  return new Promise((resolve, reject) => {
    // Errors of the system carry the whole command line.
    const fail = (why: string | number | null | undefined): void => reject(new Error(`"${command}" could not open the browser (${why}).`))
    const program = spawn(command, given, { detached: true, stdio: [input === undefined ? 'ignore' : 'pipe', 'ignore', 'ignore'] })
    program.on('error', (error: NodeJS.ErrnoException) => fail(error.code))
    program.on('exit', (code, signal) => (code === 0 ? resolve() : fail(code ?? signal)))
    // A program that has failed reads nothing; its end says so.
    program.stdin?.on('error', () => undefined).end(input)
    program.unref()
  })
}
