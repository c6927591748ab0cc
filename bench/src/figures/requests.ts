// What a request costs through the session, beside the bare request with the same headers; real provider, real page, loopback.
import { createWorld } from '../../../test/world/world.ts'
import type { Figure } from '../figure.ts'
import { inPairs, verdict, type Paired } from '../pairs.ts'
import type {} from '../pages/requests.ts'

const pairs = 50
const perSample = 25
const perStubbedSample = 200

/** One comparison. */
interface Row {
  readonly name: string
  readonly atMost?: number
  readonly paired: Paired
}

const comparisons = [
  { name: '`session.fetch` / `fetch`', ours: 'session', theirs: 'bare' },
  { name: 'ky instance / ky with a hook', ours: 'http', theirs: 'ky' },
] as const
const bounds = { Bearer: [1.1, 1.1], DPoP: [1.2, undefined] } as const

export const requests: Figure<readonly Row[]> = {
  name: 'requests',
  peers: ['ky'],
  async measure(say) {
    const rows: Row[] = []
    const add = (row: Row): void => {
      rows.push(row)
      say(`${row.name}: ${row.paired.ratio.toFixed(3)} ×`)
    }
    for (const type of ['Bearer', 'DPoP'] as const) {
      const world = await createWorld({ accessTokenSeconds: 3600, dpop: type === 'DPoP', entry: '../bench/src/pages/requests.ts' })
      try {
        const tab = await world.open()
        await world.signIn(tab)
        for (const [index, { name, ours, theirs }] of comparisons.entries()) {
          const atMost = bounds[type][index]
          const timed = (way: typeof ours | typeof theirs, stubbed: boolean) => () =>
            tab.evaluate(([what, times, isStubbed]) => bench[isStubbed ? 'timeOverStub' : 'time'](what, times), [way, stubbed ? perStubbedSample : perSample, stubbed] as const)
          add({ name: `${type}: ${name}`, ...(atMost !== undefined && { atMost }), paired: await inPairs(pairs, timed(ours, false), timed(theirs, false)) })
          add({ name: `${type}: ${name}, over a stub`, paired: await inPairs(pairs, timed(ours, true), timed(theirs, true)) })
        }
      } finally {
        await world.close()
      }
    }
    return rows
  },
  readme: (rows) => rows.filter(({ atMost }) => atMost !== undefined).map(({ name, atMost = NaN, paired }) => ({
    what: name, ours: time(paired.ours), beside: time(paired.theirs), ratio: paired, target: `≤ ${atMost} ×`, verdict: verdict(paired, { atMost }),
  })),
  table: (rows) => [
    '### Requests',
    '',
    `A GET with a small JSON answer from a loopback provider, in a page in Chromium; ${rows[0]?.paired.pairs} pairs of ${perSample} requests each. Over a stub nothing leaves the page: that is the code alone.`,
    '',
    '| | ours | beside | ratio | 95 % | target | |',
    '|---|--:|--:|--:|--:|--:|---|',
    ...rows.map(({ name, atMost, paired }) =>
      `| ${name} | ${time(paired.ours)} | ${time(paired.theirs)} | ${paired.ratio.toFixed(2)} × | ${paired.low.toFixed(2)}–${paired.high.toFixed(2)} | ${atMost === undefined ? '–' : `≤ ${atMost} ×`} | ${atMost === undefined ? 'stated' : verdict(paired, { atMost })} |`),
  ],
}

const time = (ms: number): string => (ms < 1 ? `${(ms * 1000).toFixed(0)} µs` : `${ms.toFixed(2)} ms`)
