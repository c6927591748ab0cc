/** Each row of the table in docs/contract.md. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { Answer } from './authority.ts'
import { isProof, judge, type Known, type Verdict } from './verdict.ts'
import { alive, early, everybody, feed, known, nameless, over, resource, says, senders, session, token } from '../test/answers.ts'
import { problems } from '../test/scene.ts'

/** So long before the sign-in that no two clocks of one server explain it. */
const longBefore = { event_timestamp: 1_799_999_969 }

/** The answers of each row: alone, or with something else known of our session. */
const cases: Readonly<Record<string, readonly (Answer | readonly [Answer, Known])[]>> = {
  'session-alive': [session(alive), [session(alive), nameless], session({ active: true })],
  'session-revoked': [session(over('session-revoked', 'sid-1')), session(over('session-revoked', 'sid-1', early)), session({ active: false, type: 'problems/session-revoked', sid: 'sid-1' })],
  'session-expired': [session(over('session-expired', 'sid-1'))],
  'session-suspended': [session(over('account-suspended', 'sid-1'))],
  'session-unknown': [session({ active: false })],
  'session-without-sid': [session(over('session-revoked')), [session(over('session-revoked')), nameless], session(over('session-expired')), session(over('account-suspended'))],
  'session-other-type': [session(over('session-paused', 'sid-1')), session({ active: false, sid: 'sid-1' }), session({ active: false, sid: 'sid-1', type: 7 })],
  'session-sid-not-known': [[session(over('session-revoked', 'sid-1')), nameless], [session(over('session-expired', 'sid-1')), nameless]],
  'session-foreign': [
    session({ ...alive, sid: 'sid-2' }), session(over('session-revoked', 'sid-2')), session(over('session-expired', 'sid-2')),
    session(over('account-suspended', 'sid-2')), session({ active: false, sid: 'sid-2' }),
  ],
  'session-before-sign-in': [session(over('session-revoked', 'sid-1', longBefore)), session(over('account-suspended', 'sid-1', longBefore))],
  'session-other-status': [201, 204, 302, 400, 401, 403, 404].map((status) => session(over('session-revoked', 'sid-1'), status)),
  'resource-revoked': [resource(over('session-revoked', 'sid-1')), resource(over('session-revoked', 'sid-1'), { error: 'invalid_token' })],
  'resource-expired': [resource(over('session-expired', 'sid-1'))],
  'resource-suspended': [resource(over('account-suspended', 'sid-1'))],
  'resource-without-sid': [resource(over('session-revoked')), resource(over('session-expired'))],
  'resource-sid-not-known': [[resource(over('session-revoked', 'sid-1')), nameless]],
  'resource-challenge-only': [
    resource(undefined, { error: 'invalid_token', errorUri: `${problems}/session-revoked` }), resource({}, { errorUri: `${problems}/session-expired` }),
  ],
  'resource-foreign': [resource(over('session-revoked', 'sid-2')), resource(over('session-expired', 'sid-2'))],
  'resource-before-sign-in': [resource(over('session-revoked', 'sid-1', early)), resource(over('session-expired', 'sid-1', early))],
  'resource-invalid-token': [resource(undefined, { error: 'invalid_token' })],
  'resource-token-expired': [resource({ type: `${problems}/token-expired`, sid: 'sid-1' })],
  'resource-bare': [resource(undefined), resource(undefined, {}), resource({ message: 'Unauthorized' })],
  'resource-step-up': [resource(undefined, { error: 'insufficient_user_authentication', acrValues: 'mfa' })],
  'resource-step-up-problem': [resource({ type: `${problems}/step-up-required` })],
  'resource-nonce': [resource(undefined, { error: 'use_dpop_nonce' })],
  'resource-proof-refused': [resource(undefined, { error: 'invalid_dpop_proof' })],
  'resource-scope': [says('resource', 403, undefined, { error: 'insufficient_scope', scope: 'orders' })],
  'resource-forbidden': [says('resource', 403), says('resource', 403, over('session-revoked', 'sid-1')), says('resource', 403, undefined, { error: 'invalid_token' })],
  'feed-alive': [feed(alive)],
  'feed-revoked': [feed(over('session-revoked', 'sid-1'))],
  'feed-expired': [feed(over('session-expired', 'sid-1'))],
  'feed-suspended': [feed(over('account-suspended', 'sid-1'))],
  'feed-unknown': [feed({ active: false })],
  'feed-foreign': [feed(over('session-revoked', 'sid-2'))],
  'feed-before-sign-in': [feed(over('session-revoked', 'sid-1', early))],
  'feed-closed': [{ from: 'feed', failed: 'closed' }],
  'feed-no-content': [says('feed', 204)],
  'feed-unauthorized': [says('feed', 401)],
  'feed-refused-with-proof': [says('feed', 401, over('session-revoked', 'sid-1'))],
  'feed-forbidden': [says('feed', 403)],
  'token-revoked': [
    token('invalid_grant', { error_uri: `${problems}/session-revoked`, sid: 'sid-1' }), token('invalid_grant', { error_uri: `${problems}/session-revoked` }),
    token('invalid_grant', { error_uri: `${problems}/session-revoked`, ...early }), [token('invalid_grant', { error_uri: `${problems}/session-revoked` }), nameless],
  ],
  'token-expired': [token('invalid_grant', { error_uri: `${problems}/session-expired`, sid: 'sid-1' }), token('invalid_grant', { error_uri: `${problems}/session-expired` })],
  'token-suspended': [token('invalid_grant', { error_uri: `${problems}/account-suspended`, sid: 'sid-1' })],
  'token-foreign': [token('invalid_grant', { error_uri: `${problems}/session-revoked`, sid: 'sid-2' }), token('invalid_grant', { sid: 'sid-2' })],
  'token-before-sign-in': [
    token('invalid_grant', { error_uri: `${problems}/session-revoked`, sid: 'sid-1', ...longBefore }),
    token('invalid_grant', { error_uri: `${problems}/session-expired`, ...longBefore }),
  ],
  'token-lifetime-over': [[token('invalid_grant'), { ...known, refreshOver: true }]],
  'token-invalid-grant': [token('invalid_grant'), token('invalid_grant', {}, 401), [token('invalid_grant'), { ...known, refreshOver: false }]],
  'token-nonce': [token('use_dpop_nonce'), token('use_dpop_nonce', {}, 401)],
  'token-already-used': [token('invalid_request', {}, 409), says('token', 409, {})],
  'token-key-reused': [token('invalid_request', {}, 422), says('token', 422, {}), says('token', 422, { error: 'a long text, or a token: eyJhbGciOiJFUzI1NiJ9.e30.x' })],
  'token-invalid-client': [token('invalid_client', {}, 401), token('invalid_client')],
  'token-unauthorized-client': [token('unauthorized_client')],
  'token-proof-refused': [token('invalid_dpop_proof')],
  'token-invalid-target': [token('invalid_target')],
  'token-refused': [token('invalid_request'), token('invalid_scope'), token('unsupported_grant_type')],
  'token-unreadable': [says('token', 200), says('token', 200, { access_token: 7 })],
  'revocation-done': [says('revocation', 200), says('revocation', 200, { anything: true })],
  'revocation-unavailable': [says('revocation', 503)],
  'revocation-refused': [says('revocation', 400, { error: 'unsupported_token_type' })],
  'revocation-unsupported': [{ from: 'revocation', failed: 'unsupported' }],
  network: senders.map((from): Answer => ({ from, failed: 'network' })),
  timeout: senders.map((from): Answer => ({ from, failed: 'timeout' })),
  redirected: senders.map((from): Answer => ({ from, failed: 'redirected' })),
  proxy: everybody(407),
  'request-timeout': everybody(408),
  'too-many': everybody(429),
  'server-error': [500, 502, 503, 504, 511, 599].flatMap(everybody),
  'not-json': [session(undefined), says('token', 400), says('token', 401), session('<html>'), session([alive]), token('Bad Request')],
  'list-invalid': [{ from: 'list', value: 1 }],
  'list-suspended': [{ from: 'list', value: 2 }],
  'list-valid': [0, 3, 15, 255, -1, Number.NaN].map((value): Answer => ({ from: 'list', value })),
  'channel-other-epoch': [{ from: 'channel', epochId: 'another' }, { from: 'channel', epochId: '' }],
  'channel-same-epoch': [{ from: 'channel', epochId: 'ours' }],
}

/** The rows of the contract's table: id, answer, verdict. */
const rows = readFileSync(new URL('../../../docs/contract.md', import.meta.url), 'utf8')
  .split(/^\| case \|.*\n\|[-|]*\n/m)[1]?.split('\n\n')[0]?.split('\n')
  .map((line) => line.split('|').map((cell) => cell.trim().replace(/^`([^`]*)`$/, '$1')))
  .map(([, id = '', answer = '', verdict = '']) => [id, answer, verdict] as const) ?? []

describe('the table in docs/contract.md', () => {
  it('and the cases here are the same, row by row', () => {
    expect(rows.map(([id]) => id)).toEqual(Object.keys(cases))
  })

  it.each(rows)('P4 %s: %s → %s', (id, _answer, verdict) => {
    const answers = cases[id] ?? []
    expect(answers.length).toBeGreaterThan(0)
    for (const given of answers) {
      const [answer, about] = 'from' in given ? [given, known] : given
      expect([answer, judge(answer, about).kind]).toEqual([answer, verdict])
    }
  })
})

describe('the server\'s own word', () => {
  it.each<readonly [Verdict, boolean]>([
    [{ kind: 'revoked', details: { by: 'admin', disposition: 'wipe' } }, true], [{ kind: 'expired', details: { by: 'system', disposition: 'lock' } }, true],
    [{ kind: 'suspended' }, true], [{ kind: 'suspect' }, false], [{ kind: 'foreign' }, false], [{ kind: 'grant-unknown' }, false], [{ kind: 'alive', proof: {} }, false],
  ])('P1 P4 that a session is over or held: $kind', (verdict, proof) => {
    expect(isProof(verdict)).toBe(proof)
  })
})
