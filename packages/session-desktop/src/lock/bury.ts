/** Takes a dead owner's lock away, so that of all who see that it is dead only one removes it, and never a lock that came after it. */
import { link, readFile, stat, unlink } from 'node:fs/promises'
import { codeOf, unless } from '../folder.ts'
import { readOwner, type Owner } from './owner.ts'

/** Stands between the parts of a name; no lock has it in its own. */
export const mark = '~'

/** Under Windows a file that was removed while somebody reads it has its name until then, and refuses whatever is done with it. */
const leaving = process.platform === 'win32' ? ['EPERM', 'EACCES', 'EBUSY'] : []

/** Who holds what a path names; undefined when nobody does. */
export async function ownerAt(path: string): Promise<Owner | undefined> {
  const text = await unless(['ENOENT', ...leaving], readFile(path, 'utf8'))
  if (text === undefined) return undefined
  const found = await unless(['ENOENT', ...leaving], stat(path))
  return found && readOwner(text, `unreadable-${found.ino}`)
}

/** Makes `path` a second name of the claim; false when the name is taken. */
export async function linked(claim: string, path: string): Promise<boolean> {
  try {
    await link(claim, path)
    return true
  } catch (error) {
    if (['EEXIST', ...leaving].includes(codeOf(error) ?? '')) return false
    throw error
  }
}

/**
 * Removes `lock` if it is still that of `dead`.
 *
 * Looking and removing are two steps, and in between the lock may be another's. So only who holds the right to bury this very owner removes
 * it: a name made of the owner's token, which never comes again. If who holds the right dies, the next right may be taken, and so on; hence
 * of those who hold a right at most one lives, and while the lock is the dead owner's nobody else changes it. Rights are taken away only
 * after the lock is no longer that owner's.
 */
export async function bury(lock: string, dead: Owner, claim: string, isDead: (owner: Owner, path: string) => Promise<boolean>): Promise<void> {
  for (let turn = 0; ; turn += 1) {
    const right = rightTo(lock, dead, turn)
    if (await linked(claim, right)) {
      const found = await ownerAt(lock)
      if (found?.token === dead.token) await unlink(lock)
      for (let past = turn; past >= 0; past -= 1) await unless(['ENOENT'], unlink(rightTo(lock, dead, past)))
      return
    }
    const other = await ownerAt(right)
    if (!other || !(await isDead(other, right))) return
  }
}

function rightTo(lock: string, { token }: Owner, turn: number): string {
  return [lock, token, turn].join(mark)
}
