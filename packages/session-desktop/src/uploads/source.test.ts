/** How a file is read for its parts. */
import { symlinkSync } from 'node:fs'
import { mkdir, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { newFolder } from '../../test/folders.ts'
import { makeFile } from '../../test/market.ts'
import { openSource } from './source.ts'
import type { Body } from './stack.ts'

const MB = 1024 * 1024

async function scene(size: number) {
  const path = join(newFolder(), 'chair.blend')
  const sha256 = await makeFile(path, size, 'chair')
  const source = await openSource(path)
  onTestFinished(() => source.close())
  const part = async (start: number, end: number): Promise<AsyncGenerator<Uint8Array>> => ((await source.slice(start, end)).value as unknown as Body).pieces() as AsyncGenerator<Uint8Array>
  const digest = async (): Promise<string> => (await source.digest(new AbortController().signal)).toString('hex')
  return { sha256, part, digest }
}

it('a file is read into the room of two pieces, however large it is', async () => {
  const { sha256, part, digest } = await scene(9 * MB)
  const rooms = new Set<ArrayBufferLike>()
  for (let start = 0; start < 6 * MB; start += 3 * MB) {
    for await (const piece of await part(start, start + 3 * MB)) rooms.add(piece.buffer)
  }
  expect(rooms.size).toBe(2)
  // The last part is hashed before it is sent.
  expect(await digest()).toBe(sha256)
  for await (const piece of await part(6 * MB, 9 * MB)) rooms.add(piece.buffer)
  expect(rooms.size).toBe(2)
})

it('P10 a part that was broken off is not read into what is sent after it', async () => {
  const { sha256, part, digest } = await scene(9 * MB)
  const rooms = new Set<ArrayBufferLike>()
  const first = await part(0, 4 * MB)
  rooms.add((await first.next()).value!.buffer).add((await first.next()).value!.buffer)
  await first.return(undefined)
  for await (const piece of await part(MB / 2, 4 * MB)) expect(rooms.has(piece.buffer)).toBe(false)
  expect(await digest()).toBe(sha256)
})

describe('P9 with links refused', () => {
  async function folders() {
    const [folder, elsewhere] = [newFolder(), newFolder()]
    await makeFile(join(elsewhere, 'lamp.blend'), MB, 'lamp')
    return { folder, elsewhere }
  }

  it('a link to a file, or to a folder on the way to it, is not opened', async () => {
    const { folder, elsewhere } = await folders()
    symlinkSync(join(elsewhere, 'lamp.blend'), join(folder, 'lamp.blend'))
    symlinkSync(elsewhere, join(folder, 'lamps'))
    for (const path of [join(folder, 'lamp.blend'), join(folder, 'lamps', 'lamp.blend')]) {
      await expect(openSource(path, 'refuse')).rejects.toMatchObject({ failure: { code: 'unreadable' } })
      ;(await openSource(path)).close()
    }
  })

  it('a file that a link leads to since it was opened is not sent on', async () => {
    const { folder, elsewhere } = await folders()
    await mkdir(join(folder, 'lamps'))
    const path = join(folder, 'lamps', 'lamp.blend')
    await rename(join(elsewhere, 'lamp.blend'), path)
    const source = await openSource(path, 'refuse')
    onTestFinished(() => source.close())
    await source.slice(0, 10)
    await rename(join(folder, 'lamps'), join(elsewhere, 'lamps'))
    symlinkSync(join(elsewhere, 'lamps'), join(folder, 'lamps'))
    await expect(source.slice(10, 20)).rejects.toMatchObject({ failure: { code: 'changed' } })
  })
})
