/** Puts a file in another's place: whoever reads sees the old one or the new one, whole. */
import { open, rename, unlink } from 'node:fs/promises'
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { codeOf, unless } from '../folder.ts'

/** Names what is not finished; what is left over under such a name was never the record. */
export const unfinished = '.tmp'

/** Under Windows a virus scanner may hold a file for a moment. */
const tries = 20
const tryMs = 25

/**
 * Writes `bytes` beside `path` and renames them to it. `may` is asked when all that is left is to rename: where it says no, nothing happened.
 *
 * With `synced: 'bytes'` the bytes reach the disk before the name does, so that a power cut leaves one of the two as well; with `'name'` the
 * name has reached it when this resolves, where the system lets a folder be synchronised (not under Windows).
 */
export async function replaceFile(input: {
  readonly path: string
  readonly bytes: Uint8Array
  readonly token: string
  readonly synced: 'nothing' | 'bytes' | 'name'
  readonly may: () => Promise<boolean>
}): Promise<boolean> {
  const { path } = input
  const beside = `${path}.${input.token}${unfinished}`
  try {
    const file = await open(beside, 'wx', 0o600)
    try {
      await file.writeFile(input.bytes)
      if (input.synced !== 'nothing') await file.sync()
    } finally {
      await file.close()
    }
    if (!(await input.may())) return false
    await renamed(beside, path)
  } finally {
    await unless(['ENOENT'], unlink(beside))
  }
  if (input.synced === 'name') await syncFolder(dirname(path))
  return true
}

async function renamed(from: string, to: string): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await rename(from, to)
    } catch (error) {
      const held = ['EPERM', 'EACCES', 'EBUSY'].includes(codeOf(error) ?? '')
      if (!held || attempt === tries || process.platform !== 'win32') throw error
      await sleep(tryMs)
    }
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await unless(['EPERM', 'EISDIR', 'EACCES'], open(path, 'r'))
  try {
    await unless(['EPERM', 'EINVAL', 'ENOTSUP'], folder?.sync() ?? Promise.resolve())
  } finally {
    await folder?.close()
  }
}
