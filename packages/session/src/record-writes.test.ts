/** What one context writes into its store, and the key it hands out. */
import { describe, expect, it, vi } from 'vitest'
import { mira, nothing, recording, suspended } from '../test/recording.ts'
import { ending, written } from '../test/rows.ts'
import { epochId } from './record.ts'
import { emptyRow, type Row } from './row.ts'

const over = written(ending(mira))

describe('a change', () => {
  it('is what its transaction saw and wrote; a read from before it says nothing', async () => {
    const { record, held, reads, seen } = recording()
    held.reads = true
    const before = record.read()
    expect(await record.change(() => ({ row: suspended, result: 'done' }))).toBe('done')
    reads[0]!.resolve(mira)
    await before
    expect([record.view()?.suspended, record.isFresh(), seen.length]).toEqual([true, true, 1])
  })

  it('that answers late says nothing about what was read since', async () => {
    const { record, held, writes } = recording()
    held.writes = true
    const change = record.change(() => ({ row: suspended, result: 'done' }))
    await Promise.resolve()
    held.writes = false
    await record.change(() => ({ row: over, result: undefined }))
    writes[0]!.done.resolve()
    expect(await change).toBe('done')
    expect(record.view()).toEqual(over)
  })

  it('writes strictly when asked to, and shows what is there where it writes nothing', async () => {
    const { record, writes } = recording()
    await record.change(() => nothing)
    await record.change(() => nothing, 'strict')
    expect(writes.map(({ durability }) => durability)).toEqual(['relaxed', 'strict'])
    expect(record.view()).toMatchObject({ epoch: mira.epoch })
  })

  it('of no record begins with an empty one', async () => {
    const { record } = recording(null)
    const decide = vi.fn((row: Row) => ({ row, result: row.epoch.id }))
    expect(await record.change(decide)).toBe('07'.repeat(16))
    expect(decide.mock.calls[0]?.[0]).toEqual(emptyRow('07'.repeat(16), 1_800_000_000_000))
  })
})

describe('the key to what a session keeps', () => {
  it('P2 P8 is handed out for its own epoch alone, and never stays in the view', async () => {
    const { record, seen } = recording()
    expect(await record.content(mira.epoch.id)).toEqual(mira.live?.content)
    expect(await record.content('another')).toBeUndefined()
    await record.change((row) => ({ row, result: undefined }))
    expect(seen).toHaveLength(3)
    expect(JSON.stringify([record.view(), ...seen])).not.toContain('key of')
    expect(record.view()?.live?.content).toEqual({ id: 'content of mira' })
  })

  it('P2 is not there for nobody, without a record, or where the record has none', async () => {
    const { record, state } = recording(over)
    expect(await record.content(over.epoch.id)).toBeUndefined()
    state.stored = undefined
    expect(await record.content(over.epoch.id)).toBeUndefined()
    state.stored = { ...mira, live: { ...mira.live!, content: { id: 'content of mira' } } }
    expect(await record.content(mira.epoch.id)).toBeUndefined()
  })
})

it('an id is 32 hexadecimal digits', () => {
  expect(epochId(() => new Uint8Array(16).map((_, index) => index * 17))).toBe('00112233445566778899aabbccddeeff')
})
