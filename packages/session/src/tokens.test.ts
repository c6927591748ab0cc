/** What a token response leaves in our hands, whatever is missing or absurd in it. */
import { describe, expect, it } from 'vitest'
import { freshness, madeAt, mergeTokens, toMs, type TokenSet } from './tokens.ts'
import { generator } from '../test/junk.ts'

const now = 1_800_000_000_000
const minute = 60_000
const response = { access_token: 'at-2', token_type: 'Bearer' }
const held: TokenSet = {
  accessToken: 'at-1', tokenType: 'Bearer', receivedAt: now - minute, expiresAt: now, refreshToken: 'rt-1', refreshExpiresAt: now + 1_000 * minute, scope: 'library',
}

describe('a refresh response', () => {
  it('A12 without a refresh token or a scope keeps those we have', () => {
    expect(mergeTokens(held, { ...response, expires_in: 300 }, now)).toEqual({
      accessToken: 'at-2', tokenType: 'Bearer', receivedAt: now, expiresAt: now + 300_000, refreshToken: 'rt-1', refreshExpiresAt: held.refreshExpiresAt, scope: 'library',
    })
  })

  it('A12 with anything but a text for one keeps it too', () => {
    for (const nothing of [undefined, null, '', 0, false, [], {}]) {
      expect(mergeTokens(held, { ...response, refresh_token: nothing, scope: nothing }, now)).toMatchObject({ refreshToken: 'rt-1', scope: 'library' })
    }
  })

  it('with new ones takes them', () => {
    expect(mergeTokens(held, { ...response, refresh_token: 'rt-2', refresh_token_expires_in: 60, scope: 'orders' }, now))
      .toMatchObject({ refreshToken: 'rt-2', refreshExpiresAt: now + minute, scope: 'orders' })
  })

  it('P4 with another refresh token and no word on its life: that of the older one says nothing about it', () => {
    expect(mergeTokens(held, { ...response, refresh_token: 'rt-2' }, now).refreshExpiresAt).toBeUndefined()
  })

  it('C1 without a lifetime of its access token does not inherit the older one\'s', () => {
    expect(mergeTokens(held, response, now)).not.toHaveProperty('expiresAt')
  })

  it.each([['Bearer', 'Bearer'], ['bearer', 'Bearer'], ['DPoP', 'DPoP'], ['dpop', 'DPoP'], ['mac', 'Bearer']])('of the type %s is sent as %s', (type, tokenType) => {
    expect(mergeTokens(undefined, { access_token: 'at', token_type: type }, now).tokenType).toBe(tokenType)
  })

  it('A12 no series of responses ever loses the refresh token or keeps an undefined member', () => {
    const junk = generator(12)
    let tokens = held
    for (let round = 0; round < 2_000; round += 1) {
      const member = () => junk.pick<unknown>([undefined, null, '', 0, -5, 300, 1e12, Number.NaN, '300', 'text', {}])
      const given = { ...response, expires_in: member(), refresh_token: member(), refresh_token_expires_in: member(), scope: member() }
      tokens = mergeTokens(tokens, given, now)
      expect(tokens.refreshToken).toBeTypeOf('string')
      expect(Object.values(tokens)).not.toContain(undefined)
      for (const at of [tokens.expiresAt, tokens.refreshExpiresAt]) expect(Number.isFinite(at ?? 0)).toBe(true)
    }
  })
})

describe('seconds of the wire', () => {
  it.each<readonly [unknown, number | undefined]>([
    [300, 300_000], [0, 0], [0.5, 500], [1e6, 1e9], [1e12, 1e15], [-5, undefined], [Number.NaN, undefined], [Infinity, undefined], ['300', undefined], [null, undefined], [{}, undefined],
  ])('C4 %s is %s ms', (seconds, ms) => {
    expect(toMs(seconds)).toBe(ms)
  })

  it('C4 a number too large for milliseconds says nothing', () => {
    expect(toMs(Number.MAX_VALUE)).toBeUndefined()
  })
})

describe('how fresh a token is', () => {
  const token = (lifetimeMs?: number): TokenSet => ({ accessToken: 'at', tokenType: 'Bearer', receivedAt: now, ...(lifetimeMs !== undefined && { expiresAt: now + lifetimeMs }) })

  it.each<readonly [string, TokenSet, readonly [number, string][]]>([
    ['of five minutes', token(5 * minute), [[0, 'fresh'], [4.4 * minute, 'fresh'], [4.5 * minute, 'due'], [5 * minute - 1, 'due'], [5 * minute, 'spent']]],
    ['of five seconds', token(5_000), [[0, 'fresh'], [4_499, 'fresh'], [4_500, 'due'], [5_000, 'spent']]],
    ['of a month', token(43_200 * minute), [[43_199 * minute, 'fresh'], [43_199.6 * minute, 'due'], [43_200 * minute, 'spent']]],
    ['without a lifetime', token(), [[0, 'fresh'], [1e15, 'fresh']]],
    ['of no time at all', token(0), [[0, 'fresh'], [1e15, 'fresh']]],
  ])('C1 C4 %s', (_which, tokens, moments) => {
    for (const [age, what] of moments) expect([age, freshness(tokens, now + age)]).toEqual([age, what])
  })

  it('C1 a clock that is behind its arrival leaves it fresh', () => {
    expect(freshness(token(5 * minute), now - 365 * 1_440 * minute)).toBe('fresh')
  })

  it('only ages', () => {
    const order = ['fresh', 'due', 'spent']
    const junk = generator(3)
    for (let round = 0; round < 500; round += 1) {
      const tokens = token(junk.below(10_000_000))
      const ages = Array.from({ length: 8 }, () => junk.below(12_000_000)).sort((a, b) => a - b)
      const seen = ages.map((age) => order.indexOf(freshness(tokens, now + age)))
      expect(seen).toEqual(seen.toSorted((a, b) => a - b))
    }
  })
})

describe('a repeated answer', () => {
  const arrived: TokenSet = { ...held, receivedAt: now, expiresAt: now + 5 * minute }
  it('A11 lives from the time of the attempt it was first given to', () => {
    expect(madeAt(arrived, now - minute)).toEqual({ ...arrived, receivedAt: now - minute, expiresAt: now + 4 * minute })
  })

  it('C1 to an attempt of before the clock went back may be of any age: it is spent when it comes', () => {
    expect(freshness(madeAt(arrived, now + minute), now)).toBe('spent')
    expect(freshness(madeAt(arrived, now), now)).toBe('fresh')
  })

  it('without a lifetime gets none', () => {
    const { expiresAt: _, ...open } = arrived
    expect(madeAt(open, now - minute)).not.toHaveProperty('expiresAt')
  })
})
