// What more tabs cost, and what more cached files cost: the same acts with one and with many, and a plot of each.
import { createWorld } from '../../../test/world/world.ts'
import type { Figure } from '../figure.ts'
import { median } from '../pairs.ts'
import type {} from '../pages/kept.ts'
import { drawn, type Line } from '../plot.ts'
import { begin, opened } from '../scene.ts'
import { revoked } from '../tabs.ts'
import { ended } from './erase.ts'

const tabCounts = [1, 2, 5, 10, 20, 30]
const tabRounds = 7
const fileCounts = [1, 10, 100, 1000]
/** These take some minutes, and a run of their own. */
const manyFiles = [10_000]
/** Saves that are under way at a time. */
const atOnce = 16

/** What was done with so many files, ms. */
interface Files {
  readonly files: number
  /** One more is saved; the median of ten. */
  readonly save: number
  /** One is opened and read; the median of ten. */
  readonly open: number
  readonly list: number
  readonly unreadable: number
  readonly erased: number
}

interface Growth {
  readonly tabs: readonly { readonly tabs: number; readonly rounds: readonly number[] }[]
  readonly files: readonly Files[]
}

const acts = { save: 'save one', open: 'open and read one', list: 'list all', unreadable: 'all unreadable', erased: 'all erased and verified' } as const
const colours = { save: 'orange', open: 'blue', list: 'grey', unreadable: 'green', erased: 'red' } as const

async function filesGrow(counts: readonly number[], say: (line: string) => void): Promise<Files[]> {
  const world = await createWorld({ accessTokenSeconds: 36_000, entry: '../bench/src/pages/kept.ts' })
  try {
    const tabs = await opened(world, 1)
    const tab = tabs[0]!
    const found: Files[] = []
    for (const files of counts) {
      const sid = await begin(world, tabs)
      await tab.evaluate((count, some) => kept.saveMany(count, some), files, atOnce)
      const took = await tab.evaluate(() => kept.times())
      const { unreadable, erased } = await ended(world, tab, sid)
      found.push({ files, ...took, unreadable, erased })
      say(`${files} files: save ${took.save.toFixed(1)} ms, open ${took.open.toFixed(1)} ms, list ${took.list.toFixed(0)} ms, unreadable ${unreadable.toFixed(1)} ms, erased ${erased.toFixed(0)} ms`)
    }
    return found
  } finally {
    await world.close()
  }
}

export const growth: Figure<Growth> = {
  name: 'growth',
  peers: [],
  async measure(say, before) {
    if (before) return { ...before, files: [...before.files.filter(({ files }) => !manyFiles.includes(files)), ...await filesGrow(manyFiles, say)] }
    const files = await filesGrow(fileCounts, say)
    const tabs: { tabs: number; rounds: number[] }[] = []
    for (const count of tabCounts) {
      tabs.push({ tabs: count, rounds: await revoked(count, tabRounds) })
      say(`${count} tabs: ${median(tabs.at(-1)!.rounds).toFixed(0)} ms`)
    }
    return { tabs, files }
  },
  table: ({ tabs, files }) => [
    '### Growth',
    '',
    `From the server's commit to the last tab's fence, the median of ${tabs[0]?.rounds.length} rounds:`,
    '',
    `| tabs | ${tabs.map((one) => one.tabs).join(' | ')} |`,
    `|---|${tabs.map(() => '--:|').join('')}`,
    `| last fenced | ${tabs.map(({ rounds }) => `${median(rounds).toFixed(0)} ms`).join(' | ')} |`,
    '',
    '![Time from the revocation to the last tab’s fence, by number of tabs](figures/growth-tabs.svg)',
    '',
    'With so many small files saved by the SDK, once each:',
    '',
    `| files | ${files.map((one) => one.files.toLocaleString('en')).join(' | ')} |`,
    `|---|${files.map(() => '--:|').join('')}`,
    ...(Object.keys(acts) as (keyof typeof acts)[]).map((act) => `| ${acts[act]} | ${files.map((one) => milliseconds(one[act])).join(' | ')} |`),
    '',
    '![Time of each act, by number of cached files](figures/growth-files.svg)',
  ],
  plots: {
    names: ['growth-tabs', 'growth-files'],
    draw: async ({ tabs, files }) => ({
      'growth-tabs': await drawn({
        title: 'Revoked at the server → last tab fenced', x: 'tabs', y: 'ms', bound: { y: 100, name: 'target with ten tabs' },
        lines: [{ name: 'median', colour: 'blue', points: tabs.map((one): [number, number] => [one.tabs, median(one.rounds)]) }],
      }),
      'growth-files': await drawn({
        title: 'With more cached files', x: 'cached files', y: 'ms', isLogarithmic: true,
        lines: (Object.keys(acts) as (keyof typeof acts)[]).map((act): Line => ({ name: acts[act], colour: colours[act], points: files.map((one) => [one.files, one[act]]) })),
      }),
    }),
  },
}

const milliseconds = (ms: number): string => (ms < 10 ? `${ms.toFixed(1)} ms` : ms < 10_000 ? `${ms.toFixed(0)} ms` : `${(ms / 1000).toFixed(1)} s`)
