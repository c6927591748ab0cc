/** What of a watched folder is told of. */
import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
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

it.for(['the file', 'its folder'] as const)('P9 when a link takes the place of %s, the file is gone', async (what) => {
  const [folder, elsewhere] = [newFolder(), newFolder()]
  mkdirSync(join(folder, 'new'))
  const path = join(folder, 'new', 'lamp.glb')
  for (const lamp of [path, join(elsewhere, 'lamp.glb')]) writeFileSync(lamp, 'lamp')
  const told: string[] = []
  const close = watchFolder(folder, { complete: () => told.push('complete'), gone: () => told.push('gone'), failed: () => undefined })
  onTestFinished(() => close())
  await eventually(() => expect(told).toEqual(['complete']))
  const [from, to] = what === 'the file' ? [path, join(elsewhere, 'lamp.glb')] : [join(folder, 'new'), elsewhere]
  symlinkSync(to, `${from}.tmp`)
  if (what === 'its folder') renameSync(from, `${folder}.old`)
  onTestFinished(() => rmSync(`${folder}.old`, { recursive: true, force: true }))
  renameSync(`${from}.tmp`, from)
  await eventually(() => expect(told.at(-1)).toBe('gone'))
  expect(told.filter((one) => one === 'complete')).toHaveLength(1)
})
