/** Uploads whose session ends, expires or is held back: what stops, what is kept, and for whom. */
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import type { AuthorityEvent } from '../../../../examples/authority/src/index.ts'
import { newFolder } from '../../test/folders.ts'
import { digestOf, makeFile, openMarket, type Market } from '../../test/market.ts'
import { all, emptyFile, inFlight, MB, oneProgram, records, settled } from '../../test/uploading.ts'

/** What has left the device, when everything that arrived is read: a busy machine may read an end first. */
async function arrived({ proxy }: Market): Promise<number> {
  for (let before = -1; before !== proxy.bytes; ) {
    before = proxy.bytes
    for (let turns = 0; turns < 5; turns += 1) await turn()
  }
  return proxy.bytes
}

it('P1 P2 I2 a revocation stops the uploads of four processes at once, and nothing of them is finished or left', async () => {
  const market = await openMarket()
  const device = market.device()
  const programs = await Promise.all(Array.from({ length: 4 }, () => device.program({ uploads: { chunkBytes: 400 * MB } })))
  const { sid, ...tokens } = await market.signIn()
  await programs[0]!.ask('adopt', { sid, ...tokens })
  await Promise.all(programs.map((program) => program.line('state active')))
  market.proxy.weather.holdAfterBytes = 4 * MB
  for (const program of programs) await program.ask('add', [await emptyFile(400 * MB)])
  await Promise.all(programs.map((program) => program.until(inFlight(MB))))
  expect(records(device.directory).length).toBeGreaterThanOrEqual(4)
  market.proxy.weather.hole = true
  const { committedAt } = await market.authority.end(sid, { reason: 'password-changed' })
  const ends = await Promise.all(programs.map((program) => program.line('end ')))
  for (const end of ends) expect(JSON.parse(end.slice(4))).toMatchObject({ cause: 'revoked', complete: true })
  const bytes = await arrived(market)
  const traces = (await Promise.all(programs.map((program) => program.ask('trace')))) as { what: string; at: number }[][]
  const learned = traces.map((trace) => trace.findLast(({ what }) => what === 'fenced')?.at ?? Number.NaN)
  const lastReceived = market.events.findLast((event) => event.type === 'upload')
  console.log(`last byte left the device ${market.proxy.lastAt - Math.min(...learned)} ms after the revocation reached it (the other processes ${learned.map((at) => at - Math.min(...learned)).join(' ')} ms later), and the server let the last one in ${(lastReceived as { at: number }).at - committedAt} ms after it was written`)
  for (const program of programs) expect(await settled(program)).toMatchObject([{ state: 'failed', failure: { code: 'session-ended' } }])
  expect(await arrived(market)).toBe(bytes)
  expect(market.events.filter((event: AuthorityEvent) => event.type === 'upload' && event.what === 'finished')).toEqual([])
  expect((lastReceived as { at: number }).at).toBeLessThanOrEqual(committedAt)
  expect(records(device.directory)).toEqual([])
}, 240_000)

describe.each([['locked', { disposition: 'lock' }], ['expired', { type: 'session-expired' }]] as const)('P6 P10 I3 an upload whose session %s', (what, how) => {
  it('goes on where the server has it when the same seller is back, and is hidden from another one', async () => {
    const market = await openMarket()
    const path = join(newFolder(), 'lamp.blend')
    const sha256 = await makeFile(path, 12 * MB, what)
    const { program, directory, sid } = await oneProgram(market, { concurrency: 1 })
    market.proxy.weather.holdAfterBytes = 5 * MB
    const [, other] = (await program.ask('add', [path, await emptyFile(MB)])) as [string, string]
    await program.ask('pause', other)
    await program.until(([first]) => inFlight(4 * MB)([first!]))
    await market.authority.end(sid, how)
    await program.line('end ')
    await program.until(([first, second]) => first?.state === 'waiting-for-session' && second?.state === 'paused')
    expect(await settled(program)).toMatchObject([{ state: 'waiting-for-session' }, { state: 'paused' }])
    const kept = records(directory)
    expect(kept).toHaveLength(1)
    expect(market.received()).toMatchObject([{ finished: false }])
    const { bytes: before } = market.received()[0]!

    delete market.proxy.weather.holdAfterBytes
    const jonas = await market.signIn('jonas@example.test')
    await program.ask('adopt', jonas)
    await program.until((uploads) => uploads.length === 0)
    await program.ask('add', [path])
    expect(await settled(program)).toMatchObject([{ state: 'done' }])
    expect(market.received()).toMatchObject([{ finished: false, bytes: before }, { finished: true, sid: jonas.sid, bytes: 12 * MB, digest: sha256 }])
    await program.ask('out')
    expect(records(directory)).toEqual(kept)

    const sela = await market.signIn()
    await program.ask('adopt', sela)
    await program.ask('add', [path])
    expect((await settled(program)).at(-1)).toMatchObject({ state: 'done' })
    const [own] = market.received()
    expect(own).toMatchObject({ finished: true, sid: sela.sid, digest: sha256 })
    expect(own!.bytes - before).toBeLessThan(12 * MB - 2 * MB)
  }, 240_000)
})

/** One program, in the middle of a file, where it stays. */
async function midway() {
  const market = await openMarket()
  const path = await emptyFile(8 * MB)
  const { program, sid } = await oneProgram(market)
  market.proxy.weather.holdAfterBytes = 3 * MB
  await program.ask('add', [path])
  await program.until(inFlight(2 * MB))
  return { market, path, program, sid }
}

it('P10 files that wait for a seller go on by themselves when the same one is back', async () => {
  const { market, path, program, sid } = await midway()
  await market.authority.end(sid, { type: 'session-expired' })
  await program.until(all('waiting-for-session'))
  await program.line('end ')
  delete market.proxy.weather.holdAfterBytes
  await program.ask('adopt', await market.signIn())
  expect(await settled(program)).toMatchObject([{ state: 'done' }])
  expect(market.received()).toMatchObject([{ finished: true, digest: digestOf(path) }])
}, 240_000)

it('P1 P4 a suspended session holds its uploads back, and they go on when it is resumed', async () => {
  const { market, path, program, sid } = await midway()
  market.proxy.weather.hole = true
  await market.authority.suspend(sid)
  await program.line('state fenced')
  await program.until(all('waiting-for-session'))
  expect(market.received()).toMatchObject([{ finished: false }])
  delete market.proxy.weather.holdAfterBytes
  market.proxy.weather.hole = false
  await market.authority.resume(sid)
  expect(await settled(program)).toMatchObject([{ state: 'done' }])
  expect(market.received()).toMatchObject([{ finished: true, digest: digestOf(path) }])
}, 240_000)
