/** One round of the tour: sign in, keep something, begin an order, revoke, and look at everything that was left. */
import { setTimeout as pause } from 'node:timers/promises'
import { until } from '../../../test/driver/index.ts'
import { moveNeighbourIn, readDevice, refreshToken } from './device.ts'
import { all, fillHalfAnOrder, keepModel, sees, signIn, stories, tabCount, type Stage } from './stage.ts'

/** Milliseconds after the server's commit. */
export interface Round {
  /** When each tab let nothing protected pass any more, sorted. */
  readonly fenced: readonly number[]
  /** When each tab had dropped what it held in memory, sorted. */
  readonly forgotten: readonly number[]
  readonly learned: number
  /** When each tab told its page, sorted. */
  readonly told: readonly number[]
  /** When the key was gone from the device. */
  readonly unreadable: number
  /** When everything was erased and looked for again. */
  readonly erased: number
}

/** What was promised, and whether it was so. */
export interface Proof {
  readonly promise: string
  readonly kept: boolean
  readonly seen: string
}

const settleMs = 1_500
/** What the server says to the person. */
export const words = 'Your password was changed today. For your safety every device was signed out.'

/** Plays one round. `pictures` is called while the session lives, and again after its end with the tab that learned of it first. */
export async function playRound(stage: Stage, pictures: (moment: 'before' | 'after', tab: number) => Promise<void>): Promise<{ round: Round; proofs: readonly Proof[] }> {
  const { authority, tabs, bare, events } = stage
  const proofs: Proof[] = []
  const prove = (promise: string, kept: boolean, seen: unknown): void => void proofs.push({ promise, kept, seen: typeof seen === 'string' ? seen : JSON.stringify(seen) })

  const sid = await signIn(stage)
  await moveNeighbourIn(bare.page)
  await keepModel(tabs[1]!, 'Attic amphora')
  await fillHalfAnOrder(tabs[2]!)
  const secrets = [await refreshToken(bare.page), 'Lindenweg']
  await until(async () => (await Promise.all(tabs.map((tab) => tab.page.evaluate(() => globalThis.storefront!.session.detection.via)))).every((via) => via === 'feed'), {
    what: 'the line to the server', timeoutMs: 30_000,
  })
  const before = await readDevice(bare.page, secrets)
  const cacheName = Object.keys(before.caches).find((name) => name.includes('downloads')) ?? ''
  prove('Before: the model lies on the device, encrypted', before.caches[cacheName] === 1 && before.databases['3dimli.storefront.downloads'] === 1 && !before.plainModel, { ...before.caches, ...before.databases })
  prove('Before: so does the draft, encrypted, and the list of what was viewed', before.databases['3dimli.storefront.checkout'] === 1 && before.databases['recently-viewed'] === 1 && !before.secrets.some((one) => one.startsWith('secret 2')), before.databases)
  prove('Before: the token and the content key can be found by this search', before.secrets.length === 1 && before.keys.some((key) => key.startsWith('HKDF')), [...before.secrets, ...before.keys])

  // A handle from before the end, in another tab: what it still reads afterwards would have been missed.
  await tabs[5]!.page.evaluate(async (name) => Object.assign(globalThis, { oldHandle: await caches.open(name) }), cacheName)
  await pictures('before', 1)
  await tabs.at(-1)!.bringToFront()
  const visibilities = await Promise.all(tabs.map((tab) => tab.visibility()))
  prove(`Nine of ${tabCount} tabs are really hidden`, visibilities.filter((one) => one === 'hidden').length === tabCount - 1, visibilities.join(' '))
  await pause(settleMs)

  const { committedAt } = await authority.end(sid, { reason: 'password-changed', reasonUser: { en: words } })
  const told = await stories(tabs)

  const after = (what: string): number[] => told.flatMap(({ trace }) => trace.filter((entry) => entry.what === what).slice(0, 1)).map(({ at }) => at - committedAt).sort((a, b) => a - b)
  const fenced = told.map(({ trace, states }) => {
    const times = [trace.find(({ what }) => what === 'fenced')?.at, states.find(({ status }) => status !== 'active')?.at].filter((at) => at !== undefined)
    return Math.min(...times) - committedAt
  }).sort((a, b) => a - b)
  const first = (what: string): number => after(what)[0] ?? Number.NaN
  const round = { fenced, forgotten: after('forgotten'), told: after('told'), learned: first('learned'), unreadable: first('unreadable'), erased: first('erased') }

  prove('Every tab fenced, and says why', told.length === tabCount && told.every(({ end }) => end.cause === 'revoked' && end.by === 'admin' && end.reason === 'password-changed'), told.map(({ end }) => `${end.cause} ${end.reason}`)[0] ?? '')
  prove('Every tab reports a complete purge', told.every(({ report }) => report.complete && report.targets.every(({ left }) => left === 0)), told.map(({ report }) => report.complete))
  for (const tab of tabs) await sees(tab, 'Your password was changed')
  prove('Every tab shows the notice, with the server’s own words', (await Promise.all(tabs.map((tab) => tab.page.evaluate((text) => document.body.textContent.includes(text), words)))).every(Boolean), words)
  await until(() => tabs[0]!.page.evaluate(() => globalThis.storefront!.session.diagnostics().waitingToRevoke === 0), { what: 'the refresh token to be given back', timeoutMs: 20_000 })

  const left = await readDevice(bare.page, secrets)
  prove('The model is gone', !Object.keys(left.caches).some((name) => name.includes('downloads')) && left.databases['3dimli.storefront.downloads'] === 0, { ...left.caches, ...left.databases })
  prove('A handle from before the end finds nothing', (await tabs[5]!.page.evaluate(async () => (await (globalThis as unknown as { oldHandle: Cache }).oldHandle.keys()).length)) === 0, 'no entry')
  prove('The draft and the list of what was viewed are gone', left.databases['3dimli.storefront.checkout'] === 0 && left.databases['recently-viewed'] === 0, left.databases)
  prove('No token, no key and nothing typed is left in any storage', left.secrets.length === 0 && left.keys.length === 0, [...left.secrets, ...left.keys])
  prove('What belongs to others on this origin is untouched', left.neighbour === before.neighbour && left.neighbour !== '', left.neighbour)
  const served = events.filter((event) => event.type === 'api' && event.sid === sid && event.at > committedAt && event.status < 400)
  prove('The API served nothing to the ended session', served.length === 0, `${served.length} answers`)
  const given = events.filter((event) => event.type === 'revocation' && event.at >= committedAt)
  prove('The refresh token was given back to the provider', given.length > 0, `${given.length} revocations`)
  await all(tabs, 'signed-out')

  await pictures('after', told.findIndex(({ trace }) => trace.some(({ what }) => what === 'learned')))
  return { round, proofs }
}
