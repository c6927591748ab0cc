/**
 * A desktop application as a platform: the record in an encrypted file, its key in the system's keychain, locks and messages between processes.
 *
 * @module `@3dimli/session-desktop`
 */
import { isAbsolute, join } from 'node:path'
import { systemClock, type Platform, type Ports } from '@3dimli/session/platform'
import { loopback } from './address/loopback.ts'
import { openInBrowser } from './address/system-browser.ts'
import { processChannel } from './channel/channel.ts'
import { folderEraser } from './erase/eraser.ts'
import { dataHome } from './folder.ts'
import { fileLocks } from './lock/file-lock.ts'
import { processLock } from './lock/process-lock.ts'
import { fileFlags, memoryFlows } from './notes/notes.ts'
import { recordKeys } from './record/keys.ts'
import { fileStore } from './record/store.ts'
import { keychain } from './secrets/keychain.ts'
import { recordSecret, type Secrets } from './secrets/secret.ts'
import { processWake } from './wake/wake.ts'

export { openInBrowser } from './address/system-browser.ts'
export type { Secrets } from './secrets/secret.ts'

/** Options of `desktop()`. */
export interface DesktopOptions {
  /** Names this application's session for this person: letters, digits, `-` and `_`. Two names are two independent sessions. */
  readonly name: string
  /**
   * An absolute path; what the session keeps lies in a folder `3dimli.<name>` below it.
   * @default the person's data directory: `$XDG_DATA_HOME` or `~/.local/share`, `%APPDATA%`, `~/Library/Application Support`
   */
  readonly directory?: string
  /**
   * Keeps the 32 bytes that open the record, instead of the system's keychain; such as a file sealed by Electron's `safeStorage`.
   * @default the item `record` of `3dimli.<name>` in the system's keychain
   */
  readonly secrets?: Secrets
  /** What people call the application; shown in the browser after a sign-in. @default name */
  readonly title?: string
  /**
   * Shows an address of the sign-in to the person; a sign-in whose address it cannot show, since it throws or rejects, fails as `no_browser`.
   * To this person alone, and in no command line, which other users of the machine can read: whoever else has the address can sign in there as himself.
   * @default openInBrowser
   */
  readonly open?: (url: URL) => void | Promise<void>
}

/** A desktop application's platform. */
export interface Desktop extends Platform {
  /** The folder that targets of the kind `directory` are relative to. Nothing makes it before the application does. */
  readonly content: string
  /** Says that the machine is about to sleep, e.g. on `suspend` of Electron's `powerMonitor`. Optional: a sleep is noticed within 2 s of its end. */
  slept(): void
  /** Says that it is awake again. Saying it twice does nothing. */
  woke(): void
}

const options = ['name', 'directory', 'secrets', 'title', 'open']

/**
 * Makes the platform of a process of a desktop application; all processes with the same name and directory share one session.
 * Importing and calling it touches nothing; `session.start()` does.
 *
 * Throws a `TypeError` that names a wrong option.
 *
 * @example
 * ```ts
 * import { createSession } from '@3dimli/session'
 * import { oauth } from '@3dimli/session/authorities/oauth'
 * import { desktop } from '@3dimli/session-desktop'
 *
 * const session = createSession({
 *   authority: oauth({ issuer: 'https://id.example.com', clientId: 'uploader', redirectUri: 'http://127.0.0.1/', scope: 'openid offline_access' }),
 *   platform: desktop({ name: 'uploader' }),
 *   origins: ['https://api.example.com'],
 * })
 * await session.start()
 * ```
 */
export function desktop(given: DesktopOptions): Desktop {
  const { name, directory, secrets, title = name, open = openInBrowser } = given ?? {}
  if (typeof name !== 'string' || !/^[\w-]{1,64}$/.test(name)) throw new TypeError('"name" must be 1 to 64 letters, digits, "-" or "_"')
  for (const option of Object.keys(given)) if (!options.includes(option)) throw new TypeError(`"${option}" is not an option of desktop()`)
  if (directory !== undefined && (typeof directory !== 'string' || !isAbsolute(directory))) throw new TypeError('"directory" must be an absolute path')
  if (secrets !== undefined && (typeof secrets?.read !== 'function' || typeof secrets.write !== 'function')) throw new TypeError('"secrets" must have the functions read() and write()')
  if (typeof title !== 'string' || title === '') throw new TypeError('"title" must be a non-empty string')
  if (typeof open !== 'function') throw new TypeError('"open" must be a function that shows an address')
  const scope = `3dimli.${name}`
  const folder = join(directory ?? dataHome(), scope)
  const clock = systemClock()
  const wake = processWake(clock)
  const parts = { scope, folder, clock, wake, keys: recordKeys(), secrets: secrets ?? keychain(scope), title, go: open }
  let ask: ReturnType<typeof recordSecret> | undefined
  const missing = new Set<string>()
  return { name, content: join(folder, 'content'), slept: wake.slept, woke: wake.woke, open: () => openProcess({ ...parts, missing, secret: (make) => (ask ??= make()) }) }
}

interface Parts {
  readonly scope: string
  readonly folder: string
  readonly clock: Ports['clock']
  readonly wake: Ports['wake']
  readonly keys: ReturnType<typeof recordKeys>
  readonly secrets: Secrets
  readonly title: string
  readonly go: NonNullable<DesktopOptions['open']>
  /** What this process lacks, in words. */
  readonly missing: Set<string>
  /** The question for the secret is made once, whatever is started and stopped. */
  readonly secret: (make: () => ReturnType<typeof recordSecret>) => ReturnType<typeof recordSecret>
}

function openProcess({ scope, folder, clock, wake, keys, secrets, title, go, missing, secret }: Parts): Ports {
  const lack = (what: string): void => void missing.add(what)
  const random = (length: number): Uint8Array<ArrayBuffer> => globalThis.crypto.getRandomValues(new Uint8Array(length))
  const id = (): string => Buffer.from(random(16)).toString('hex')
  const take = fileLocks({ folder: join(folder, 'locks'), clock, token: id })
  const lock = processLock(take)
  return {
    clock, wake, keys, lock, random,
    store: fileStore({ folder, scope, take, keys, clock, random, lack, secret: secret(() => recordSecret({ secrets, lock, clock, random, lack })) }),
    channel: processChannel({ folder: join(folder, 'channel'), id, lack }),
    eraser: folderEraser(join(folder, 'content')),
    flags: fileFlags(join(folder, 'flags')),
    flows: memoryFlows(),
    cover: { add: () => () => {}, hide: () => {}, show: () => {} },
    address: { current: () => undefined, replace: () => {}, go, listen: loopback({ clock, title }) },
    stay,
    fetch: (request, signal) => globalThis.fetch(request, signal && { signal }),
    degraded: () => [...missing],
  }
}

/** Nothing else does while a person is waited for: the clock's timers do not. */
function stay(): () => void {
  const id = setInterval(() => {}, 2 ** 31 - 1)
  return () => clearInterval(id)
}
