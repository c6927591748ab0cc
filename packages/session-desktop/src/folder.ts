/** Where an application's files lie: a folder of its own in the person's data directory, open to nobody else. */
import { chmod, mkdir, stat } from 'node:fs/promises'
import { homedir } from 'node:os'
import { isAbsolute, join } from 'node:path'

/** The person's data directory, as each system has it. */
export function dataHome(system: NodeJS.Platform = process.platform, env: NodeJS.ProcessEnv = process.env, home: string = homedir()): string {
  if (system === 'win32') return env.APPDATA ?? join(home, 'AppData', 'Roaming')
  if (system === 'darwin') return join(home, 'Library', 'Application Support')
  // The XDG specification: a relative path is to be ignored.
  const data = env.XDG_DATA_HOME
  return data !== undefined && isAbsolute(data) ? data : join(home, '.local', 'share')
}

/** Makes a folder that only this user may enter (0700); rejects where it belongs to somebody else. Windows keeps a profile's folders apart by itself. */
export async function ensureFolder(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 })
  const found = await stat(path)
  const isOurs = process.getuid === undefined || found.uid === process.getuid()
  if (!found.isDirectory() || !isOurs) throw Object.assign(new Error('The folder belongs to somebody else.'), { code: 'EACCES' })
  if (process.platform !== 'win32' && (found.mode & 0o077) !== 0) await chmod(path, 0o700)
}

/** The code of a system error, or undefined. */
export function codeOf(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null)?.code
  return typeof code === 'string' ? code : undefined
}

/** Runs a file operation whose failure by one of `codes` says that what it is about is not there. */
export async function unless<T>(codes: readonly string[], work: Promise<T>): Promise<T | undefined> {
  try {
    return await work
  } catch (error) {
    if (codes.includes(codeOf(error) ?? '')) return undefined
    throw error
  }
}
