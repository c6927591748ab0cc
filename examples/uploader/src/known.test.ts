/** What counts as the same file. */
import { renameSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { newFolder } from '../../../packages/session-desktop/test/folders.ts'
import { isKnown } from './known.ts'
import { assetOf } from './testing/desk.ts'

it.for([
  ['is written to', (path: string) => writeFileSync(path, 'a CHAIR')],
  ['is replaced', (path: string) => {
    writeFileSync(`${path}.new`, 'a CHAIR')
    utimesSync(`${path}.new`, 1, 1)
    renameSync(`${path}.new`, path)
  }],
  ['stays as it is', undefined],
] as const)('P10 a file that %s while it is read is known only if it stays so', async ([, change]) => {
  const path = join(newFolder(), 'chair.glb')
  writeFileSync(path, 'a chair')
  utimesSync(path, 1, 1)
  const { sha256, ...asset } = assetOf(path)
  const assets = [{
    ...asset,
    // Asked for when the file was read.
    get sha256() {
      change?.(path)
      return sha256
    },
  }]
  expect(await isKnown(path, assets, new AbortController().signal)).toBe(change === undefined)
})
