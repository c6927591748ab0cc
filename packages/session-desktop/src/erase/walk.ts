/** Walks a folder without following a link, and stays below its root. */
import { lstat, readdir, realpath, rmdir, unlink } from 'node:fs/promises'
import { join, sep } from 'node:path'
import { isInside } from '@3dimli/session/platform'
import { unless } from '../folder.ts'

const gone = ['ENOENT', 'ENOTDIR']
const atOnce = 64

/**
 * The place that `path` names below `root`, or undefined where there is nothing.
 *
 * Rejects for a path that leaves the root by its words or through a link. The last part may be a link: what is done then is done to the link.
 */
export async function findPlace(root: string, path: string): Promise<string | undefined> {
  if (!isInside(path)) throw new TypeError('A path must stay below the content folder.')
  const base = await unless(gone, realpath(root))
  if (base === undefined) return undefined
  let place = base
  const parts = path.split('/')
  for (const [index, part] of parts.entries()) {
    place = join(place, part)
    const found = await unless(gone, lstat(place))
    if (!found) return undefined
    if (index < parts.length - 1 && found.isSymbolicLink()) throw new TypeError('A path must not lead through a link.')
  }
  return place
}

/** One thing in a folder. A link is no folder, wherever it leads; and a name need not be text. */
interface Entry {
  readonly path: Buffer
  readonly isFolder: boolean
}

/** Every file and link at a place or below it, and each folder after what is in it. */
async function* entriesAt(place: Buffer, isFolder: boolean): AsyncGenerator<Entry> {
  if (isFolder) {
    for (const entry of (await unless(gone, readdir(place, { withFileTypes: true, encoding: 'buffer' }))) ?? []) {
      yield* entriesAt(Buffer.concat([place, Buffer.from(sep), entry.name]), entry.isDirectory())
    }
  }
  yield { path: place, isFolder }
}

async function* entriesIn(place: string): AsyncGenerator<Entry> {
  const found = await unless(gone, lstat(place))
  if (found) yield* entriesAt(Buffer.from(place), found.isDirectory())
}

/** How many files and links lie at a place; a folder without any counts as one. */
export async function countAt(place: string): Promise<number> {
  let files = 0
  let folders = 0
  for await (const { isFolder } of entriesIn(place)) {
    if (isFolder) folders += 1
    else files += 1
  }
  return files > 0 ? files : Math.min(1, folders)
}

/** Removes what lies at a place, entries before what holds them; what cannot be removed stays and is found by the next count. */
export async function clear(place: string): Promise<number> {
  let files = 0
  let removing: Promise<void>[] = []
  const settle = async (): Promise<void> => {
    await Promise.all(removing)
    removing = []
  }
  for await (const { path, isFolder } of entriesIn(place)) {
    if (isFolder) {
      await settle()
      await rmdir(path).catch(() => undefined)
    } else {
      removing.push(unlink(path).then(() => void (files += 1), () => undefined))
      if (removing.length === atOnce) await settle()
    }
  }
  await settle()
  return files
}
