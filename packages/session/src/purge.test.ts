/** Erasing what an ended session left, with storages that fail in every way. */
import { describe, expect, it } from 'vitest'
import { after, beginning, downloads, ending, expiry, recent, start, written } from '../test/rows.ts'
import type { Target } from './end.ts'
import { createPurge } from './purge.ts'
import { queueLock } from './queue.ts'
import { createRecord } from './record.ts'
import { emptyRow, type Row } from './row.ts'
import { manualClock } from './testing/clock.ts'
import { createTime } from './time.ts'

const draft: Target = { kind: 'opfs', path: 'draft' }
const files: Target = { kind: 'cache-storage', cache: 'files.content of mira' }

/** A device whose storages hold so much of each target, and do what `bend` says. */
function scene(stored: Row | undefined, holds: Readonly<Record<string, number>> = {}) {
  const clock = manualClock(start + 60_000)
  const state: { stored: Row | undefined; writes: string[]; entries: Record<string, number> } = { stored, writes: [], entries: { ...holds } }
  const bend: { erase?: (target: Target) => Promise<number> | undefined; left?: number; sweep?: (target: Target, keep: () => Promise<readonly string[]>) => Promise<number> } = {}
  const did: string[] = []
  const kept: (readonly string[])[] = []
  const nameOf = (target: Target): string => ('path' in target ? target.path : 'cache' in target ? target.cache : 'database' in target ? target.database : target.area)
  const record = createRecord({
    clock, random: (length) => new Uint8Array(length),
    store: {
      kind: 'memory', persistent: () => true, sleep: () => true, close: () => undefined,
      read: async () => state.stored,
      async change(decide, durability) {
        state.stored = decide(state.stored) ?? state.stored
        state.writes.push(durability)
      },
    },
  }, () => undefined, () => undefined)
  const queue = queueLock()
  const locks: string[] = []
  const purge = createPurge({
    name: '3dimli.test', record, time: createTime(clock), trace: (what, epochId) => did.push(`${what} ${epochId}`),
    ports: { clock, lock: { hold: (name, signal, work) => (locks.push(name), queue.hold(name, signal, work)) } },
    eraser: {
      async erase(target) {
        did.push(`erases ${nameOf(target)}`)
        const bent = bend.erase?.(target)
        if (bent) return bent
        const count = state.entries[nameOf(target)] ?? 0
        state.entries[nameOf(target)] = 0
        return count
      },
      async remains(target) {
        did.push(`looks at ${nameOf(target)}`)
        return bend.left ?? state.entries[nameOf(target)] ?? 0
      },
      async sweep(target, keep) {
        did.push(`sweeps ${nameOf(target)}`)
        if (bend.sweep) return bend.sweep(target, keep)
        kept.push(await keep())
        return 0
      },
    },
  })
  return { clock, state, bend, did, kept, locks, queue, purge }
}

/** A device on which mira's session ended. */
const over = written(ending(after({ targets: [downloads, recent, draft] })))

describe('a purge', () => {
  it('P2 erases target by target in the order of the journal, looks at each again, and then closes it', async () => {
    const { purge, did, state, locks } = scene(over, { 'files.content of mira': 3, 'recently-viewed': 2 })
    expect(await purge.finish()).toStrictEqual([{
      epochId: 'epoch of mira', unreadableAt: start + 1_000, erasedAt: start + 60_000, failedFunctions: [], complete: true,
      targets: [
        { target: files, outcome: 'erased', entries: 3, left: 0 }, { target: recent, outcome: 'erased', entries: 2, left: 0 }, { target: draft, outcome: 'erased', entries: 0, left: 0 },
      ],
    }])
    expect(did).toEqual([
      'erasing epoch of mira', 'erases files.content of mira', 'looks at files.content of mira', 'erases recently-viewed', 'looks at recently-viewed',
      'erases draft', 'looks at draft', 'erased epoch of mira',
    ])
    expect([state.stored?.journals, state.writes, locks]).toEqual([[], ['strict'], ['3dimli.test:purge']])
  })

  it('P2 leaves in the journal what is still there after it was erased', async () => {
    const made = scene(over)
    made.bend.left = 1
    const [report] = await made.purge.finish()
    expect([report?.complete, report?.targets.map(({ outcome, left }) => `${outcome} ${left}`)]).toEqual([false, ['failed 1', 'failed 1', 'failed 1']])
    expect(made.did).not.toContain('erased epoch of mira')
    expect(made.state.stored?.journals).toEqual(over.journals)
  })

  it.each<readonly [string, () => Promise<number>]>([['throws', () => Promise.reject(new Error('broken'))], ['never answers', () => new Promise(() => undefined)]])(
    'P2 D5 goes on past a storage that %s, and leaves that one in the journal', async (_what, erase) => {
      const made = scene(over, { 'recently-viewed': 1 })
      made.bend.erase = (target) => (target.kind === 'cache-storage' ? erase() : undefined)
      const finishing = made.purge.finish()
      await made.clock.advance(30_000)
      const [report] = await finishing
      expect(report).toMatchObject({ complete: false, targets: [{ target: files, outcome: 'failed', entries: 0, left: 0 }, { outcome: 'erased', entries: 1 }, { outcome: 'erased' }] })
      expect(made.state.stored?.journals).toEqual([{ ...over.journals[0], targets: [files] }])
    })

  it('P2 gives a storage 30 s, and the look at it 30 more', async () => {
    const made = scene(over)
    made.bend.erase = (target) => (target.kind === 'cache-storage' ? new Promise((resolve) => void made.clock.timer(29_999, () => resolve(5))) : undefined)
    const finishing = made.purge.finish()
    await made.clock.advance(29_999)
    expect(await finishing).toMatchObject([{ complete: true, targets: [{ entries: 5 }, {}, {}] }])
  })

  it.each([['there is nothing to do', after({})], ['there is no record', undefined]])('writes nothing where %s', async (_what, stored) => {
    const { purge, state, did } = scene(stored)
    expect(await purge.finish()).toEqual([])
    expect([state.writes, did]).toEqual([[], []])
  })

  it('P2 finishes every journal, the oldest first', async () => {
    const second = written(ending(written(beginning(over, { subject: 'jonas', contentId: 'content of jonas', targets: [downloads] })), { subject: 'jonas' }))
    const { purge, state } = scene(second)
    expect((await purge.finish()).map(({ epochId, complete }) => [epochId, complete])).toEqual([['epoch of mira', true], ['epoch of jonas', true]])
    expect(state.stored?.journals).toEqual([])
  })

  it('P3 waits 5 s for another that is under way, and then does not wait for it: it may be frozen', async () => {
    const made = scene(over)
    const held = Promise.withResolvers<void>()
    void made.queue.hold('3dimli.test:purge', new AbortController().signal, () => held.promise)
    const finishing = made.purge.finish()
    await made.clock.advance(4_999)
    expect(made.did).toEqual([])
    await made.clock.advance(1)
    expect(await finishing).toMatchObject([{ complete: true }])
    held.resolve()
  })
})

describe('a sweep', () => {
  const locked = written(beginning(written(ending(after({}), expiry)), { subject: 'jonas', contentId: 'content of jonas' }))

  it.each<readonly [string, Row | undefined, readonly string[]]>([
    ['who is signed in and what is locked', locked, ['content of jonas', 'content of mira']],
    ['what is locked, when nobody is signed in', written(ending(locked)), ['content of mira']],
    ['nothing on a device nobody ever signed in on', emptyRow('nobody', start), []],
    ['nothing without a record', undefined, []],
  ])('P9 P10 keeps %s', async (_what, stored, ids) => {
    const { purge, kept, locks } = scene(stored)
    await purge.sweep([downloads])
    expect([kept, locks]).toEqual([[ids], ['3dimli.test:purge']])
  })

  it.each<readonly [string, () => Promise<number>]>([['throws', () => Promise.reject(new Error('broken'))], ['never answers', () => new Promise(() => undefined)]])('P2 goes on past a storage that %s', async (_what, sweep) => {
    const made = scene(locked)
    made.bend.sweep = (target) => (target === downloads ? sweep() : Promise.resolve(1))
    const sweeping = made.purge.sweep([downloads, draft])
    await made.clock.advance(30_000)
    await sweeping
    expect(made.did).toEqual(['sweeps files.{content}', 'sweeps draft'])
  })
})

