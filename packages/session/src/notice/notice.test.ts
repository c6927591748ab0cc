/** The notice: every end has words, and what they promise is true. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { Disposition, EndCause, EndInitiator, EndReason, PurgeReport, SessionEnd } from '../end.ts'
import { english, explainEnd, type Audience, type Catalogue, type Notice } from './index.ts'

const causes: readonly EndCause[] = ['revoked', 'signed-out', 'expired', 'replaced']
const initiators: readonly EndInitiator[] = ['admin', 'user', 'policy', 'system']
const dispositions: readonly Disposition[] = ['wipe', 'lock', 'retain']
const audiences: readonly Audience[] = ['buyer', 'seller']
const reasons = Object.keys(english.revoked) as EndReason[]

const at = Date.UTC(2026, 10, 21, 19, 55)
const lockedUntil = Date.UTC(2026, 10, 28, 12)
const ended = (members: Partial<SessionEnd> = {}): SessionEnd => ({
  cause: 'revoked', by: 'admin', disposition: 'wipe', at, issuer: 'https://id.test', subject: 'canary-subject', sid: 'canary-sid', epochId: 'canary-epoch', ...members,
})
const done: PurgeReport = { epochId: 'canary-epoch', unreadableAt: at, erasedAt: at, targets: [], failedFunctions: [], complete: true }
const undone: PurgeReport = {
  ...done, complete: false, failedFunctions: ['canary-function'],
  targets: [{ target: { kind: 'indexeddb', database: 'canary-database' }, outcome: 'failed', entries: 0, left: 3 }],
}
const sentences = ({ happened, removed, kept, next }: Notice): string[] => [happened, ...removed, ...kept, ...next]
const everything = (notice: Notice): string => [notice.title, ...sentences(notice)].join(' ')
const claims = /\b(?:was|were|is|are|has been|have been) (?:removed|erased|deleted|gone)\b|looked for again|nothing (?:was|is) left/i

/** Every cause, reason, initiator and disposition, what was locked by it, and what is known of its purge, for either audience. */
function everyNotice(): { end: SessionEnd; audience: Audience; report: PurgeReport | undefined; notice: Notice }[] {
  const found = []
  for (const cause of causes) for (const by of initiators) for (const reason of [undefined, ...reasons]) for (const disposition of dispositions) {
    for (const locks of disposition === 'wipe' ? [false] : [true, false]) for (const report of [undefined, done, undone]) for (const audience of audiences) {
      const end = ended({ cause, by, disposition, ...(reason && { reason }), ...(locks && { lockedUntil }) })
      found.push({ end, audience, report, notice: explainEnd(end, { audience, report, languages: ['en-GB'] }) })
    }
  }
  return found
}

describe('every end, for either audience', () => {
  const all = everyNotice()

  it('has words, all of them whole, short sentences without a gap or anything of the machine', () => {
    expect(all).toHaveLength(4 * 4 * 12 * 5 * 3 * 2)
    for (const { notice } of all) {
      expect(notice.title).toMatch(/^[A-Z][^.!?]{5,50}$/)
      for (const list of [notice.removed, notice.kept, notice.next]) expect(list.length).toBeGreaterThan(0)
      for (const sentence of sentences(notice)) expect(sentence).toMatch(/^[A-Z][^!]{8,125}\.$/)
      expect(new Set(sentences(notice)).size).toBe(sentences(notice).length)
      expect(everything(notice)).not.toMatch(/undefined|null|NaN|object|[{}<>$_]|canary|token|epoch|invalid|\bsid\b/i)
    }
  })

  it('P2 claims no removal that no report confirms', () => {
    const unconfirmed = all.filter(({ report }) => report !== done)
    for (const { notice } of unconfirmed) expect(sentences(notice).join(' ')).not.toMatch(claims)
    for (const { notice } of all.filter(({ report }) => report === done)) expect(notice.removed.join(' ')).toMatch(claims)
  })

  it('never says of one thing both that it is locked and that it was erased', () => {
    for (const { end, report, notice } of all) {
      const locks = end.lockedUntil !== undefined
      expect(/locked on this device until 28 November 2026/.test(notice.kept.join(' '))).toBe(locks)
      if (locks) expect(everything(notice)).not.toMatch(/anew|fetched again|(?:downloads|uploads|drafts)[^.]* erased/i)
      if (!locks) expect(everything(notice)).not.toMatch(/same account/)
      if (!locks && end.disposition !== 'wipe' && report !== done) expect(everything(notice)).not.toMatch(/anew|fetched again/)
    }
  })

  it('takes no purchase from a buyer and nothing published from a seller', () => {
    for (const { audience, notice } of all) {
      const kept = notice.kept.join(' ')
      expect(kept).toMatch(audience === 'buyer' ? /takes no purchase away.*Orders you placed still count.*saved yourself were not touched/ : /published assets stay published.*finished are safe.*own files.*not touched/)
    }
  })

  it('P10 tells who works with unfinished uploads what becomes of them, wherever signing in is what helps', () => {
    const next = (members: Partial<SessionEnd>): string => explainEnd(ended(members), { audience: 'seller', report: done }).next.join(' ')
    for (const cause of causes) {
      expect(next({ cause })).toMatch(/begin unfinished uploads anew/)
      expect(next({ cause, disposition: 'lock', lockedUntil })).toMatch(/same account, and unfinished uploads go on where they stopped/)
    }
    for (const reason of ['access-removed', 'payment-dispute', 'account-suspended', 'account-closed'] as const) {
      expect(next({ reason })).not.toMatch(/uploads|\bsign(?:ed)? in\b/i)
      expect(next({ reason })).toMatch(/write to us/i)
    }
  })

  it('blames nobody', () => {
    for (const { notice: { title, happened } } of all) expect(`${title} ${happened}`).not.toMatch(/your fault|you (?:forgot|failed|should|must|did not|have not|had not)|illegal|violat|abuse|fraud/i)
  })
})

describe('a notice', () => {
  it('has a title of its own for each cause, and a story of its own for each reason', () => {
    expect(new Set(causes.map((cause) => explainEnd(ended({ cause }), { audience: 'buyer' }).title)).size).toBe(4)
    expect(new Set(reasons.map((reason) => explainEnd(ended({ reason }), { audience: 'buyer' }).happened)).size).toBe(reasons.length)
  })

  it('knows each reason of the contract', () => {
    const contract = readFileSync(new URL('../../../../docs/contract.md', import.meta.url), 'utf8')
    const [line = ''] = /^- `reason`:.*$/m.exec(contract) ?? []
    const named = [...line.matchAll(/`([\w-]+)`/g)].map(([, reason]) => reason).slice(1)
    expect([...new Set(named)].sort()).toEqual([...reasons].sort())
  })

  it.each(['tomorrow', 'constructor', '__proto__', 'toString', ''])('of a reason, a cause or an initiator of another version (%j) reads like any other', (strange) => {
    const plain = explainEnd(ended({ by: 'system' }), { audience: 'buyer' })
    expect(explainEnd(ended({ by: 'system', reason: strange as EndReason }), { audience: 'buyer' })).toEqual(plain)
    expect(explainEnd(ended({ by: strange as EndInitiator }), { audience: 'buyer' })).toEqual(plain)
    expect(explainEnd(ended({ by: 'system', cause: strange as EndCause, reason: 'account-closed' }), { audience: 'buyer' }).title).toBe(plain.title)
  })

  it('says who ended it where the server gave no reason', () => {
    expect(new Set(initiators.map((by) => explainEnd(ended({ by }), { audience: 'buyer' }).happened)).size).toBe(4)
    expect(explainEnd(ended({ cause: 'signed-out', by: 'user' }), { audience: 'buyer' }).happened).not.toBe(explainEnd(ended({ cause: 'signed-out', by: 'system' }), { audience: 'buyer' }).happened)
  })

  it('is alarming only where somebody may have had access who should not', () => {
    const alarming = reasons.filter((reason) => explainEnd(ended({ reason }), { audience: 'buyer' }).alarming)
    expect(alarming).toEqual(['credential-compromised', 'token-reuse', 'suspicious-activity'])
    expect(explainEnd(ended({ cause: 'expired', reason: 'token-reuse' }), { audience: 'buyer' }).alarming).toBe(false)
  })

  it('takes the report of another session for none', () => {
    const without = explainEnd(ended(), { audience: 'seller' })
    expect(explainEnd(ended(), { audience: 'seller', report: { ...done, epochId: 'another' } })).toEqual(without)
    expect(without.removed).toEqual(english.removing)
  })

  it('tells when, in the person’s locale, by the server’s clock where it said', () => {
    const [told, own] = [explainEnd(ended({ serverAt: at - 86_400_000 }), { audience: 'buyer', languages: ['de-DE'] }), explainEnd(ended(), { audience: 'buyer', languages: ['en-US'] })]
    expect(told.when).toContain('20. November 2026')
    expect(own.when).toContain('November 21, 2026')
    expect(explainEnd(ended({ serverAt: 1e300 }), { audience: 'buyer', languages: ['en-US'] }).when).toBe(own.when)
    expect(explainEnd(ended({ at: Number.NaN }), { audience: 'buyer' })).not.toHaveProperty('when')
  })

  it('gives the server’s own words as they are, on one line, in the language that fits best', () => {
    const said = (reasonUser: Record<string, string>, ...languages: string[]): unknown => explainEnd(ended({ reasonUser }), { audience: 'buyer', languages }).said
    const words = { en: 'Hello', de: 'Hallo', 'zh-Hant': '你好' }
    expect(said(words, 'de-AT')).toEqual({ language: 'de', text: 'Hallo' })
    expect(said(words, 'zh-Hant-TW')).toEqual({ language: 'zh-Hant', text: '你好' })
    expect(said(words, 'fr', 'de')).toEqual({ language: 'de', text: 'Hallo' })
    expect(said(words, 'fr')).toEqual({ language: 'en', text: 'Hello' })
    expect(said({ 'de-CH': 'Grüezi' }, 'de')).toEqual({ language: 'de-CH', text: 'Grüezi' })
    expect(said({ fr: 'Bonjour' }, 'de')).toEqual({ language: 'fr', text: 'Bonjour' })
    expect(said({ en: '<b>Bold</b>\n\u001B[31mred\u0007' }, 'en')).toEqual({ language: 'en', text: '<b>Bold</b> [31mred' })
    expect([said({ en: ' \n' }, 'en'), said({}, 'en'), explainEnd(ended(), { audience: 'buyer' }).said]).toEqual([undefined, undefined, undefined])
    expect(everything(explainEnd(ended({ reasonUser: words }), { audience: 'buyer' }))).not.toContain('Hallo')
  })

  it('hands the way to help on', () => {
    const support = { label: 'Write to us', url: 'mailto:support@example.com' }
    expect(explainEnd(ended(), { audience: 'buyer', support }).support).toEqual(support)
    expect(explainEnd(ended(), { audience: 'buyer' })).not.toHaveProperty('support')
  })

  it('speaks another language when it is given one', () => {
    const story = { title: 'T', happened: 'H', next: ['N'] }
    const own: Catalogue = { ...english, replaced: story, removing: ['R'], audiences: { ...english.audiences, seller: { ...english.audiences.seller, kept: ['K'], locked: (until) => [`L ${until}`], afterLock: ['A'] } } }
    const notice = explainEnd(ended({ cause: 'replaced', disposition: 'lock', lockedUntil }), { audience: 'seller', catalogue: own, languages: ['sv'] })
    expect(notice).toMatchObject({ title: 'T', happened: 'H', removed: ['R'], kept: ['K', 'L 28 november 2026'], next: ['N', 'A'] })
    const { replaced: _replaced, ...less } = english
    // @ts-expect-error an entry that is missing does not compile
    const missing: Catalogue = less
    expect(missing).not.toHaveProperty('replaced')
  })

  it.each([
    ['audience', undefined], ['audience', {}], ['audience', { audience: 'admin' }], ['element', { audience: 'buyer', element: true }],
    ['languages', { audience: 'buyer', languages: 'en' }], ['languages', { audience: 'buyer', languages: ['not a tag'] }],
    ['support', { audience: 'buyer', support: { label: 'Help', url: 'javascript:alert(1)' } }], ['support', { audience: 'buyer', support: { label: '', url: 'https://example.com' } }],
  ])('names the option that is wrong: %s', (option, given) => {
    expect(() => explainEnd(ended(), given as never)).toThrow(TypeError)
    expect(() => explainEnd(ended(), given as never)).toThrow(`"${option}"`)
  })
})
