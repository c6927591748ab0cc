/** What becomes of files that were offered while things change. */
import { renameSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it, vi } from 'vitest'
import { eventually } from '../../../../packages/session-desktop/test/eventually.ts'
import { newFolder } from '../../../../packages/session-desktop/test/folders.ts'
import { assetOf, desk } from '../testing/desk.ts'
import { personIn } from '../whose.ts'
import { createOffers } from './offers.ts'

async function scene() {
  const here = await desk()
  const path = join(newFolder(), 'chair.glb')
  writeFileSync(path, 'a chair')
  utimesSync(path, 1, 1)
  const [known, foreign] = [vi.fn(), vi.fn()]
  return { here, path, known, foreign, offers: (links?: 'refuse') => createOffers(here.app, here.signal, { known, foreign, ...(links && { links }) }) }
}

it.for([
  ['was offered by a seller', true, []],
  ['the first seller found waiting', false, []],
  ['the marketplace has', true, ['listed']],
] as const)('P6 a file that %s is neither sent nor told in the name of the next one, who is told that it was not', async ([, isHers, listed]) => {
  const { here, path, known, foreign, offers: make } = await scene()
  const offers = make()
  here.onAsked = async () => {
    await here.signIn('jonas')
    return listed.map(() => assetOf(path))
  }
  if (!isHers) offers.offer(path, undefined)
  await here.signIn('sela')
  if (isHers) offers.offer(path, personIn(here.app.session))
  else offers.goOn()
  await eventually(() => expect(here.added().length + known.mock.calls.length + foreign.mock.calls.length).toBeGreaterThan(0))
  expect([here.added(), known.mock.calls, foreign.mock.calls.length]).toEqual([[], [], 1])
})

it('P6 a file that is offered in the name of a seller who is gone takes none of the next one out of the queue', async () => {
  const { here, path, foreign, offers: make } = await scene()
  const offers = make()
  await here.signIn('sela')
  const sela = personIn(here.app.session)
  await here.signIn('jonas')
  offers.offer(path, personIn(here.app.session))
  await eventually(() => expect(here.added()).toEqual([path]))
  offers.offer(path, sela)
  expect(foreign).toHaveBeenCalledOnce()
  expect(here.app.uploads.state.uploads).toMatchObject([{ path }])
})

it('P6 P10 a file that waited while nobody was signed in is the first one\'s who is, and goes on when a seller is back', async () => {
  const { here, path, foreign, offers: make } = await scene()
  const offers = make()
  const other = join(newFolder(), 'lamp.glb')
  writeFileSync(other, 'a lamp')
  offers.offer(path, undefined)
  await here.signIn('sela')
  const sela = personIn(here.app.session)
  offers.goOn()
  await eventually(() => expect(here.added()).toEqual([path]))
  await here.app.session.signOut()
  offers.offer(other, sela)
  await here.signIn('sela')
  offers.goOn()
  await eventually(() => expect(here.added()).toEqual([path, other]))
  expect(foreign).not.toHaveBeenCalled()
})

it('P9 a file that was replaced by a link while it waited is not sent', async () => {
  const { here, path, known, offers: make } = await scene()
  const lamp = join(newFolder(), 'lamp.glb')
  writeFileSync(lamp, 'a lamp')
  let isLooked = false
  here.onAsked = () => {
    if (!isLooked) {
      renameSync(path, `${path}.away`)
      symlinkSync(`${path}.away`, path)
      isLooked = true
    }
    return []
  }
  await here.signIn('sela')
  const offers = make('refuse')
  offers.offer(path, personIn(here.app.session))
  offers.offer(lamp, personIn(here.app.session))
  await eventually(() => expect(here.added()).toContain(lamp))
  expect([here.added(), known.mock.calls]).toEqual([[lamp], []])
})

it('P10 a file that is changed while it is looked for in the list is looked at anew, and sent', async () => {
  const { here, path, known, offers: make } = await scene()
  const offers = make()
  await here.signIn('sela')
  const { sha256, ...rest } = assetOf(path)
  let looks = 0
  here.onAsked = () => {
    looks += 1
    return [{
      ...rest,
      // Asked for before the file is read.
      get size() {
        if (looks === 1) offers.offer(path, personIn(here.app.session))
        return rest.size
      },
      // Asked for after it.
      get sha256() {
        if (looks === 1) writeFileSync(path, 'a CHAIR')
        return sha256
      },
    }]
  }
  offers.offer(path, personIn(here.app.session))
  await eventually(() => expect(here.added().length + known.mock.calls.length).toBeGreaterThan(0))
  expect([here.added(), known.mock.calls, looks]).toEqual([[path], [], 2])
})

it('P10 what another process finishes after the list was asked for is not sent again', async () => {
  const { here, path, known, foreign } = await scene()
  await here.signIn('sela')
  const add = vi.fn(() => 'id')
  let askedAt = Number.NaN
  here.onAsked = async () => {
    askedAt = Date.now()
    await eventually(() => expect(Date.now()).toBeGreaterThan(askedAt))
    return []
  }
  const app = { ...here.app, uploads: new Proxy(here.app.uploads, { get: (uploads, name) => (name === 'add' ? add : Reflect.get(uploads, name)) }) }
  createOffers(app, here.signal, { known, foreign }).offer(path, personIn(app.session))
  await eventually(() => expect(add).toHaveBeenCalledOnce())
  const [[, { since }]] = add.mock.calls as unknown as [[string, { since: number }]]
  expect(since).toBeLessThanOrEqual(askedAt)
})
