// How long until nothing that was kept can be read, whether that is one file or a thousand; and what it costs to erase them all and to look for them again.
import { execFileSync } from 'node:child_process'
import { until, type Tab } from '../../../test/driver/index.ts'
import { createWorld, type World } from '../../../test/world/world.ts'
import type { Figure } from '../figure.ts'
import { added, inTurns, median, paired, verdict } from '../pairs.ts'
import type {} from '../pages/kept.ts'
import { begin, opened } from '../scene.ts'

/** A round takes some ten seconds: thirty of them are three runs. */
const rounds = 10
const levels = { one: 1, some: 100, many: 1000 } as const
const bytes = 100 * 1024
/** What still counts as constant. */
const atMostConstant = 1.25
const atMostErased = 1.5

/** How far an end was, and when, ms. */
export interface Ended {
  /** From the server's commit to the tab's fence. */
  readonly fenced: number
  /** From the fence to the end of the write that takes the key. */
  readonly unreadable: number
  /** From that write to the moment when all was erased, looked for again and written down. */
  readonly erased: number
}

/** What each round found; in the bare ones a row was deleted, and as many entries as `many` has, one after the other. */
type Rounds = Readonly<Record<'one' | 'some' | 'many', readonly Ended[]> & Record<'bareRow' | 'bareEntries', readonly number[]>>

/** Has the server revoke the session of a tab, once all that it kept is on the disk: a durable write waits for what others have yet to write. */
export async function ended(world: World, tab: Tab, sid: string): Promise<Ended> {
  execFileSync('sync')
  await tab.evaluate(() => kept.note())
  const { committedAt } = await world.authority.end(sid)
  await until(() => tab.evaluate(() => shop.session.state.status === 'signed-out'), { what: 'the session to be over', timeoutMs: 120_000, lookMs: 30_000 })
  const { fenced = NaN, purging = NaN, 'signed-out': out = NaN } = await tab.evaluate(() => kept.moments())
  return { fenced: fenced - committedAt, unreadable: purging - fenced, erased: out - purging }
}

export const erase: Figure<Rounds> = {
  name: 'erase',
  peers: [],
  async measure(say, before) {
    const world = await createWorld({ accessTokenSeconds: 36_000, entry: '../bench/src/pages/kept.ts' })
    try {
      const tabs = await opened(world, 1)
      const tab = tabs[0]!
      const revokedWith = (files: number) => async () => {
        const sid = await begin(world, tabs)
        await tab.evaluate(async (more, size) => {
          const name = await kept.ownCache()
          await kept.fill(name, more, size)
          await kept.card(name, more)
        }, files - 1, bytes)
        return ended(world, tab, sid)
      }
      const took = (erased: number): Ended => ({ fenced: 0, unreadable: 0, erased })
      const found = await inTurns(rounds, {
        one: revokedWith(levels.one), some: revokedWith(levels.some), many: revokedWith(levels.many),
        bareRow: async () => took(await tab.evaluate(() => kept.bareDelete())),
        async bareEntries() {
          await tab.evaluate((files, size) => kept.fill('bare', files, size), levels.many, bytes)
          execFileSync('sync')
          return took(await tab.evaluate(() => kept.bareErase('bare')))
        },
      })
      const times = (way: 'bareRow' | 'bareEntries'): number[] => found[way].map(({ erased }) => erased)
      const all = { one: found.one, some: found.some, many: found.many, bareRow: times('bareRow'), bareEntries: times('bareEntries') }
      say(`${rounds} rounds: ${median(all.many.map(({ unreadable }) => unreadable)).toFixed(1)} ms, erased ${median(all.many.map(({ erased }) => erased)).toFixed(0)} ms, bare ${median(all.bareEntries).toFixed(0)} ms`)
      return before ? added(before, all) : all
    } finally {
      await world.close()
    }
  },
  readme(found) {
    const growth = paired(found.many.map(({ unreadable }) => unreadable), found.one.map(({ unreadable }) => unreadable))
    const erased = paired(found.many.map((end) => end.erased), found.bareEntries)
    return [
      { what: `the fence → everything unreadable, ${levels.many} files instead of one`, ours: `${growth.ours.toFixed(1)} ms`, beside: `with one ${growth.theirs.toFixed(1)} ms; bare delete ${median(found.bareRow).toFixed(1)} ms`, ratio: growth, target: 'constant', verdict: verdict(growth, { atMost: atMostConstant }) },
      { what: `→ ${levels.many} × 100 KiB erased and verified`, ours: `${erased.ours.toFixed(0)} ms`, beside: `bare deletion ${erased.theirs.toFixed(0)} ms`, ratio: erased, target: `≤ ${atMostErased} ×`, verdict: verdict(erased, { atMost: atMostErased }) },
    ]
  },
  table(found) {
    const times = (level: keyof typeof levels, what: keyof Ended): number[] => found[level].map((end) => end[what])
    const names = Object.keys(levels) as (keyof typeof levels)[]
    const growth = paired(times('many', 'unreadable'), times('one', 'unreadable'))
    const erased = paired(times('many', 'erased'), found.bareEntries)
    return [
      '### Unreadable, and erased',
      '',
      `A revocation in Chromium with so many files of 100 KiB, each an encrypted body in Cache Storage and a card in IndexedDB; ${growth.pairs} rounds. One file is saved by the SDK, the others are put beside it as it does, and all are on the disk (sync) before the session ends. *Unreadable*: from the fence to the end of the one write that takes the key, beside one bare IndexedDB delete of a row with a key, as durable. *Erased*: from there to the moment when everything registered was erased, looked for through a fresh handle and written down, beside the bare deletion of as many bodies one after the other, at which nobody looks again.`,
      '',
      '| | ours | bare | ratio | 95 % | target | |',
      '|---|--:|--:|--:|--:|--:|---|',
      ...names.map((level) => {
        const beside = paired(times(level, 'unreadable'), found.bareRow)
        return `| unreadable, ${levels[level]} ${levels[level] === 1 ? 'file' : 'files'} | ${beside.ours.toFixed(1)} ms | ${beside.theirs.toFixed(1)} ms | ${beside.ratio.toFixed(2)} × | ${beside.low.toFixed(2)}–${beside.high.toFixed(2)} | – | stated |`
      }),
      `| unreadable, ${levels.many} files beside one | ${growth.ours.toFixed(1)} ms | ${growth.theirs.toFixed(1)} ms with one | ${growth.ratio.toFixed(2)} × | ${growth.low.toFixed(2)}–${growth.high.toFixed(2)} | constant: ≤ ${atMostConstant} × | ${verdict(growth, { atMost: atMostConstant })} |`,
      `| erased and verified, ${levels.many} files | ${erased.ours.toFixed(0)} ms | ${erased.theirs.toFixed(0)} ms | ${erased.ratio.toFixed(2)} × | ${erased.low.toFixed(2)}–${erased.high.toFixed(2)} | ≤ ${atMostErased} × | ${verdict(erased, { atMost: atMostErased })} |`,
      '',
      `From the server's commit to unreadable, with ${levels.many} files: ${median(found.many.map(({ fenced, unreadable }) => fenced + unreadable)).toFixed(1)} ms.`,
    ]
  },
}
