// A fingerprint tells whether the files a step depends on are the ones it last ran with.
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { root } from './command.mjs'

const stampFile = (step) => join(root, 'node_modules/.set-up', step)

/** Every file below `folder` (relative to the root) that `wanted` accepts, sorted. */
export function filesIn(folder, wanted) {
  const start = join(root, folder)
  if (!existsSync(start)) return []
  return readdirSync(start, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .filter((file) => !file.includes('node_modules') && wanted(file))
    .sort()
}

/** The folders of the workspace's packages that have a manifest, relative to the root. */
export function workspaceFolders(...parents) {
  return parents.flatMap((parent) =>
    readdirSync(join(root, parent))
      .filter((name) => existsSync(join(root, parent, name, 'package.json')))
      .map((name) => `${parent}/${name}`),
  )
}

export function fingerprint(files) {
  const hash = createHash('sha256')
  for (const file of files) hash.update(file).update('\0').update(readFileSync(file)).update('\0')
  return hash.digest('hex')
}

export function isInStep(step, print) {
  return existsSync(stampFile(step)) && readFileSync(stampFile(step), 'utf8') === print
}

export function remember(step, print) {
  mkdirSync(dirname(stampFile(step)), { recursive: true })
  writeFileSync(stampFile(step), print)
}

/** Called before a step starts, so that one that is interrupted is run again. */
export function forget(step) {
  rmSync(stampFile(step), { force: true })
}
