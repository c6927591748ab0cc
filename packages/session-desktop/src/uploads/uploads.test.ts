/** Uploads of real programs to a real server, over bad networks, in turns, and of files that people go on working with. */
import { appendFileSync, readdirSync, readFileSync, renameSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { newFolder } from '../../test/folders.ts'
import { digestOf, makeFile, openMarket, type Market } from '../../test/market.ts'
import { emptyFile, inFlight, MB, oneProgram, records, settled } from '../../test/uploading.ts'
import { eventually } from '../../test/eventually.ts'

/** All bytes of the test with sixteen files; `npm run test:uploads` sends 2 GB. */
const manyBytes = Number(process.env.UPLOAD_TEST_MB ?? 32) * MB

const refreshes = ({ events }: Market): string[] => events.filter((event) => event.type === 'refresh').map(({ outcome }) => outcome)

it('P3 I1 a file arrives byte for byte over tokens of 3 s and connections that break', async () => {
  const market = await openMarket({ accessTokenSeconds: 3 })
  const folder = newFolder()
  const path = join(folder, 'chair.blend')
  const sha256 = await makeFile(path, 20 * MB, 'chair')
  const { program } = await oneProgram(market)
  Object.assign(market.proxy.weather, { cutAfterBytes: 3 * MB, bytesPerSecond: 3 * MB })
  await program.ask('add', [path])
  expect(await settled(program)).toMatchObject([{ state: 'done', bytesSent: 20 * MB, bytesTotal: 20 * MB }])
  expect(market.received()).toMatchObject([{ finished: true, digest: sha256, promised: sha256 }])
  expect(market.proxy.cuts).toBeGreaterThan(3)
  expect(refreshes(market).length).toBeGreaterThan(1)
  expect(new Set(refreshes(market))).toEqual(new Set(['rotated']))
}, 240_000)

it('P3 P8 sixteen files of four processes arrive once each, and each refresh is made once', async () => {
  const market = await openMarket({ accessTokenSeconds: 3 })
  const folder = newFolder()
  const paths = Array.from({ length: 16 }, (_, index) => join(folder, `model ${index}.glb`))
  const digests = await Promise.all(paths.map((path) => makeFile(path, manyBytes / 16, path)))
  const device = market.device()
  const programs = await Promise.all(Array.from({ length: 4 }, () => device.program({ uploads: { chunkBytes: 4 * MB } })))
  await programs[0]!.ask('adopt', await market.signIn())
  await Promise.all(programs.map((program) => program.line('state active')))
  Object.assign(market.proxy.weather, { cutAfterBytes: Math.max(6 * MB, manyBytes / 40) })
  const from = Date.now()
  await Promise.all(programs.map((program) => program.ask('add', paths)))
  for (const uploads of await Promise.all(programs.map(settled))) expect(uploads.map(({ state, failure }) => failure?.code ?? state)).toEqual(paths.map(() => 'done'))
  const seconds = (Date.now() - from) / 1_000
  const received = market.received()
  expect(received.filter(({ finished }) => finished).map(({ digest }) => digest).sort()).toEqual([...digests].sort())
  expect(refreshes(market)).not.toContain('reuse')
  expect(refreshes(market)).not.toContain('superseded')
  const { length } = refreshes(market).filter((outcome) => outcome === 'rotated')
  expect(length).toBe(await programs[0]!.ask('refreshes'))
  const memory = await Promise.all(programs.map((program) => program.ask('memory')))
  const sent = received.reduce((sum, { bytes }) => sum + bytes, 0)
  console.log(`${manyBytes / MB} MB in 16 files, 4 processes: ${seconds.toFixed(1)} s, ${(manyBytes / MB / seconds).toFixed(0)} MB/s, ${market.proxy.cuts} cuts, ${(sent / MB).toFixed(1)} MB let in, ${length} refreshes, memory ${memory.map((bytes) => Math.round(Number(bytes) / MB)).join(' ')} MB`)
}, 600_000)

describe('P9 the seller\'s own file', () => {
  it('fails clearly when it is written to, or another is put in its place, while it is sent', async () => {
    const market = await openMarket()
    const { program } = await oneProgram(market, { concurrency: 2 })
    const paths = [await emptyFile(8 * MB), await emptyFile(8 * MB)] as const
    market.proxy.weather.holdAfterBytes = 3 * MB
    await program.ask('add', paths)
    await program.until(inFlight(MB))
    appendFileSync(paths[0], 'more')
    const instead = await emptyFile(8 * MB)
    renameSync(instead, paths[1])
    delete market.proxy.weather.holdAfterBytes
    expect((await settled(program)).map(({ failure }) => failure)).toEqual([{ code: 'changed' }, { code: 'changed' }])
    expect(market.received().filter(({ finished }) => finished)).toEqual([])
    await program.ask('resume')
    expect(await settled(program)).toMatchObject([{ state: 'done' }, { state: 'done' }])
    expect(statSync(paths[0]).size).toBe(8 * MB + 4)
  }, 240_000)

  it('is read through a link, and neither it nor the link is touched', async () => {
    const market = await openMarket()
    const { program } = await oneProgram(market)
    const folder = newFolder()
    const [path, link] = [join(folder, 'real'), join(folder, 'link')]
    writeFileSync(path, 'a chair')
    symlinkSync(path, link)
    const before = statSync(path, { bigint: true })
    await program.ask('add', [link, join(folder, 'missing'), folder])
    expect((await settled(program)).map(({ state, failure }) => failure?.code ?? state)).toEqual(['done', 'unreadable', 'unreadable'])
    expect(market.received()).toMatchObject([{ digest: digestOf(path) }])
    const after = statSync(path, { bigint: true })
    expect([after.mtimeNs, after.ctimeNs, after.size]).toEqual([before.mtimeNs, before.ctimeNs, before.size])
    expect(readdirSync(folder)).toEqual(['link', 'real'])
    expect(readFileSync(path, 'utf8')).toBe('a chair')
  }, 240_000)
})

it('P10 a file that is paused goes on where it was, and one that is taken out leaves nothing behind', async () => {
  const market = await openMarket()
  const { program, directory } = await oneProgram(market)
  const paths = [await emptyFile(8 * MB), await emptyFile(0)]
  // Slow enough for the small file to be done while the large one is on its way, however busy the machine is.
  market.proxy.weather.bytesPerSecond = MB / 2
  const [id] = (await program.ask('add', paths)) as [string]
  await program.until(([first, second]) => first?.state === 'uploading' && first.bytesSent > MB && second?.state === 'done')
  await program.ask('pause', id)
  market.proxy.weather.bytesPerSecond = 8 * MB
  expect(await settled(program)).toMatchObject([{ state: 'paused' }, { state: 'done', bytesTotal: 0 }])
  await program.ask('resume', id)
  expect(await settled(program)).toMatchObject([{ state: 'done' }, { state: 'done' }])
  expect(market.received().find(({ bytes }) => bytes > 0)).toMatchObject({ finished: true })
  expect(market.received().find(({ bytes }) => bytes > 0)!.bytes).toBeLessThan(11 * MB)

  const kept = records(directory).length
  market.proxy.weather.bytesPerSecond = MB
  const [gone] = (await program.ask('add', [await emptyFile(8 * MB)])) as [string]
  await program.until((uploads) => (uploads.at(-1)?.bytesSent ?? 0) > MB && uploads.length === 3)
  await program.ask('cancel', gone)
  expect(records(directory)).toHaveLength(kept)
  const deleted = market.events.filter((event) => event.type === 'api' && event.method === 'DELETE')
  expect(deleted).toMatchObject([{ status: 204 }])
  program.say('close null')
  expect(await program.over).toBe(0)
}, 240_000)

it('P9 P10 what another process finished since a moment that is given is not sent again, and no link is followed that is to be refused', async () => {
  const market = await openMarket()
  const { program, again } = await oneProgram(market)
  const path = await emptyFile(MB)
  const link = join(newFolder(), 'link')
  symlinkSync(path, link)
  const other = await again()
  const since = Date.now()
  await program.ask('add', [path])
  expect(await settled(program)).toMatchObject([{ state: 'done' }])
  await other.ask('add', [[path, { since }], [link, { links: 'refuse' }]])
  expect((await settled(other)).map(({ state, failure }) => failure?.code ?? state)).toEqual(['done', 'unreadable'])
  expect(market.received()).toHaveLength(1)
  await other.ask('add', [path])
  expect(await settled(other)).toHaveLength(3)
  expect(market.received()).toHaveLength(2)
}, 240_000)

it('P10 a record that is broken is none: the file is sent anew', async () => {
  const market = await openMarket()
  const { program, directory } = await oneProgram(market)
  const path = await emptyFile(6 * MB)
  market.proxy.weather.holdAfterBytes = 3 * MB
  const [id] = (await program.ask('add', [path])) as [string]
  await program.until(inFlight(2 * MB))
  await program.ask('pause', id)
  delete market.proxy.weather.holdAfterBytes
  const [record = ''] = records(directory)
  await eventually(() => writeFileSync(record, readFileSync(record).fill(0, 40, 50)))
  await program.ask('resume', id)
  expect(await settled(program)).toMatchObject([{ state: 'done' }])
  expect(market.received().map(({ finished }) => finished)).toEqual([false, true])
}, 240_000)
