/** Finds the files that were dropped on the window: a browser tells the name, the size and the time of a file, and not where it lies. */
import { opendir, stat } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import type { Chosen } from './view.ts'

/** Looking is given up then: whoever has more must say where the file is. */
const mostEntries = 200_000
const mostMs = 8_000
/** Where files that somebody drops usually come from; then everywhere in the home folder. */
const likely = ['Downloads', 'Desktop', 'Documents']
const skipped = /^\.|^node_modules$/

/** Finds files on this machine. */
export interface Finder {
  /** The path of each file that was found; `folder` is where to look instead of in the home folder. */
  find(files: readonly Chosen[], folder?: string): Promise<ReadonlyMap<Chosen, string>>
}

/** Makes it; it looks first where it found something before. */
export function createFinder(home: string = homedir()): Finder {
  const before = new Set<string>()
  return {
    async find(files, folder) {
      const found = new Map<Chosen, string>()
      const deadline = performance.now() + mostMs
      const look = async (path: string, isDeep: boolean): Promise<void> => {
        const left = files.filter((file) => !found.has(file))
        if (left.length === 0) return
        for (const [file, at] of await search(path, left, isDeep, deadline)) {
          found.set(file, at)
          before.add(dirname(at))
        }
      }
      if (folder !== undefined) await look(folder, true)
      else {
        for (const path of before) await look(path, false)
        for (const path of [...likely.map((name) => join(home, name)), home]) await look(path, true)
      }
      return found
    },
  }
}

/** Looks through a folder, the nearest first, following no link to another folder. */
async function search(start: string, files: readonly Chosen[], isDeep: boolean, deadline: number): Promise<ReadonlyMap<Chosen, string>> {
  const wanted = Map.groupBy(files, ({ name }) => name)
  const found = new Map<Chosen, string>()
  const folders = [start]
  let seen = 0
  for (const folder of folders) {
    // A folder that cannot be looked into has nothing for us.
    const entries = await opendir(folder).catch(() => undefined)
    if (!entries) continue
    for await (const entry of entries) {
      if (found.size === files.length || (seen += 1) > mostEntries || performance.now() > deadline) return found
      if (isDeep && entry.isDirectory() && !skipped.test(entry.name)) folders.push(join(folder, entry.name))
      for (const file of wanted.get(entry.name) ?? []) {
        const path = join(folder, entry.name)
        if (!found.has(file) && (await isThat(path, file))) found.set(file, path)
      }
    }
  }
  return found
}

async function isThat(path: string, { size, lastModified }: Chosen): Promise<boolean> {
  const one = await stat(path).catch(() => undefined)
  // A browser tells whole milliseconds, whichever way it rounds.
  return one?.isFile() === true && one.size === size && Math.abs(one.mtimeMs - lastModified) < 2
}
