/** What of a watched folder is told of. */
import { symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { eventually } from '../../../../packages/session-desktop/test/eventually.ts'
import { newFolder } from '../../../../packages/session-desktop/test/folders.ts'
import { watchFolder } from './folder.ts'

it('P9 a link in a watched folder hands out nothing that lies elsewhere', async () => {
  const [folder, elsewhere] = [newFolder(), newFolder()]
  writeFileSync(join(elsewhere, 'private.key'), 'canary')
  symlinkSync(join(elsewhere, 'private.key'), join(folder, 'a chair.glb'))
  symlinkSync(elsewhere, join(folder, 'a folder'))
  writeFileSync(join(folder, 'lamp.glb'), 'lamp')
  const told: string[] = []
  const close = watchFolder(folder, { complete: (path) => told.push(path), gone: () => undefined, failed: () => undefined })
  onTestFinished(() => close())
  await eventually(() => expect(told).toContain(join(folder, 'lamp.glb')))
  expect(told).toEqual([join(folder, 'lamp.glb')])
})
