/** Merging token responses, for any response a server may send: nothing that was held is lost by what is not said. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { mergeTokens, type TokenResponse, type TokenSet } from './tokens.ts'

const now = 1_800_000_000_000
const word = fc.string({ minLength: 1, maxLength: 20 })
/** What is no text, or none worth keeping. */
const nothing = fc.constantFrom<unknown>(undefined, null, '', 0, false, [], {}, Number.NaN)
const seconds = fc.oneof(fc.integer({ min: 0, max: 10_000_000 }), fc.double(), nothing)

const held: fc.Arbitrary<TokenSet> = fc.record({
  accessToken: word, tokenType: fc.constantFrom('Bearer' as const, 'DPoP' as const), receivedAt: fc.constant(now - 60_000), refreshToken: word, scope: word,
  refreshExpiresAt: fc.integer({ min: now, max: now + 10_000_000_000 }),
}, { requiredKeys: ['accessToken', 'tokenType', 'receivedAt', 'refreshToken'] })

const response: fc.Arbitrary<TokenResponse> = fc.record({
  access_token: word, token_type: fc.constantFrom('Bearer', 'bearer', 'DPoP', 'dpop'), expires_in: seconds,
  refresh_token: fc.oneof(word, nothing), refresh_token_expires_in: seconds, scope: fc.oneof(word, nothing),
}, { requiredKeys: ['access_token', 'token_type'] })

it('A12 whatever is not said keeps what was held, whatever is said replaces it, and nothing else appears', () => {
  fc.assert(fc.property(held, response, (before, given) => {
    const after = mergeTokens(before, given, now)
    const said = (value: unknown, otherwise: string | undefined) => (typeof value === 'string' && value !== '' ? value : otherwise)
    expect(after.accessToken).toBe(given.access_token)
    expect(after.refreshToken).toBe(said(given.refresh_token, before.refreshToken))
    expect(after.scope).toBe(said(given.scope, before.scope))
    expect(after.receivedAt).toBe(now)
    // A lifetime is never negative, never endless, and never inherited from another token.
    for (const at of [after.expiresAt, after.refreshExpiresAt]) expect(at === undefined || (Number.isSafeInteger(at - now) && at >= now)).toBe(true)
    if (after.refreshToken !== before.refreshToken && typeof given.refresh_token_expires_in !== 'number') expect(after).not.toHaveProperty('refreshExpiresAt')
    expect(Object.values(after)).not.toContain(undefined)
    expect(Object.keys(after).filter((name) => !['accessToken', 'tokenType', 'receivedAt', 'expiresAt', 'refreshToken', 'refreshExpiresAt', 'scope'].includes(name))).toEqual([])
  }), { seed: 20_261_121 })
})

it('A12 a row of responses without a refresh token, as of a server that does not rotate, ends with the first one', () => {
  const silent = response.map(({ refresh_token: _, ...rest }) => rest)
  fc.assert(fc.property(held, fc.array(silent, { maxLength: 20 }), (before, answers) => {
    expect(answers.reduce<TokenSet>((tokens, answer) => mergeTokens(tokens, answer, now), before).refreshToken).toBe(before.refreshToken)
  }), { seed: 20_261_121 })
})
