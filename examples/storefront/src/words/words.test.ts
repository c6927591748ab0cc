import type { PurgeReport, SessionEnd, Target, TraceEntry } from '@3dimli/session'
import { SessionError } from '@3dimli/session'
import { describe, expect, test } from 'vitest'
import { duration, explainDetection } from './detection.ts'
import { explain, HttpError, isUnreachable } from './failures.ts'
import { removals } from './removals.ts'
import { milliseconds, timelineOf } from './timeline.ts'

const end: SessionEnd = { cause: 'revoked', by: 'admin', reason: 'password-changed', disposition: 'wipe', at: 1_000, issuer: 'https://id.example', subject: 'mira', epochId: 'one' }
const targets: readonly Target[] = [
  { kind: 'cache-storage', cache: '3dimli.storefront.downloads.abc' },
  { kind: 'indexeddb', database: '3dimli.storefront.checkout', prefix: 'abc:' },
  { kind: 'indexeddb', database: 'recently-viewed' },
]
const report: PurgeReport = {
  epochId: 'one', unreadableAt: 1_010, erasedAt: 1_050, failedFunctions: [], complete: true,
  targets: targets.map((target, index) => ({ target, outcome: 'erased', entries: index, left: 0 })),
}
const entry = (what: TraceEntry['what'], at: number, epochId = 'one'): TraceEntry => ({ what, at, epochId })

describe('what was on this device', () => {
  test('was removed, or was not there', () => {
    expect(removals(end, report, String).map(({ outcome }) => outcome)).toEqual(['There were none', 'Removed, and looked for again', 'Removed, and looked for again'])
  })

  test('is never called removed where it could not be erased, or where nobody looked', () => {
    const failed: PurgeReport = { ...report, complete: false, targets: [{ target: targets[0]!, outcome: 'failed', entries: 2, left: 2 }] }
    const cards: PurgeReport = { ...report, complete: false, targets: [report.targets[0]!, { target: { kind: 'indexeddb', database: '3dimli.storefront.downloads', prefix: 'abc:' }, outcome: 'failed', entries: 0, left: 0 }] }
    expect(removals(end, cards, String)[0]).toMatchObject({ done: false })
    const [models, draft] = removals(end, failed, String)
    expect(models).toMatchObject({ outcome: 'Unreadable; removed as soon as this browser allows', done: false })
    expect(draft).toMatchObject({ outcome: 'Being removed', done: false })
    expect(removals(end, undefined, String).map(({ outcome, done }) => [outcome, done])).toEqual(Array(3).fill(['Being removed', false]))
  })

  test('is locked where the session expired, but for the list of what was looked at', () => {
    const locked = removals({ ...end, cause: 'expired', disposition: 'lock', lockedUntil: 5 }, report, () => 'Friday')
    expect(locked.map(({ outcome }) => outcome)).toEqual(['Locked until Friday, for you alone', 'Locked until Friday, for you alone', 'Removed, and looked for again'])
  })
})

describe('the timeline', () => {
  test('of the page that learned of the end', () => {
    const trace = [entry('learned', 1_000), entry('fenced', 1_001), entry('unreadable', 1_020), entry('erased', 1_050), entry('fenced', 9, 'another')]
    expect(timelineOf(end, report, trace).map(({ name, afterMs }) => [name, afterMs])).toEqual([['Learned', 0], ['Fenced', 1], ['Unreadable', 20], ['Erased', 50]])
  })

  test('of a page that heard of it from another tab: the report fills the gaps', () => {
    expect(timelineOf(end, report, [entry('fenced', 1_005)]).map(({ name, afterMs }) => [name, afterMs])).toEqual([['Fenced', 0], ['Unreadable', 5], ['Erased', 45]])
  })

  test('of a session that ran out: nothing is gone, it is locked', () => {
    const names = timelineOf({ ...end, cause: 'expired', lockedUntil: 9 }, report, [entry('fenced', 1_005), entry('fenced', 1_002)]).map(({ name, afterMs }) => `${name} ${afterMs}`)
    expect(names).toEqual(['Fenced 0', 'Locked 8', 'Erased 48'])
  })

  test('claims no erasure that was not complete', () => {
    expect(timelineOf(end, { ...report, complete: false }, [entry('fenced', 1_005)]).map(({ name }) => name)).not.toContain('Erased')
  })

  test('reads well', () => expect([0, 0.4, 7.04, 160.4, 12_345].map(milliseconds)).toEqual(['0 ms', '0.4 ms', '7 ms', '160 ms', '12.3 s']))
})

test('how soon this device learns is said in plain words', () => {
  const [day, week] = [86_400_000, 604_800_000].map((withinMs) => ({ withinMs, leftMs: withinMs }))
  expect(explainDetection({ via: 'feed', withinMs: 50_000, lease: { default: day!, downloads: week!, checkout: day! } })).toMatchObject({
    headline: 'This device is told at once', bound: expect.stringContaining('within 50 seconds') as string, offline: expect.stringContaining('for 7 days') as string,
  })
  expect([1_000, 30_000, 90_000, 3_600_000, 86_400_000].map(duration)).toEqual(['1 second', '30 seconds', '2 minutes', '1 hour', '1 day'])
})

test('failures are sentences, and only silence counts as unreachable', () => {
  expect(explain(new SessionError('quota', {}))).toBe('There is no room left on this device. Remove a kept model and try again.')
  expect(explain(new SessionError('sign-in-failed', { error: 'access_denied' }))).toBe('You left the sign-in before it was finished.')
  expect(explain(new HttpError(404))).toBe('This is not there any more.')
  expect([new TypeError('failed'), new HttpError(503), new SessionError('unreachable', {})].map(isUnreachable)).toEqual([true, true, true])
  expect([new HttpError(403), new SessionError('fenced', { reason: 'waking' })].map(isUnreachable)).toEqual([false, false])
})
