/** Whose the files are that are dropped on the window. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { eventually } from '../../../../packages/session-desktop/test/eventually.ts'
import { newFolder } from '../../../../packages/session-desktop/test/folders.ts'
import { desk } from '../testing/desk.ts'
import { personIn } from '../whose.ts'
import { createModel } from './model.ts'

const chosen = { name: 'chair.glb', size: 7, lastModified: 0 }

it.for(['is looked for', 'waits'] as const)('P6 a file that %s when somebody else signs in is not sent, and the next one is told so until something is dropped', async (when) => {
  const here = await desk()
  const path = join(newFolder(), chosen.name)
  writeFileSync(path, 'a chair')
  let isFirst = true
  const leave = async (): Promise<void> => {
    if (isFirst) await here.signIn('jonas')
    isFirst = false
  }
  const model = createModel(here.app, {
    async find([file]) {
      if (when === 'is looked for') await leave()
      return new Map(file && [[file, path]])
    },
  }, here.signal)
  await here.signIn('sela')
  here.onAsked = async () => {
    if (when === 'waits') await leave()
    return []
  }
  expect(model.view().unsent).toBe(false)
  await model.grant({ do: 'add', files: [chosen] })
  await eventually(() => expect(model.view().unsent || here.added().length > 0).toBe(true))
  expect(here.added()).toEqual([])
  expect(JSON.stringify(model.view())).not.toContain(chosen.name)
  await model.grant({ do: 'add', files: [chosen] })
  await eventually(() => expect(here.added()).toEqual([path]))
  expect(model.view().unsent).toBe(false)
})

it('P6 what the next seller left unfinished stays, though the one before chose a file like it', async () => {
  const here = await desk()
  await here.signIn('jonas')
  const jonas = personIn(here.app.session)
  await here.signIn('sela')
  const left = { path: join(newFolder(), chosen.name), name: chosen.name, bytesTotal: chosen.size, isThere: false }
  const unfinished = async (): Promise<readonly object[]> => (personIn(here.app.session) === jonas ? [left] : [])
  const uploads = new Proxy(here.app.uploads, { get: (own, name) => (name === 'unfinished' ? unfinished : Reflect.get(own, name)) })
  const model = createModel({ ...here.app, uploads }, {
    async find([file]) {
      await here.signIn('jonas')
      await eventually(() => expect(model.view().lost).toHaveLength(1))
      return new Map(file && [[file, left.path]])
    },
  }, here.signal)
  await model.grant({ do: 'add', files: [chosen] })
  expect(model.view()).toMatchObject({ unsent: true, lost: [{ name: chosen.name }] })
})
