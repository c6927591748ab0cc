/** Locks in a folder of one test, and what others left there. */
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { systemClock } from '@3dimli/session/platform'
import { fileLocks, type Take } from '../src/lock/file-lock.ts'
import { describeSelf, type Owner } from '../src/lock/owner.ts'

export const token = (): string => randomBytes(16).toString('hex')
/** The locks of one process. */
export const locksIn = (folder: string): Take => fileLocks({ folder, clock: systemClock(), token })
export const ever = (): AbortSignal => new AbortController().signal

/** A process id that was somebody's and is nobody's any more. */
export async function deadOwner(): Promise<Owner> {
  const child = spawn(process.execPath, ['-e', ''])
  await new Promise((resolve) => child.on('exit', resolve))
  return { ...(await describeSelf(token())), pid: child.pid! }
}

/** Puts a lock, a claim or a right into a folder, as `owner` left it. */
export function plant(folder: string, owner: Owner | string, name = 'shared'): string {
  mkdirSync(folder, { recursive: true })
  const path = join(folder, name)
  writeFileSync(path, typeof owner === 'string' ? owner : JSON.stringify(owner))
  return path
}
