// What tabs learn of each other and of the server: an end at the server, a sign-out in one of them, a refresh that all need.
import type { Figure } from '../figure.ts'
import { median, medianOf, verdict, type Paired } from '../pairs.ts'
import { peerPatienceMs, peers, refreshes, revoked, signedOut, unnoticed } from '../tabs.ts'

const rounds = 30
const generations = 6
const signOutPairs = 120

type Unnoticed = Awaited<ReturnType<typeof unnoticed>>

interface Tabs {
  /** From the server's commit to the last tab's fence, ms. */
  readonly revoked: readonly { readonly tabs: number; readonly rounds: readonly number[] }[]
  /** From `signOut()` to the last of the other nine, beside a bare message to nine. */
  readonly signedOut: Paired
  readonly refreshes: readonly { readonly tabs: number; readonly generations: number; readonly sent: number }[]
  /** How many of a peer's tabs still said that somebody is signed in, long after the server had revoked the session. */
  readonly peers?: readonly Unnoticed[]
}

const ms = (value: number): string => `${value.toFixed(0)} ms`

export const tabs: Figure<Tabs> = {
  name: 'tabs',
  peers: Object.keys(peers),
  async measure(say) {
    const found: { tabs: number; rounds: number[] }[] = []
    for (const count of [1, 10, 30]) {
      found.push({ tabs: count, rounds: await revoked(count, rounds) })
      say(`revoked, ${count} tabs: ${ms(median(found.at(-1)!.rounds))}`)
    }
    const out = await signedOut(signOutPairs)
    say(`signed out, nine others: ${ms(out.ours)}, a bare message ${ms(out.theirs)}`)
    const counted: { tabs: number; generations: number; sent: number }[] = []
    for (const count of [10, 30]) {
      counted.push({ tabs: count, ...await refreshes(count, generations) })
      say(`refreshes of ${count} tabs: ${counted.at(-1)!.sent} for ${counted.at(-1)!.generations} generations`)
    }
    const others: Unnoticed[] = []
    for (const peer of Object.keys(peers)) {
      others.push(await unnoticed(peer))
      say(`${peer}: ${others.at(-1)!.signedIn} tabs are signed in ${peerPatienceMs / 1000} s after the revocation`)
    }
    return { revoked: found, signedOut: out, refreshes: counted, peers: others }
  },
  readme: ({ revoked: ends, signedOut: out, refreshes: counted, peers: others = [] }) => [
    ...ends.map(({ tabs: count, rounds: all }) => ({
      what: `revoked at the server → last of ${count} ${count === 1 ? 'tab' : 'tabs'} fenced`, ours: ms(median(all)), beside: others.length === 0 ? 'not noticed¹' : count === 10 ? others.map(({ peer, tabs: all, signedIn }) => `${peer}: ${signedIn} of ${all} tabs signed in ${peerPatienceMs / 1000} s later`).join('; ') : '', target: count === 10 ? '< 100 ms' : '–', verdict: count === 10 ? verdict(medianOf(all), { atMost: 100 }) : 'stated',
    })),
    { what: 'sign-out → the other nine tabs', ours: `${out.ours.toFixed(1)} ms`, beside: `a bare message ${out.theirs.toFixed(1)} ms`, ratio: out, target: '≤ 2 ×', verdict: verdict(out, { atMost: 2 }) },
    ...counted.map(({ tabs: count, generations: all, sent }) => ({
      what: `refreshes per generation, ${count} tabs, rotation on`, ours: (sent / all).toFixed(2), beside: '1.3 to 10.8¹', target: '1', verdict: sent === all ? 'met' : 'missed',
    })),
  ],
  table: ({ revoked: ends, signedOut: out, refreshes: counted, peers: others = [] }) => [
    '### Tabs',
    '',
    'Chromium, all tabs but one hidden; loopback provider with rotation.',
    '',
    '| | median | 95 % | target | |',
    '|---|--:|--:|--:|---|',
    ...ends.map(({ tabs: count, rounds: times }) => {
      const found = medianOf(times)
      return `| revoked at the server → last of ${count} ${count === 1 ? 'tab' : 'tabs'} fenced, ${times.length} rounds | ${ms(found.median)} | ${ms(found.low)}–${ms(found.high)} | ${count === 10 ? '< 100 ms' : '–'} | ${count === 10 ? verdict(found, { atMost: 100 }) : 'stated'} |`
    }),
    `| \`signOut()\` → last of the other nine, ${out.pairs} pairs | ${out.ours.toFixed(1)} ms; a bare message to nine ${out.theirs.toFixed(1)} ms | ${out.ratio.toFixed(2)} × (${out.low.toFixed(2)}–${out.high.toFixed(2)}) | ≤ 2 × | ${verdict(out, { atMost: 2 })} |`,
    ...counted.map(({ tabs: count, generations: all, sent }) => `| refreshes per generation, ${count} tabs that all ask at once, ${all} generations | ${(sent / all).toFixed(2)} | – | 1 | ${sent === all ? 'met' : 'missed'} |`),
    ...others.flatMap(({ peer, tabs: all, signedIn }, index) => [
      ...(index === 0 ? [''] : []),
      `${peer} in ${all} tabs, same provider, a token of two hours: ${peerPatienceMs / 1000} s after the revocation ${signedIn} of them say that somebody is signed in.`,
    ]),
  ],
}
