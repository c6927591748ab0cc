/** Uploads that were cut short, as the next process finds them. */
import { renameSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { newFolder } from '../../test/folders.ts'
import { makeFile, openMarket, type Program } from '../../test/market.ts'
import { all, filesIn, inFlight, MB, oneProgram, records, settled } from '../../test/uploading.ts'
import type { UnfinishedUpload } from './index.ts'

it('P2 P10 a process that is killed leaves its upload to the next one, and no file name on the disk', async () => {
  const market = await openMarket()
  const path = join(newFolder(), 'canary-of-a-name.blend')
  const sha256 = await makeFile(path, 16 * MB, 'killed')
  const { program, directory, again } = await oneProgram(market)
  market.proxy.weather.holdAfterBytes = 5 * MB
  await program.ask('add', [path])
  await program.until(inFlight(4 * MB))
  const other = await again()
  await other.ask('add', [path])
  await other.until(all('waiting'))
  await program.kill()
  delete market.proxy.weather.holdAfterBytes
  for (const { path: name, bytes } of filesIn(directory)) expect(name + bytes.toString('latin1')).not.toContain('canary-of-a-name')
  expect(records(directory)).toHaveLength(1)
  expect(await settled(other)).toMatchObject([{ state: 'done' }])
  expect(market.received()).toMatchObject([{ finished: true, digest: sha256, promised: sha256 }])
  expect(market.received()[0]!.bytes).toBeLessThan(20 * MB)
  for (const { path: name, bytes } of filesIn(directory)) expect(name + bytes.toString('latin1')).not.toContain('canary-of-a-name')
}, 240_000)

it('P6 P10 what was begun and not finished is told in every process, to the seller whose it is and to nobody else', async () => {
  const market = await openMarket()
  const folder = newFolder()
  const [chair, lamp] = [join(folder, 'chair.blend'), join(folder, 'lamp.blend')]
  // Slow enough, as they are sent, for whatever a busy machine does meanwhile.
  const sizes = { [chair]: 24 * MB, [lamp]: 20 * MB }
  for (const [path, bytes] of Object.entries(sizes)) await makeFile(path, bytes, path)
  const unfinished = async (program: Program): Promise<readonly UnfinishedUpload[]> =>
    ((await program.ask('unfinished')) as UnfinishedUpload[]).sort((a, b) => a.path.localeCompare(b.path))
  const { program, again } = await oneProgram(market)
  const other = await again()
  expect(await unfinished(other)).toEqual([])

  market.proxy.weather.bytesPerSecond = MB
  await program.ask('add', [chair, lamp])
  await program.until(inFlight(MB + 1))
  // The server is not asked while it is being sent to: some would break that off.
  expect(await unfinished(other)).toEqual([chair, lamp].map((path) => ({ path, name: path.slice(folder.length + 1), bytesTotal: sizes[path], isThere: true })))
  expect(await unfinished(program)).toEqual([])
  await program.ask('pause')
  await expect.poll(async () => (await unfinished(other)).filter(({ bytesSent = 0 }) => bytesSent >= MB).map(({ path }) => path), { timeout: 60_000 }).toEqual([chair, lamp])

  market.proxy.weather.bytesPerSecond = Number.POSITIVE_INFINITY
  renameSync(lamp, join(folder, 'put away.blend'))
  await other.ask('add', [chair])
  expect(await settled(other)).toMatchObject([{ state: 'done' }])
  expect(await unfinished(await again())).toMatchObject([{ path: lamp, isThere: false }])
  await other.ask('adopt', await market.signIn('jonas@example.test'))
  expect(await unfinished(other)).toEqual([])
}, 240_000)
