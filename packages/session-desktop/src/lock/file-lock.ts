/** A lock between processes: a file that only one can make, with the name of who made it inside. */
import { readdir, stat, unlink, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pause, type Clock } from '@3dimli/session/platform'
import { ensureFolder, unless } from '../folder.ts'
import { bury, linked, mark, ownerAt } from './bury.ts'
import { describeSelf, standingOf, untouchedMs, type Owner } from './owner.ts'

const firstLookMs = 2
const longestLookMs = 250
/** A wait keeps its process alive for so long. Whoever waits longer waits for what lasts as long as another process, and for nothing that is needed now. */
const patienceMs = 5_000
const touchMs = 5_000

/** A lock that is held. */
export interface Held {
  /** Whether it still is: somebody may have removed the file. */
  isOurs(): Promise<boolean>
  release(): Promise<void>
}

/** Takes the lock `name` in `folder`; rejects with the signal's reason when that takes too long. */
export type Take = (name: string, signal: AbortSignal) => Promise<Held>

/** Makes the locks of one folder. */
export function fileLocks(input: { readonly folder: string; readonly clock: Clock; readonly token: () => string }): Take {
  const { folder, clock } = input
  const watched = new Map<string, { token: string; touched: number; seenAt: number; untouched: number }>()
  let swept: Promise<void> | undefined

  /** Time counts only in small steps: who slept beside the owner has not watched it. */
  const isDead = async (owner: Owner, path: string): Promise<boolean> => {
    const touched = await touchedAt(path)
    const standing = await standingOf(owner, clock.now() - touched)
    if (standing !== 'unknown') return standing === 'dead'
    const seenAt = clock.monotonic()
    const before = watched.get(path)
    const same = before?.token === owner.token && before.touched === touched
    const untouched = same ? before.untouched + Math.min(seenAt - before.seenAt, 2 * longestLookMs) : 0
    watched.set(path, { token: owner.token, touched, seenAt, untouched })
    return untouched > untouchedMs
  }

  /** Nobody writes at a claim for so long: the disk was full, or the machine went down. */
  const isForgotten = async (owner: Owner, path: string): Promise<boolean> => {
    const agoMs = clock.now() - (await touchedAt(path))
    return (await standingOf(owner, agoMs)) === 'dead' || (owner.world === '' && agoMs > untouchedMs)
  }

  /** Claims and rights of processes that were killed. A right may go only when the lock is no longer the one it is about. */
  const sweep = async (): Promise<void> => {
    for (const name of await readdir(folder)) {
      const [lock = '', token] = name.split(mark)
      if (token === undefined) continue
      const path = join(folder, name)
      const owner = await ownerAt(path)
      const over = lock === '' ? owner && (await isForgotten(owner, path)) : (await ownerAt(join(folder, lock)))?.token !== token
      if (over) await unless(['ENOENT'], unlink(path))
    }
  }

  const hold = (path: string, token: string): Held => {
    const isOurs = async (): Promise<boolean> => (await ownerAt(path))?.token === token
    let cancel = (): void => {}
    const touch = (): void => {
      const now = new Date()
      isOurs().then((ours) => (ours ? utimes(path, now, now) : undefined)).catch(() => undefined)
      cancel = clock.timer(touchMs, touch)
    }
    cancel = clock.timer(touchMs, touch)
    return {
      isOurs,
      async release() {
        cancel()
        if (await isOurs()) await unless(['ENOENT'], unlink(path))
      },
    }
  }

  return async (name, signal) => {
    signal.throwIfAborted()
    await ensureFolder(folder)
    await (swept ??= sweep().catch(() => undefined))
    const token = input.token()
    const path = join(folder, encodeURIComponent(name))
    const claim = join(folder, mark + token)
    const keep = setTimeout(() => undefined, patienceMs)
    try {
      await writeFile(claim, JSON.stringify(await describeSelf(token)), { flag: 'wx', mode: 0o600 })
      for (let lookMs = firstLookMs; ; lookMs = Math.min(lookMs * 1.5, longestLookMs)) {
        if (await linked(claim, path)) {
          watched.delete(path)
          return hold(path, token)
        }
        signal.throwIfAborted()
        const owner = await ownerAt(path)
        if (owner && (await isDead(owner, path))) await bury(path, owner, claim, isDead)
        else await pause(clock, lookMs * (0.5 + Math.random()), signal)
        signal.throwIfAborted()
      }
    } finally {
      clearTimeout(keep)
      await unless(['ENOENT'], unlink(claim))
    }
  }
}

/** What is gone by now was not left for long. */
async function touchedAt(path: string): Promise<number> {
  return (await unless(['ENOENT'], stat(path)))?.mtimeMs ?? Number.POSITIVE_INFINITY
}
