// Searches a browser's profile on the disk, byte by byte, in every file there is.
import { readdir, readFile } from 'node:fs/promises'
import { join, sep } from 'node:path'
import { shapesOf, type Canaries } from './canaries.ts'

/**
 * Says which canary lies in which file, as `label in /path`.
 *
 * Files are read as they are. What leveldb compresses (Snappy) is found all the same, since random text is kept as it is where it first
 * occurs; what was compressed otherwise, encrypted by the browser, or lies in blocks that the file system has freed is not searched.
 */
export async function searchProfile(profile: string, canaries: Canaries): Promise<string[]> {
  const shapes = Object.entries(canaries).flatMap(([label, needles]) => needles.flatMap(shapesOf).map((shape) => ({ label, shape: Buffer.from(shape, 'latin1') })))
  const found = new Set<string>()
  for (const path of await filesIn(profile)) {
    const bytes = await readFile(path).catch(() => undefined)
    if (!bytes) continue
    for (const { label, shape } of shapes) if (bytes.includes(shape)) found.add(`${label} in ${path.slice(profile.length).replaceAll(sep, '/')}`)
  }
  return [...found].sort()
}

/** Every file below a folder. A living browser removes files, and folders of them, while they are looked at. */
async function filesIn(folder: string): Promise<string[]> {
  const below = (await readdir(folder, { withFileTypes: true })).map(async (entry) => {
    const path = join(folder, entry.name)
    return entry.isDirectory() ? filesIn(path).catch(() => []) : entry.isFile() ? [path] : []
  })
  return (await Promise.all(below)).flat()
}
