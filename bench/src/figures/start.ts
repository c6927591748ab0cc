// How long a page of somebody who is signed in takes: from its load to the first authenticated answer, beside peers that do the same.
import type { Figure } from '../figure.ts'
import { inTurns, median, paired, verdict, type Paired } from '../pairs.ts'
import { bare, bareDatabase, ours, restoredPages } from '../restored.ts'

const rounds = 30
const peers = ['oidc-client-ts', '@supabase/auth-js'] as const
const names = [ours, ...peers, bare, bareDatabase]

/** Times of one load since its navigation began, ms. */
interface Load {
  /** The code has come and is about to do something. */
  readonly code: number
  /** The first authenticated request leaves. */
  readonly sent: number
  /** Its answer was read. */
  readonly answered: number
}

interface Start {
  readonly loads: readonly ({ readonly name: string } & Load)[]
  readonly beside: readonly { readonly peer: string; readonly paired: Paired }[]
}

export const start: Figure<Start> = {
  name: 'start',
  peers,
  async measure(say) {
    const pages = await restoredPages(names)
    try {
      const load = (name: string) => async (): Promise<Load> => {
        const tab = await pages.open(name)
        try {
          const found = await tab.evaluate(async (address) => {
            const who = await globalThis.over.promise
            const at = (entry: string): number => performance.getEntriesByName(entry)[0]?.startTime ?? NaN
            return { who, code: at('code'), sent: at(address), answered: at('answered') }
          }, `${pages.authority.issuer}/api/me`)
          if (found.who !== pages.held.subject) throw new Error(`${name} was answered as ${String(found.who)}`)
          return found
        } finally {
          await tab.close()
        }
      }
      const found = await inTurns(rounds, Object.fromEntries(names.map((name) => [name, load(name)])))
      const of = (name: string, what: keyof Load): number[] => (found[name] ?? []).map((one) => one[what])
      const result: Start = {
        loads: names.map((name) => ({ name, code: median(of(name, 'code')), sent: median(of(name, 'sent')), answered: median(of(name, 'answered')) })),
        beside: peers.map((peer) => ({ peer, paired: paired(of(ours, 'answered'), of(peer, 'answered')) })),
      }
      for (const { name, code, sent, answered } of result.loads) say(`${name}: code ${code.toFixed(0)} ms, request ${sent.toFixed(0)} ms, answer ${answered.toFixed(0)} ms`)
      return result
    } finally {
      await pages.close()
    }
  },
  readme: ({ beside }) => beside.map(({ peer, paired: one }) => ({
    what: 'page load → restored → first authenticated answer', ours: `${one.ours.toFixed(0)} ms`, beside: `${peer} ${one.theirs.toFixed(0)} ms`, ratio: one, target: 'faster', verdict: verdict(one, { atMost: 1 }),
  })),
  table: ({ loads, beside }) => [
    '### Start',
    '',
    `A page of somebody who is signed in, in Chromium: from its navigation to the first authenticated answer, over loopback; ${beside[0]?.paired.pairs} rounds, each load in a new tab. Each page is the program whose bytes are counted above, in the browser's cache as on a second visit; all use the same bearer token, which is still good.`,
    '',
    '| medians since the navigation | code has run | request leaves | answer read |',
    '|---|--:|--:|--:|',
    ...loads.map(({ name, code, sent, answered }) => `| ${name} | ${code.toFixed(0)} ms | ${sent.toFixed(0)} ms | ${answered.toFixed(0)} ms |`),
    '',
    '| ours beside | ratio | 95 % | target | |',
    '|---|--:|--:|--:|---|',
    ...beside.map(({ peer, paired: one }) => `| ${peer} | ${one.ratio.toFixed(2)} × | ${one.low.toFixed(2)}–${one.high.toFixed(2)} | faster: ≤ 1 × | ${verdict(one, { atMost: 1 })} |`),
  ],
}
