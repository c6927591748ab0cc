/** Small notes of a process: flags that outlive it, each an empty file, and those of a sign-in, in memory. */
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Flags, Flows } from '@3dimli/session/platform'

/** Makes the flags in one folder. They are written at once, since what comes next may be the end of the process. */
export function fileFlags(folder: string): Flags {
  // A colon is no part of a name under Windows.
  const pathOf = (name: string): string => join(folder, encodeURIComponent(name))
  return {
    raise(name) {
      try {
        mkdirSync(folder, { recursive: true, mode: 0o700 })
        writeFileSync(pathOf(name), '', { mode: 0o600, flush: true })
        return true
      } catch {
        return false
      }
    },
    raised: (name) => existsSync(pathOf(name)),
    lower(name) {
      try {
        rmSync(pathOf(name), { force: true })
      } catch {
        // It stays, and the end that it stands for is honoured once more.
      }
    },
  }
}

/** Makes the notes of one process. */
export function memoryFlows(): Flows {
  const notes = new Map<string, string>()
  return {
    put: (name, value) => void notes.set(name, value),
    take(name) {
      const value = notes.get(name)
      notes.delete(name)
      return value
    },
  }
}
