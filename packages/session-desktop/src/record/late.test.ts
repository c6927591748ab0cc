/** A change that comes too late: its lock is gone, or its caller was told that it failed. It writes nothing. */
import { readFileSync, readdirSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { manualClock } from '@3dimli/session/testing'
import { hex, random, read, row, setting, write } from '../../test/record.ts'
import { fileLocks } from '../lock/file-lock.ts'
import { recordKeys } from './keys.ts'
import { fileStore } from './store.ts'

it('P3 J8 a writer whose lock is gone before it is done writes nothing', async () => {
  const made = setting()
  await write(made.open(), row(1))
  const late = made.open().change(() => {
    unlinkSync(join(made.folder, 'locks', 'change'))
    return row(9)
  }, 'strict')
  await expect(late).rejects.toThrow('lock')
  expect((await read(made.open()))?.generation).toBe(1)
})

it('P4 J8 a writer that found a damaged record leaves the one alone that came when its lock was gone', async () => {
  const made = setting()
  await write(made.open(), row(1))
  const whole = readFileSync(made.path)
  writeFileSync(made.path, whole.subarray(0, -1))
  const late = made.open().change(() => {
    unlinkSync(join(made.folder, 'locks', 'change'))
    writeFileSync(made.path, whole)
    return row(9)
  }, 'strict')
  await expect(late).rejects.toThrow('lock')
  expect((await read(made.open()))?.generation).toBe(1)
  expect(readdirSync(made.folder).sort()).toEqual(['locks', 'record'])
})

it('P5 J1 a change whose caller was told that it failed is not made later, when the keychain answers', async () => {
  const made = setting()
  const clock = manualClock()
  const answer = Promise.withResolvers<Uint8Array>()
  const folder = made.folder
  const store = fileStore({
    folder, scope: '3dimli.x', clock, random, keys: recordKeys(), lack: () => undefined, secret: () => answer.promise, take: fileLocks({ folder: join(folder, 'locks'), clock, token: hex }),
  })
  const failure = store.change(() => row(1), 'strict').catch((error: unknown) => (error as DOMException).name)
  await clock.advance(2_000)
  answer.resolve(random(32))
  expect(await failure).toBe('TimeoutError')
  expect(await store.read()).toBeUndefined()
  await write(store, row(2))
  expect((await read(store))?.generation).toBe(2)
})

it('P5 J1 a change whose caller was told that it failed is not made later either, when the disk was slow', async () => {
  const made = setting()
  await write(made.open(), row(1))
  const clock = manualClock()
  // The last question before the record is renamed.
  const isOurs = async (): Promise<boolean> => {
    await clock.advance(2_000)
    return true
  }
  const store = fileStore({
    folder: made.folder, scope: '3dimli.x', clock, random, keys: recordKeys(), lack: () => undefined, secret: async () => made.secret, take: async () => ({ isOurs, release: async () => undefined }),
  })
  await expect(store.change(() => row(9), 'strict')).rejects.toMatchObject({ name: 'TimeoutError' })
  expect((await read(made.open()))?.generation).toBe(1)
})
