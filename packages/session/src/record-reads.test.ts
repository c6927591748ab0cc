/** What one context asks its store, and which of the answers it believes. */
import { describe, expect, it, vi } from 'vitest'
import { mira, nothing, recording, suspended } from '../test/recording.ts'
import { beginning, ending, expiry, start, written } from '../test/rows.ts'
import { emptyRow, type Row } from './row.ts'

const over = written(ending(mira))
const error = (operation: string) => ({ code: 'storage', details: { operation } })

describe('a store that fails', () => {
  it('D3 to read is told by what it failed at, each time', async () => {
    const { record, store, failed } = recording()
    store.read = () => Promise.reject(new Error('internal'))
    await expect(record.read()).rejects.toMatchObject(error('read'))
    await expect(record.content(mira.epoch.id)).rejects.toMatchObject(error('read'))
    expect(failed).toHaveBeenCalledTimes(2)
  })

  it('D3 to answer within 2 s is told the same', async () => {
    const { record, held, clock, failed } = recording()
    held.reads = held.writes = true
    const read = expect(record.read()).rejects.toMatchObject(error('read'))
    const change = expect(record.change(() => nothing)).rejects.toMatchObject(error('write'))
    await clock.advance(1_999)
    expect(failed).not.toHaveBeenCalled()
    await clock.advance(1)
    await Promise.all([read, change])
    expect(failed).toHaveBeenCalledTimes(2)
  })

  it('D8 to be understood is told so, and changed by nobody', async () => {
    const { record, failed, seen, state } = recording({ v: 2 })
    const decide = vi.fn(() => nothing)
    await expect(record.read()).rejects.toMatchObject(error('understand'))
    expect(failed).toHaveBeenCalledTimes(1)
    await expect(record.change(decide)).rejects.toMatchObject(error('understand'))
    expect([decide.mock.calls.length, failed.mock.calls.length, seen.length, state.stored]).toEqual([0, 2, 0, { v: 2 }])
  })

  it('to run what was to be decided is told as a write that failed', async () => {
    const { record, store, seen } = recording()
    store.change = () => Promise.resolve()
    await expect(record.change(() => nothing)).rejects.toMatchObject(error('write'))
    expect(seen).toEqual([])
  })
})

describe('how recent the view is', () => {
  it('P1 100 ms and no longer: then the store is asked again', async () => {
    const { record, reads, clock } = recording()
    await clock.advance(500)
    await record.fresh()
    expect([record.readAt(), record.isFresh()]).toEqual([500, true])
    await clock.advance(100)
    await record.fresh()
    expect([record.isFresh(), reads.length]).toEqual([true, 1])
    await clock.advance(1)
    expect(record.isFresh()).toBe(false)
    await record.fresh()
    expect([record.readAt(), reads.length]).toEqual([601, 2])
  })

  it('P1 it counts from the question, not from the answer', async () => {
    const { record, reads, held, clock } = recording()
    held.reads = true
    const read = record.read()
    await clock.advance(150)
    reads[0]!.resolve(mira)
    await read
    expect([record.readAt(), record.isFresh()]).toEqual([0, false])
  })

  it('a read under way is joined while it is recent, and never by one that reads anew', async () => {
    const { record, reads, held, clock } = recording()
    held.reads = true
    const all = [record.read(), record.fresh()]
    await clock.advance(100)
    all.push(record.fresh())
    expect(reads).toHaveLength(1)
    await clock.advance(1)
    all.push(record.fresh())
    expect(reads).toHaveLength(2)
    all.push(record.read())
    expect(reads).toHaveLength(3)
    for (const read of reads) read.resolve(mira)
    expect(await Promise.all(all)).toEqual(all.map(() => record.view()))
  })

  it('P1 nothing is joined or trusted once something was heard', async () => {
    const { record, reads, held } = recording()
    await record.read()
    expect(record.isFresh()).toBe(true)
    record.stale()
    expect(record.isFresh()).toBe(false)
    held.reads = true
    const before = record.read()
    record.stale()
    const later = record.fresh()
    expect(reads).toHaveLength(3)
    for (const read of reads) read.resolve(over)
    await Promise.all([before, later])
    expect(record.view()).toEqual(over)
  })

  it('a read that failed is not joined', async () => {
    const { record, reads, held } = recording()
    held.reads = true
    const failing = record.read().catch(() => 'failed')
    reads[0]!.reject(new Error('internal'))
    expect(await failing).toBe('failed')
    held.reads = false
    expect(await record.fresh()).toMatchObject({ epoch: mira.epoch })
  })

  it('a read that is over leaves the one that began after it to be joined', async () => {
    const { record, reads, held } = recording()
    held.reads = true
    const first = record.read()
    const second = record.read()
    record.view()
    reads[0]!.reject(new Error('internal'))
    await first.catch(() => undefined)
    const joined = record.fresh()
    expect(reads).toHaveLength(2)
    reads[1]!.resolve(mira)
    expect(await joined).toEqual(await second)
  })
})

describe('of two answers at once', () => {
  /** Reads as often as there are rows, all at once, answered in the order given by their numbers; what is believed in the end. */
  const believed = async (rows: readonly (Row | undefined)[], order: readonly number[]) => {
    const made = recording()
    await made.record.read()
    made.held.reads = true
    const reads = rows.map(() => made.record.read())
    for (const index of order) {
      made.reads[index + 1]!.resolve(rows[index])
      await reads[index]
    }
    return made.record.view()
  }

  it.each([[[0, 1]], [[1, 0]]])('P5 the row of the later epoch is believed, answered in the order %j', async (order) => {
    expect(await believed([over, mira], order)).toEqual(over)
    expect(await believed([mira, over], order)).toEqual(over)
  })

  it('P3 within an epoch, the later generation', async () => {
    const renewed = { ...mira, generation: 1 }
    for (const order of [[0, 1], [1, 0]]) for (const rows of [[renewed, mira], [mira, renewed]]) expect((await believed(rows, order))?.generation).toBe(1)
  })

  it('of one age, what was asked later', async () => {
    expect((await believed([mira, suspended], [1, 0]))?.suspended).toBe(true)
    expect((await believed([suspended, mira], [0, 1]))?.suspended).toBeUndefined()
    expect((await believed([suspended, mira, suspended], [2, 0, 1]))?.suspended).toBe(true)
    expect((await believed([mira, suspended, mira], [1, 0, 2]))?.suspended).toBeUndefined()
  })

  it('D6 the row of a record that was made anew after the first was lost', async () => {
    const anew = written(beginning(emptyRow('anew', start + 60_000), { subject: 'jonas', now: start + 60_000 }))
    for (const order of [[0, 1], [1, 0]]) for (const rows of [[anew, over], [over, anew]]) expect((await believed(rows, order))?.live?.subject).toBe('jonas')
  })

  it('D6 a row, not that there is none', async () => {
    for (const order of [[0, 1], [1, 0]]) for (const rows of [[mira, undefined], [undefined, mira]]) expect(await believed(rows, order)).toMatchObject({ epoch: mira.epoch })
  })

  it('P5 a row of a higher age that was asked for first is no reason to disbelieve the next', async () => {
    expect((await believed([over, mira, { ...over, suspended: true }], [1, 0, 2]))?.suspended).toBe(true)
  })
})

describe('an answer that overlaps no other', () => {
  it('D6 is believed whatever it says', async () => {
    const { record, state } = recording(over)
    await record.read()
    for (const row of [mira, undefined, emptyRow('new', 0), over]) {
      state.stored = row
      await record.read()
      expect(record.view()?.epoch).toEqual(row?.epoch)
    }
  })

  it('P2 what was asked before the view was wiped is not', async () => {
    const { record, held, reads, state } = recording()
    await record.read()
    held.reads = true
    const before = [record.read(), record.read()]
    record.wipe()
    expect([record.view(), record.isFresh()]).toEqual([undefined, false])
    for (const read of reads) read.resolve(mira)
    await Promise.all(before)
    expect(record.view()).toBeUndefined()
    held.reads = false
    state.stored = over
    expect(await record.read()).toEqual(over)
  })

  it('P10 what is in use or locked is told as the store has it, although what was asked before the view was wiped is not believed', async () => {
    const { record, held, reads } = recording()
    held.reads = true
    const contents = record.contents()
    record.wipe()
    reads[0]!.resolve(mira)
    expect(await contents).toEqual([mira.live!.content.id])
    expect(record.view()).toBeUndefined()
  })

  it('P9 P10 all of it: of the session that lives, and what is locked for others; nothing where there is no record or none alive', async () => {
    const locked = written(ending(mira, expiry))
    const jonas = written(beginning(locked, { subject: 'jonas' }))
    expect(await recording(jonas).record.contents()).toEqual(['content of jonas', 'content of mira'])
    expect(await recording(locked).record.contents()).toEqual(['content of mira'])
    expect(await recording(over).record.contents()).toEqual([])
    expect(await recording(null).record.contents()).toEqual([])
  })

  it('P9 P10 a record in memory tells nothing of it: it knows nobody else, also when it went there during this very read', async () => {
    const { record, store, held, reads, failed } = recording()
    held.reads = true
    const contents = expect(record.contents()).rejects.toMatchObject(error('read'))
    Object.assign(store, { persistent: () => false })
    reads[0]!.resolve(undefined)
    await contents
    expect(failed).not.toHaveBeenCalled()
  })
})
