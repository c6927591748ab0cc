/** Folders of one test, gone after it. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'

/** Makes an empty folder. */
export function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'desktop-test-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** Something in a folder. */
interface Entry {
  readonly path: string
  readonly mode: string
  readonly isFolder: boolean
  readonly bytes: Buffer
}

/** Everything below a folder: its path, its permissions, and what is in a file. What processes at work there remove while one looks is left out. */
export function everythingIn(folder: string, at: string = folder): Entry[] {
  return readdirSync(at, { withFileTypes: true }).flatMap((entry) => {
    const path = join(at, entry.name)
    try {
      const found = { path: path.slice(folder.length + 1), mode: (statSync(path).mode & 0o777).toString(8), isFolder: entry.isDirectory(), bytes: entry.isFile() ? readFileSync(path) : Buffer.alloc(0) }
      return [found, ...(found.isFolder ? everythingIn(folder, path) : [])]
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
      throw error
    }
  })
}
