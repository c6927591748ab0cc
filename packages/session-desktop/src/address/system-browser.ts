/** Shows an address in the browser that the person uses. */
import { spawn } from 'node:child_process'

const commands: Partial<Record<NodeJS.Platform, readonly [string, ...string[]]>> = { darwin: ['open'], win32: ['rundll32', 'url.dll,FileProtocolHandler'] }

/**
 * Opens a web address in the system's browser, through no shell. Resolves when the program that opens addresses is done, which may be when the browser
 * is closed; under Windows it never says that it failed.
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
  const [command, ...given] = commands[process.platform] ?? ['xdg-open']
  await new Promise<void>((resolve, reject) => {
    // Errors of the system carry the whole command line, and so the address.
    const fail = (why: string | number | null | undefined): void => reject(new Error(`"${command}" could not open the browser (${why}).`))
    const program = spawn(command, [...given, url.href], { detached: true, stdio: 'ignore' })
    program.on('error', (error: NodeJS.ErrnoException) => fail(error.code))
    program.on('exit', (code, signal) => (code === 0 ? resolve() : fail(code ?? signal)))
    program.unref()
  })
}
