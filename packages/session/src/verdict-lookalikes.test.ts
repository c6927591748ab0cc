/** What looks like a row of the contract and is none, what an end tells, and junk. */
import { describe, expect, it } from 'vitest'
import type { Challenge } from './authority.ts'
import { judge } from './verdict.ts'
import { alive, feed, known, nameless, over, resource, says, senders, session, token } from '../test/answers.ts'
import { generator } from '../test/junk.ts'
import { problems, revoked as revokedBody } from '../test/scene.ts'

describe('what looks like proof and is none', () => {
  it.each([407, 408, 429, 500, 502, 503])('P4 B1 a body of proof under %i', (status) => {
    const bodies = [over('session-revoked', 'sid-1'), { error: 'invalid_grant', error_uri: `${problems}/session-revoked` }, alive]
    for (const from of senders) for (const body of bodies) expect(judge(says(from, status, body), known).kind).toBe('transient')
  })

  it.each([400, 402, 403, 404, 409, 410, 418, 451])('P4 B4 a problem under %i of a resource', (status) => {
    expect(judge(says('resource', status, over('session-revoked', 'sid-1')), known).kind).toBe('transient')
  })

  it.each([
    'https://evil.test/problems/session-revoked', 'https://id.test.evil.test/problems/session-revoked', 'http://id.test/problems/session-revoked',
    'https://id.test:444/problems/session-revoked', 'https://id.test/problem/session-revoked', 'https://id.test/problems/session-revoked/x',
    'https://id.test/problems/Session-Revoked', '//evil.test/problems/session-revoked', 'session-revoked', 'urn:problems:session-revoked', 'https://', '',
  ])('P4 a type of somebody else: %s', (type) => {
    expect(judge(session({ active: false, type, sid: 'sid-1' }), known).kind).toBe('suspect')
    expect(judge(resource({ type, sid: 'sid-1' }), known).kind).toBe('access-expired')
    expect(judge(resource(undefined, { error: 'invalid_token', errorUri: type }), known).kind).toBe('access-expired')
    expect(judge(token('invalid_grant', { error_uri: type }), known).kind).toBe('grant-unknown')
  })

  it.each<readonly [string, unknown]>([
    ['a list', [over('session-revoked', 'sid-1')]], ['a string', JSON.stringify(over('session-revoked', 'sid-1'))], ['null', null], ['a number', 0],
    ['`active` as text', { ...over('session-revoked', 'sid-1'), active: 'false' }], ['`active` as 0', { ...over('session-revoked', 'sid-1'), active: 0 }],
    ['no `active`', { type: `${problems}/session-revoked`, sid: 'sid-1' }], ['one level down', { data: over('session-revoked', 'sid-1') }],
  ])('P4 malformed, as %s', (_name, body) => {
    expect(judge(session(body), known).kind).toBe('transient')
    expect(judge(feed(body), known).kind).toBe('transient')
  })

  it.each([1, null, ['sid-1'], { id: 'sid-1' }, '', 'SID-1', 'sid-1 '])('P4 P6 a `sid` of %j', (sid) => {
    for (const answer of [session(over('session-revoked', undefined, { sid })), resource(over('session-revoked', undefined, { sid }))]) {
      expect(['suspect', 'foreign']).toContain(judge(answer, known).kind)
    }
  })

  it.each([201, 402, 403, 404, 410])('P4 an error of a token endpoint under %i', (status) => {
    for (const error of ['invalid_grant', 'invalid_client']) expect(judge(token(error, { error_uri: `${problems}/session-revoked` }, status), known).kind).toBe('transient')
  })

  it('P4 a type in a list, a challenge of a 403 under another status, a time in words', () => {
    expect(judge(session({ active: false, type: ['problems/session-revoked'], sid: 'sid-1' }), known).kind).toBe('suspect')
    expect(judge(says('resource', 404, undefined, { error: 'insufficient_scope', scope: 'orders' }), known).kind).toBe('transient')
    expect(judge(session(over('session-revoked', 'sid-1', { event_timestamp: '1' })), known).kind).toBe('revoked')
    expect(judge(token('invalid_grant', { event_timestamp: 1_799_999_900 }), known).kind).toBe('grant-unknown')
  })

  it('P4 an event in the second of the sign-in is about this session', () => {
    const inSecond = { ...known, establishedAt: 1_800_000_000_999 }
    for (const from of [session, feed, resource]) expect(judge(from(over('session-revoked', 'sid-1', { event_timestamp: 1_800_000_000 })), inSecond).kind).toBe('revoked')
  })

  it('P5 B2 a page of a portal where a revocation is answered with nothing: the token is not forgotten', () => {
    expect(judge({ from: 'revocation', status: 200, garbled: true }, known)).toStrictEqual({ kind: 'transient' })
  })

  it('P4 B2 a page of a portal, a gateway that boots, an empty 401', () => {
    expect(judge(session(undefined), known).kind).toBe('transient')
    expect(judge(says('token', 403), known).kind).toBe('transient')
    expect(judge(says('token', 401), known).kind).toBe('transient')
    expect(judge(says('resource', 403), known).kind).toBe('transient')
    expect(judge(resource(undefined), known).kind).toBe('access-expired')
  })
})

describe('the problem types of an issuer', () => {
  it.each(['https://id.test/realms/shop', 'https://id.test/realms/shop/'])('with a path, as %s', (issuer) => {
    const about = { ...known, issuer }
    const ours = ['problems/session-revoked', './problems/session-revoked', '/realms/shop/problems/session-revoked', 'https://id.test/realms/shop/problems/session-revoked']
    for (const type of ours) expect(judge(session({ active: false, type, sid: 'sid-1' }), about).kind).toBe('revoked')
    for (const type of ['/problems/session-revoked', 'https://id.test/realms/other/problems/session-revoked', '../other/problems/session-revoked']) {
      expect(judge(session({ active: false, type, sid: 'sid-1' }), about).kind).toBe('suspect')
    }
  })
})

describe('challenges', () => {
  it.each<readonly [string, Challenge, string]>([
    ['an unknown error', { error: 'something_new' }, 'access-expired'],
    ['the scope of a 401', { error: 'insufficient_scope', scope: 'orders' }, 'access-expired'],
    ['`invalid_request`', { error: 'invalid_request' }, 'access-expired'],
    ['a suspension', { errorUri: `${problems}/account-suspended` }, 'access-expired'],
    ['a step-up that names a revocation', { error: 'insufficient_user_authentication', errorUri: `${problems}/session-revoked` }, 'suspect'],
  ])('P4 with %s', (_name, challenge, verdict) => {
    expect(judge(resource(undefined, challenge), known).kind).toBe(verdict)
  })

  it('carry what the caller needs', () => {
    expect(judge(resource(undefined, { error: 'insufficient_user_authentication', acrValues: 'mfa', maxAgeMs: 5_000 }), known))
      .toEqual({ kind: 'step-up', acrValues: 'mfa', maxAgeMs: 5_000 })
    expect(judge(says('resource', 403, undefined, { error: 'insufficient_scope', scope: 'a b' }), known)).toEqual({ kind: 'needs-scope', scope: 'a b' })
    expect(judge(says('resource', 403, undefined, { error: 'insufficient_scope' }), known)).toStrictEqual({ kind: 'needs-scope' })
    expect(judge(resource(undefined, { error: 'invalid_dpop_proof' }), known)).toEqual({ kind: 'misconfigured', error: 'invalid_dpop_proof' })
    expect(judge({ from: 'token', status: 429, retryAfterMs: 7_000 }, known)).toEqual({ kind: 'transient', retryAfterMs: 7_000 })
    expect(judge({ from: 'token', status: 429 }, known)).toStrictEqual({ kind: 'transient' })
  })
})

describe('what a session that lives tells', () => {
  const proof = (body: Record<string, unknown>) => {
    const verdict = judge(session({ active: true, ...body }), nameless)
    return verdict.kind === 'alive' ? verdict.proof : verdict
  }

  it('everything the server said', () => {
    expect(proof({ sid: 'sid-1', sub_id: { format: 'opaque', id: 'mira' }, established_at: 1, expires_at: 2, server_time: 3 }))
      .toStrictEqual({ sid: 'sid-1', subject: 'mira', establishedAt: 1_000, expiresAt: 2_000, serverAt: 3_000 })
    expect(proof({ sub_id: { format: 'iss_sub', sub: 'mira' } })).toStrictEqual({ subject: 'mira' })
  })

  it.each([0, 42])('where a status list speaks of it: entry %i', (idx) => {
    const longest = `https://lists.test/${'x'.repeat(2_000 - 'https://lists.test/'.length)}`
    for (const uri of ['https://lists.test/1', longest]) expect(proof({ status: { status_list: { idx, uri, more: true } } })).toStrictEqual({ status: { idx, uri } })
  })

  it.each<readonly [string, unknown]>([
    ['no object', 'valid'], ['no list', {}], ['null', { status_list: null }], ['a list of lists', { status_list: [] }], ['no address', { status_list: { idx: 1 } }],
    ['an address that is none', { status_list: { idx: 1, uri: ['https://lists.test/1'] } }], ['an address without an end', { status_list: { idx: 1, uri: 'x'.repeat(2_001) } }],
    ['no entry', { status_list: { uri: 'https://lists.test/1' } }], ['an entry before the first', { status_list: { idx: -1, uri: 'https://lists.test/1' } }],
    ['half an entry', { status_list: { idx: 0.5, uri: 'https://lists.test/1' } }], ['an entry in words', { status_list: { idx: '1', uri: 'https://lists.test/1' } }],
  ])('P4 and nothing of a status list that is none: %s', (_what, status) => {
    expect(proof({ status })).toStrictEqual({})
  })

  it.each<readonly [string, Record<string, unknown>]>([
    ['nothing', {}], ['members of another type', { sid: 7, sub_id: { id: 7 }, established_at: '1', expires_at: null, server_time: [] }],
    ['times that are none', { established_at: 0, expires_at: -1, server_time: 100_000_000_000 }],
  ])('C4 of %s, nothing', (_what, body) => {
    expect(proof(body)).toStrictEqual({})
  })
})

describe('what an end tells', () => {
  const details = (more: Record<string, unknown>, name = 'session-revoked') => {
    const verdict = judge(session(over(name, 'sid-1', more)), known)
    return 'details' in verdict ? verdict.details : verdict
  }

  it('everything the server said', () => {
    expect(judge(session(revokedBody('sid-1', { initiating_entity: 'user', disposition: 'lock', reason_user: { en: 'Sold.', de: 'Verkauft.' } })), known)).toEqual({
      kind: 'revoked',
      details: { by: 'user', reason: 'password-changed', reasonUser: { en: 'Sold.', de: 'Verkauft.' }, disposition: 'lock', serverAt: 4_000_000_000_000 },
    })
  })

  it('an unknown reason is `policy`, an unknown initiator the system, an unknown disposition the default', () => {
    expect(details({ reason: 'full-moon', initiating_entity: 'moon', disposition: 'frame' })).toMatchObject({ reason: 'policy', by: 'system', disposition: 'wipe' })
    expect(details({ disposition: 'frame' }, 'session-expired')).toMatchObject({ disposition: 'lock' })
    expect(details({ reason: 7, reason_user: 'text' })).not.toHaveProperty('reason')
    expect(details({ reason_user: { en: 7, de: 'Ende' } })).toHaveProperty('reasonUser', { de: 'Ende' })
  })

  it.each(['admin', 'user', 'policy', 'system'] as const)('the initiator `%s`, and not one word more', (by) => {
    expect(details({ initiating_entity: by, event_timestamp: undefined })).toStrictEqual({ by, disposition: 'wipe' })
  })

  it.each(['wipe', 'lock', 'retain'] as const)('the disposition `%s`, whatever the end', (disposition) => {
    for (const name of ['session-revoked', 'session-expired']) expect(details({ disposition }, name)).toMatchObject({ disposition })
  })

  it('P10 a token endpoint\'s too: what expired is locked, what was revoked is wiped', () => {
    const told = (name: string) => judge(token('invalid_grant', { error_uri: `${problems}/${name}`, initiating_entity: 'admin' }), known)
    expect(told('session-revoked')).toEqual({ kind: 'revoked', details: { by: 'admin', disposition: 'wipe' } })
    expect(told('session-expired')).toEqual({ kind: 'expired', details: { by: 'admin', disposition: 'lock' } })
  })

  it('never words for the audit', () => {
    // As CAEP has it, by language, and as a text.
    for (const words of [{ en: 'canary' }, 'canary']) expect(JSON.stringify(details({ reason_admin: words }))).not.toContain('canary')
  })

  it.each([1e300, Number.MAX_SAFE_INTEGER, Infinity, '1800000100', null, {}])('C4 a time of %j is none', (seconds) => {
    expect(details({ event_timestamp: seconds })).not.toHaveProperty('serverAt')
    const verdict = judge(session({ ...alive, established_at: seconds, expires_at: seconds, server_time: seconds }), known)
    expect(verdict).toEqual({ kind: 'alive', proof: { sid: 'sid-1', subject: 'mira' } })
  })
})

describe('junk', () => {
  it('P4 B1 never ends or suspends a session, and is never more than a verdict', () => {
    // Everything an answer is made of, except for our `sid` and our issuer's types.
    const junk = generator(20_261_121)
    const words = [
      'session-revoked', 'session-expired', 'account-suspended', 'https://other.test/problems/session-revoked', '//other.test/problems/session-expired',
      'invalid_grant', 'invalid_token', 'sid-2', 'wipe', 'admin', '', 'false', 'type', '\u0000', '__proto__', '💥',
    ]
    const members = ['active', 'type', 'sid', 'error', 'error_uri', 'event_timestamp', 'reason', 'reason_user', 'disposition', 'sub_id', '__proto__', 'constructor']
    const statuses = [0, 200, 200, 200, 204, 301, 400, 400, 401, 401, 401, 403, 404, 409, 422, 429, 500, 503, 999]
    const seen = new Set<string>()
    for (let round = 0; round < 20_000; round += 1) {
      const challenge = junk.chance(0.3) ? { error: junk.pick(words), errorUri: junk.pick(words) } : undefined
      const value = junk.value(words, members)
      const body = junk.chance(0.6) ? { active: junk.pick([true, false, 0]), error: junk.pick(words), ...(value as object) } : value
      seen.add(judge(says(junk.pick(senders), junk.pick(statuses), body, challenge), junk.chance(0.5) ? known : nameless).kind)
    }
    expect([...seen].sort()).toEqual(['access-expired', 'alive', 'done', 'foreign', 'grant-unknown', 'misconfigured', 'superseded', 'suspect', 'transient'])
  })
})

describe('words of a server that travel on', () => {
  it('P8 a 422 that echoes what it was sent is named by a word of ours', () => {
    const echoed = judge(says('token', 422, { error: 'refused: eyJhbGciOiJFUzI1NiJ9.e30.x' }), known)
    expect(echoed).toEqual({ kind: 'misconfigured', error: 'unprocessable' })
    expect(judge(says('token', 422, {}), known)).toEqual({ kind: 'misconfigured', error: 'unprocessable' })
    expect(judge(token('idempotency_key_reused', {}, 422), known)).toEqual({ kind: 'misconfigured', error: 'idempotency_key_reused' })
  })
})
