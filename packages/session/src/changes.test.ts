/** What each transaction decides, given the row it reads. */
import { describe, expect, it } from 'vitest'
import { addTargets, attempt, closeJournals, coolDown, pauseLeft, prove, rotate, see, settle, suspend } from './changes.ts'
import type { PurgeReport, Target } from './end.ts'
import { emptyRow, type GivenUp, type Row } from './row.ts'
import type { TokenSet } from './tokens.ts'
import { after, beginning, contentOf, downloads, ending, expiry, issuer, recent, start, written } from '../test/rows.ts'

const late: GivenUp = { id: 'late', token: 'rt-late', issuer, subject: 'mira', at: start }
const next: TokenSet = { accessToken: 'at-next', tokenType: 'Bearer', receivedAt: start, refreshToken: 'rt-next' }
const named = (target: Target, content: string) => JSON.parse(JSON.stringify(target).replaceAll('{content}', content)) as Target

describe('a sign-in', () => {
  it('begins an epoch of its own on a device where nobody was', () => {
    const row = after({})
    expect(row).toMatchObject({ epoch: { n: start + 1, id: 'epoch of mira' }, generation: 0, live: { subject: 'mira', content: contentOf('content of mira') } })
    expect([row.journals, row.outbox, row.vault]).toEqual([[], [], []])
  })

  it('P2 P6 as somebody else ends the first in the same write: journal, tombstone, token to be given back, key gone', () => {
    const row = after({}, { subject: 'jonas' })
    expect(row).toMatchObject({ epoch: { n: start + 2 }, live: { subject: 'jonas', content: contentOf('content of jonas') }, end: { cause: 'replaced', by: 'user', subject: 'mira', epochId: 'epoch of mira' } })
    expect(row.journals).toEqual([{ epochId: 'epoch of mira', targets: [named(downloads, 'content of mira'), recent], unreadableAt: start }])
    expect(row.outbox).toMatchObject([{ token: 'rt-mira', subject: 'mira' }])
    expect(JSON.stringify(row)).not.toContain('key of content of mira')
  })

  it('P5 P10 as the same person keeps the content and revokes nothing', () => {
    const row = after({}, { epochId: 'second', contentId: 'another', targets: [recent] })
    expect(row).toMatchObject({ epoch: { id: 'second' }, live: { content: contentOf('content of mira'), targets: [downloads, recent] } })
    expect([row.end, row.journals, row.outbox]).toEqual([undefined, [], []])
  })

  it('lets a tab that slept learn how the person\'s own session ended, and tells nobody else', () => {
    const over = { ...written(ending(after({}))), report: { epochId: 'epoch of mira' } as PurgeReport }
    expect(written(beginning(over))).toMatchObject({ end: over.end, report: over.report })
    for (const member of ['end', 'report']) expect(written(beginning(over, { subject: 'jonas' }))).not.toHaveProperty(member)
  })

  it('P5 takes tokens of the same person out of the outbox, and nobody else\'s', () => {
    const left = written(ending(after({})))
    const row = written(beginning({ ...left, outbox: [...left.outbox, { ...late, subject: 'jonas' }, { ...late, issuer: 'https://other.test' }] }))
    expect(row.outbox.map((entry) => [entry.issuer, entry.subject])).toEqual([[issuer, 'jonas'], ['https://other.test', 'mira']])
  })

  it('leaves no attempt, pause, suspicion or proof of an earlier session', () => {
    const burdened: Row = { ...after({}), attempt: { id: 'a', generation: 0, at: start }, retryAt: start + 9, retryMs: 9, retries: 3, suspended: true, generation: 7 }
    const row = written(beginning(burdened, { subject: 'jonas', now: start + 5 }))
    expect(row).toMatchObject({ generation: 0, provenAt: start + 5, seenAt: start + 5 })
    for (const member of ['attempt', 'retryAt', 'retryMs', 'retries', 'suspended']) expect(row).not.toHaveProperty(member)
  })
})

describe('an end', () => {
  it('P2 writes tombstone, journal and outbox, and deletes tokens, keys and content, in one row', () => {
    const keys = { privateKey: 'bound' } as never
    const row = written(ending(after({ grant: { keys } })))
    expect(row).toMatchObject({ epoch: { n: start + 2, id: 'after epoch of mira' }, generation: 0, end: { cause: 'revoked', epochId: 'epoch of mira' } })
    expect(row.live).toBeUndefined()
    expect(row.journals).toEqual([{ epochId: 'epoch of mira', targets: [named(downloads, 'content of mira'), recent], unreadableAt: start + 1_000 }])
    expect(row.outbox).toMatchObject([{ token: 'rt-mira', keys, issuer, subject: 'mira' }])
    expect(row.vault).toEqual([])
    expect(JSON.stringify(row)).not.toMatch(/at-mira|key of/)
  })

  it('P6 of another epoch writes nothing', () => {
    expect(ending(after({}), { epochId: 'another' })).toMatchObject({ result: { ended: false } })
    expect(ending(after({}), { epochId: 'another' }).row).toBeUndefined()
  })

  it('a second one learns of the first and writes nothing', () => {
    const first = written(ending(after({})))
    const second = ending(first, { epochId: 'epoch of mira', cause: 'signed-out' })
    expect(second).toEqual({ result: { ended: false, end: first.end } })
  })

  it('without a refresh token gives nothing back', () => {
    const { live, ...row } = after({})
    const { refreshToken: _, ...tokens } = live!.tokens
    expect(written(ending({ ...row, live: { ...live!, tokens } })).outbox).toEqual([])
  })

  it('keeps what earlier ones left open', () => {
    const twice = written(ending(after({}, { subject: 'jonas' })))
    expect(twice.journals.map((journal) => journal.epochId)).toEqual(['epoch of mira', 'epoch of jonas'])
    expect(twice.outbox.map((entry) => entry.token)).toEqual(['rt-mira', 'rt-jonas'])
  })

  it('the outbox stays bounded, the oldest go first', () => {
    let row = emptyRow('none', start)
    for (let turn = 0; turn < 30; turn += 1) row = written(ending(written(beginning(row, { subject: `person ${turn}` }))))
    expect(row.outbox).toHaveLength(20)
    expect(row.outbox.at(-1)?.token).toBe('rt-person 29')
  })
})

describe('an attempt to refresh', () => {
  const one = { id: 'one', generation: 0, at: start }
  const two = { id: 'two', generation: 0, at: start + 1 }
  const given = { epochId: 'epoch of mira', now: start }

  it('P3 stands until it is replaced by name', () => {
    const row = written(attempt(after({}), { ...given, attempt: one }))
    expect(row.attempt).toEqual(one)
    expect(attempt(row, { ...given, attempt: two })).toEqual({ result: one })
    expect(attempt(row, { ...given, attempt: two, instead: 'three' })).toEqual({ result: one })
    expect(written(attempt(row, { ...given, attempt: two, instead: 'one' })).attempt).toEqual(two)
  })

  it('P3 of an older generation does not stand in the way', () => {
    const row = { ...after({}), generation: 1, attempt: one }
    expect(attempt(row, { ...given, attempt: { ...two, generation: 1 } }).result).toMatchObject({ id: 'two' })
    expect(attempt(row, { ...given, attempt: two })).toEqual({ result: 'newer' })
  })

  it('P3 A14 is not made during a pause, whoever asked for it', () => {
    const paused = written(coolDown(after({}), { epochId: 'epoch of mira', generation: 0, pauseMs: 5_000, now: start, answered: false }))
    expect(attempt(paused, { ...given, attempt: one, now: start + 4_999 })).toEqual({ result: 'paused' })
    expect(attempt(paused, { ...given, attempt: one, now: start + 5_000 }).result).toEqual(one)
  })

  it('P6 of another epoch, or where nobody is signed in, is not made', () => {
    expect(attempt(after({}), { ...given, epochId: 'another', attempt: one })).toEqual({ result: 'changed' })
    expect(attempt(written(ending(after({}))), { ...given, attempt: one })).toEqual({ result: 'changed' })
  })
})

describe('a pause', () => {
  const pause = { epochId: 'epoch of mira', generation: 0, pauseMs: 5_000, now: start, answered: false }

  it('grows in number only for the generation that failed', () => {
    expect(written(coolDown(written(coolDown(after({}), pause)), pause)).retries).toBe(2)
    expect(coolDown({ ...after({}), generation: 1 }, pause).row).toBeUndefined()
    expect(coolDown(after({ epochId: 'another' }), pause).row).toBeUndefined()
  })

  it('P3 A11 forgets an attempt that was answered, and keeps one whose answer may be lost', () => {
    const waiting: Row = { ...after({}), attempt: { id: 'one', generation: 0, at: start } }
    expect(written(coolDown(waiting, pause)).attempt).toEqual(waiting.attempt)
    expect(written(coolDown(waiting, { ...pause, answered: true }))).not.toHaveProperty('attempt')
  })

  it.each([[-365 * 86_400_000, 0], [-86_400_000, 0], [-10_000, 0], [-4_000, 5_000], [0, 5_000], [4_000, 1_000], [5_001, 0]])('C1 read %i ms after it was written has %i ms left: a clock that goes back makes it no longer', (ms, leftMs) => {
    const row = written(coolDown(after({}), pause))
    expect(pauseLeft(row, start + ms)).toBe(leftMs)
  })
})

describe('a refresh that came back', () => {
  const given = { epochId: 'epoch of mira', generation: 0, tokens: next, askedAt: start + 4, now: start + 9, giveUp: late }

  it('P3 is committed as the next generation, and what was in the way of it is over', () => {
    const waiting: Row = { ...after({}), attempt: { id: 'a', generation: 0, at: start }, retryAt: start, retryMs: 1, retries: 2 }
    const { row, result } = rotate(waiting, given)
    expect([result, row?.generation, row?.live?.tokens]).toEqual(['committed', 1, next])
    // A proof of how things stood when it was sent.
    expect([row?.provenAt, row?.seenAt]).toEqual([start + 4, start + 9])
    for (const member of ['attempt', 'retryAt', 'retryMs', 'retries']) expect(row).not.toHaveProperty(member)
  })

  it('P3 A7 of a generation that another context settled is dropped: revoking it would kill the winner', () => {
    expect(rotate({ ...after({}), generation: 1 }, given)).toEqual({ result: 'newer' })
  })

  it.each<readonly [string, Row]>([['nobody is signed in', written(ending(after({})))], ['somebody else is', after({}, { subject: 'jonas' })]])('P5 A15 is given back when %s', (_when, row) => {
    const change = rotate(row, given)
    expect(change.result).toBe('given-up')
    expect(change.row?.outbox.at(-1)).toEqual(late)
    expect([change.row?.live, change.row?.generation]).toEqual([row.live, row.generation])
  })

  it('P5 is dropped when the same person signed in again meanwhile, or when it brought nothing to give back', () => {
    expect(rotate(after({}, { epochId: 'second' }), given)).toEqual({ result: 'dropped' })
    expect(rotate(written(ending(after({}))), { ...given, giveUp: undefined })).toEqual({ result: 'dropped' })
  })
})

describe('a proof', () => {
  it('names a session that had no name, and renames none', () => {
    const { live, ...row } = after({})
    const { sid: _sid, establishedAt: _at, ...unnamed } = live!
    const proof = { sid: 'sid-9', establishedAt: start - 5 }
    expect(written(prove({ ...row, live: unnamed }, { epochId: 'epoch of mira', proof, now: start + 5 })).live).toMatchObject(proof)
    expect(written(prove(after({}), { epochId: 'epoch of mira', proof, now: start + 5 })).live).toMatchObject({ sid: 'sid-mira', establishedAt: start })
  })

  it('lifts a suspension; one about another epoch changes nothing', () => {
    const suspended = written(suspend(after({}), { epochId: 'epoch of mira' }))
    expect(suspended.suspended).toBe(true)
    expect(suspend(suspended, { epochId: 'epoch of mira' }).row).toBeUndefined()
    expect(prove(suspended, { epochId: 'another', proof: {}, now: start }).row).toBeUndefined()
    const proven = written(prove(suspended, { epochId: 'epoch of mira', proof: {}, now: start + 5 }))
    expect(proven).not.toHaveProperty('suspended')
    expect(proven.provenAt).toBe(start + 5)
  })
})

describe('how far time has come', () => {
  it('C1 only grows, and is that of the session in which it was seen', () => {
    const row = after({})
    expect(written(see(row, { epochId: row.epoch.id, now: row.seenAt + 1 }))).toEqual({ ...row, seenAt: row.seenAt + 1 })
    expect([see(row, { epochId: row.epoch.id, now: row.seenAt }).row, see(row, { epochId: 'another', now: row.seenAt + 1 }).row]).toEqual([undefined, undefined])
  })
})

describe('what must be erased', () => {
  const files: Target = { kind: 'opfs', path: 'drafts' }
  it('is added once, to the session it belongs to', () => {
    const row = written(addTargets(after({}), { epochId: 'epoch of mira', targets: [files, recent] }))
    expect(row.live?.targets).toEqual([downloads, recent, files])
    expect(addTargets(row, { epochId: 'epoch of mira', targets: [files] }).row).toBeUndefined()
    expect(addTargets(row, { epochId: 'another', targets: [{ kind: 'opfs', path: 'other' }] }).row).toBeUndefined()
  })

  const report = (targets: PurgeReport['targets']): PurgeReport =>
    ({ epochId: 'epoch of mira', unreadableAt: start, erasedAt: start, targets, failedFunctions: [], complete: targets.every(({ outcome }) => outcome === 'erased') })
  const erased = (target: Target) => ({ target, outcome: 'erased', entries: 1, left: 0 }) as const
  const failed = (target: Target) => ({ target, outcome: 'failed', entries: 0, left: 0 }) as const
  const files1 = named(downloads, 'content of mira')

  it('P2 closes a journal when all of it is erased, and keeps the report', () => {
    const full = report([erased(files1), erased(recent)])
    const row = written(closeJournals(written(ending(after({}))), { reports: [full] }))
    expect([row.journals, row.report]).toEqual([[], full])
  })

  it('P2 G4 keeps it open for what failed, and for that alone', () => {
    const row = written(closeJournals(written(ending(after({}))), { reports: [report([erased(files1), failed(recent)])] }))
    expect(row.journals).toMatchObject([{ epochId: 'epoch of mira', targets: [recent] }])
  })

  it('P2 leaves a journal open that nobody reported on', () => {
    const both = written(ending(after({}, { subject: 'jonas' })))
    expect(written(closeJournals(both, { reports: [report([erased(files1), erased(recent)])] })).journals).toMatchObject([{ epochId: 'epoch of jonas' }])
  })
})

describe('the outbox', () => {
  it('loses what was settled, and only that', () => {
    const row = { ...after({}), outbox: [late, { ...late, id: 'later' }] }
    expect(written(settle(row, { ids: ['late'] })).outbox).toMatchObject([{ id: 'later' }])
    expect(settle(row, { ids: ['never'] }).row).toBeUndefined()
  })

  it('also takes what an expired session held', () => {
    expect(written(ending(after({}), expiry)).outbox).toMatchObject([{ token: 'rt-mira' }])
  })
})
