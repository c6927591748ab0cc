// After each kind of end nothing of the session is left on the device, and nothing of anybody else's is missing.
import { afterEach, describe, expect, test } from 'vitest'
import { until, type Tab } from '../driver/index.ts'
import { search, type Canaries, type Leaf } from './canaries.ts'
import { foreign, keepForeign, keepOwn, keepSealed, shellWorker } from './keep.ts'
import { createPlace, run, type Place } from './place.ts'

let place: Place
afterEach(() => place.close())

interface Kept {
  readonly tabs: readonly Tab[]
  readonly bare: Tab
  readonly sid: string
  /** What must be found nowhere. */
  readonly canaries: Canaries
  readonly urls: readonly string[]
  readonly foreign: readonly Leaf[]
}

const everything = async (tabs: readonly Tab[], bare: Tab): Promise<Leaf[]> => [
  ...(await run(bare, () => dump.origin())), ...(await Promise.all(tabs.map((tab) => run(tab, () => dump.tab())))).flat(),
]

/** Two tabs of one session that have kept everything there is to keep. */
async function kept(): Promise<Kept> {
  place = await createPlace()
  place.routes['/worker.js'] = shellWorker
  const bare = await place.bare()
  const tab = await place.open()
  const sid = await place.signIn(tab)
  const other = await place.open()
  await keepForeign(tab)
  const sealed = await keepSealed(place, tab)
  const own = await keepOwn(tab)
  const tabs = [tab, other]
  const urls = await Promise.all(tabs.map((one) => run(one, async (id) => (await traced.downloads.open(id))!.url(), sealed['file id'][0] ?? '')))
  const tokens = Object.fromEntries([...place.tokens].map(([kind, parts]) => [`${kind} token`, [...parts]]))
  const canaries: Canaries = { ...sealed, ...own, ...tokens, subject: ['acc_mira'], person: ['Mira Hoffmann', 'mira@example.test'] }
  // The search knows what it looks for: all of it is there now, or sealed.
  for (const [kind, parts] of place.tokens) expect(parts.length, kind).toBeGreaterThan(0)
  const before = await everything(tabs, bare)
  expect(new Set(search(before, canaries).map((line) => line.split(' in ')[0]))).toEqual(new Set(['access token', 'refresh token', 'subject', 'name', 'email', 'address']))
  return { tabs, bare, sid, canaries, urls, foreign: before.filter(({ where }) => foreign.test(where)) }
}

interface Ending {
  readonly title: string
  readonly cause: string
  readonly end: (kept: Kept) => Promise<unknown>
  /** The only places where the subject may stand: the record's account of the end, and what waits for the same person. */
  readonly subject: readonly string[]
  /** The only keys that may be there. */
  readonly keys: readonly string[]
  /** How many entries of downloads and drafts may lie there, sealed. */
  readonly sealed: number
}

const record = 'indexeddb 3dimli.traces/record "session"'
const tombstone = [`subject in ${record}.end.subject`]
const locked = { subject: [...tombstone, `subject in ${record}.vault.0.subject`], keys: [`${record}.vault.0.content.key CryptoKey HKDF secret`], sealed: 5 }
const gone = { subject: tombstone, keys: [], sealed: 0 }

const endings: readonly Ending[] = [
  { title: 'revoked', cause: 'revoked', end: ({ sid }) => place.authority.end(sid, { reason: 'password-changed' }), ...gone },
  { title: 'revoked and locked', cause: 'revoked', end: ({ sid }) => place.authority.end(sid, { reason: 'payment-dispute', disposition: 'lock' }), ...locked },
  { title: 'revoked and retained', cause: 'revoked', end: ({ sid }) => place.authority.end(sid, { reason: 'access-removed', disposition: 'retain' }), ...locked },
  { title: 'expired', cause: 'expired', end: ({ sid }) => place.authority.end(sid, { type: 'session-expired', initiatingEntity: 'system' }), ...locked },
  { title: 'signed out', cause: 'signed-out', end: ({ tabs: [tab] }) => run(tab!, () => traced.session.signOut()), ...gone },
  {
    title: 'replaced by another person', cause: 'replaced', end: ({ tabs: [tab] }) => place.signIn(tab!, 'jonas@example.test'), subject: [], sealed: 0,
    keys: ['live.content.key CryptoKey HKDF secret', 'live.keys.privateKey CryptoKey ECDSA private', 'live.keys.publicKey CryptoKey ECDSA public extractable'].map((key) => `${record}.${key}`),
  },
]

describe('P2 P8 P9 G1 G2 G6 G8 of a session that was', () => {
  test.each(endings)('$title nothing is left in any storage, cache, file, address, console or message, and nobody else misses a byte', async ({ cause, end, subject, keys, sealed }) => {
    const { tabs, bare, canaries, urls, foreign: before, ...more } = await kept()
    await end({ tabs, bare, canaries, urls, foreign: before, ...more })
    const seen = (tab: Tab) => run(tab, () => traced.told.some((one) => typeof one === 'object' && one !== null && 'report' in one))
    const settled = async () => (await run(bare, () => dump.origin())).every(({ where }) => !/"session"\.(?:journals|outbox)\.0/.test(where))
    // The tab in which somebody else signed in has left its page; the other one was told.
    await until(() => seen(tabs[1]!), { what: 'the other tab to be told' })
    if (cause !== 'replaced') await until(() => seen(tabs[0]!), { what: 'the first tab to be told' })
    await until(settled, { what: 'the journal and the outbox to be empty' })

    const left = await everything(tabs, bare)
    expect(search(left, canaries)).toEqual([...subject].sort())
    expect(left.filter(({ text }) => text.startsWith('CryptoKey ')).map(({ where, text }) => `${where} ${text}`).sort()).toEqual([...keys].sort())
    expect(left.filter(({ where }) => /^(?:cache 3dimli\.traces\.downloads\..* body|indexeddb 3dimli\.traces\.(?:checkout\/.*|downloads\/.*\.card))$/.test(where))).toHaveLength(sealed)
    // Object URLs: neither the tab that made one nor any other can read it.
    // A page that was left for the sign-in may lie in the back/forward cache, frozen with what it held (README, Limits); it is told when it wakes.
    const told = cause === 'replaced' ? urls.slice(1) : urls
    for (const tab of [tabs[1]!, bare]) {
      expect(await run(tab, (given) => Promise.all(given.map((url) => fetch(url).then(() => 'read', () => 'gone'))), told)).toEqual(told.map(() => 'gone'))
    }
    expect(left.filter(({ where }) => foreign.test(where))).toEqual(before)

    const endedAt = await run(tabs[1]!, () => traced.session.diagnostics().trace.find(({ what }) => what === 'fenced')!.at)
    // Each tab asks for something once more: nothing of what is over goes with it.
    for (const tab of tabs) await run(tab, () => traced.session.fetch(`${traced.issuer}/api/ping`).then(() => undefined, () => undefined))
    const letOut = await place.letOut(endedAt)
    for (const kind of ['message', 'address of a request']) expect(letOut.filter(({ where }) => where === kind).length, kind).toBeGreaterThan(0)
    expect(search(letOut, canaries)).toEqual([])
    if (cause !== 'expired') return

    // What is locked is really there, and comes back to the same person alone.
    await place.signIn(tabs[0]!)
    const back = await run(tabs[0]!, async () => {
      const [file] = await traced.downloads.list()
      const opened = file && (await traced.downloads.open(file.id))
      return [file?.name, await (await opened?.response())?.text(), JSON.stringify(await traced.checkout.read())].join('\n')
    })
    expect(new Set(search([{ where: 'what came back', text: back }], canaries))).toEqual(new Set(['draft', 'file bytes', 'file name'].map((label) => `${label} in what came back`)))
  })
})
