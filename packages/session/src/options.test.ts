/** What is said when an option or an argument is wrong. */
import { describe, expect, it } from 'vitest'
import { createCheckout } from './checkout/index.ts'
import { createDownloads } from './downloads/index.ts'
import type { LeaseKind } from './feature.ts'
import { createSession } from './index.ts'
import { readLease } from './lease.ts'
import { createDevice, scriptedAuthority } from './testing/index.ts'
import { outcome, scene } from '../test/scene.ts'

const { platform } = createDevice().context()
const { authority } = scriptedAuthority(() => 0)

describe('createSession()', () => {
  it.each<readonly [string, unknown]>([
    ['authority', undefined], ['authority', {}], ['platform', undefined], ['platform', { name: 'shop' }],
    ['origins', 'https://api.test'], ['origins', {}], ['origins[0]', ['http://api.test']], ['origins[1]', ['https://a.test', 'https://a.test/path']],
    ['origins[0]', ['*']], ['origins[0]', [7]],
    ['retainMs', -1], ['retainMs', Number.NaN], ['lease', 5], ['lease', null], ['pollMs', 10], ['pollMs', null],
    ['stepUp', true], ['surprise', 1],
  ])('bad input: "%s" as %j is a TypeError that names it', (name, value) => {
    const given = { authority, platform, [name.replace(/\[.*/, '')]: value }
    expect(() => createSession(given as never)).toThrow(TypeError)
    expect(() => createSession(given as never)).toThrow(`"${name}"`)
  })
})

describe('adopt()', () => {
  it.each<readonly [string, unknown]>([
    ['accessToken', 7], ['accessToken', ''], ['accessToken', undefined], ['subject', undefined], ['keys', undefined], ['expiresAt', 'tomorrow'], ['expiresAt', Number.NaN], ['refreshToken', 7],
    ['refreshExpiresAt', 'tomorrow'], ['tokenType', 'bearer'], ['sid', 7], ['scope', ['a']], ['surprise', 1],
  ])('bad input: "%s" as %j is a TypeError that names it, and nobody is signed in', async (name, value) => {
    const { first } = scene()
    await first.session.start()
    const given = { accessToken: 'at', subject: 'mira', ...(name === 'keys' && { tokenType: 'DPoP' }), [name]: value }
    const failure = await outcome(first.session.adopt(given as never))
    expect(failure).toBeInstanceOf(TypeError)
    expect(String(failure)).toContain(`"${name}"`)
    expect(first.session.state.status).toBe('signed-out')
  })
})

describe('a feature', () => {
  const { session } = scene().first
  const parts = { submit: async () => 1, find: async () => undefined }
  it.each<readonly [string, () => unknown]>([
    ['createDownloads()', () => createDownloads(session, { surprise: 1 } as never)],
    ['createCheckout()', () => createCheckout(session, { ...parts, surprise: 1 } as never)],
    ['save()', () => createDownloads(session).save('chair', 'https://api.test/chair', { surprise: 1 } as never)],
  ])('bad input: an option that %s has not is a TypeError that names it', async (what, make) => {
    const failure = await outcome((async () => make())())
    expect(failure).toBeInstanceOf(TypeError)
    expect((failure as TypeError).message).toBe(`"surprise" is not an option of ${what}`)
  })
})

const kinds: readonly LeaseKind[] = ['default', 'downloads', 'checkout']

describe('`lease`', () => {
  it.each([['10s', 10_000], ['5m', 300_000], ['24h', 86_400_000], ['7d', 604_800_000], ['007m', 420_000], [10_000, 10_000], [10_000.5, 10_000.5]] as const)('%s is %i ms', (given, ms) => {
    expect(readLease({ checkout: given }).checkout).toBe(ms)
  })

  it('gives 24 hours to every kind, or what it says, or its own default', () => {
    expect(readLease()).toEqual({ default: 86_400_000, downloads: 86_400_000, checkout: 86_400_000 })
    expect(readLease({ default: '1h', checkout: '5m' })).toEqual({ default: 3_600_000, downloads: 3_600_000, checkout: 300_000 })
    expect(readLease({ downloads: '7d' })).toEqual({ default: 86_400_000, downloads: 604_800_000, checkout: 86_400_000 })
  })

  it.each(kinds.flatMap((kind) => ['9s', 9_999, '0m', '5', '5 m', '5M', ' 5m', '5m ', '-5m', '1.5h', '', 'm', '5w', Number.NaN, Infinity, `${'9'.repeat(400)}d`, null, true, {}].map((value) => [kind, value] as const)))('bad input: lease.%s as %j is a TypeError that names it', (kind, value) => {
    expect(() => readLease({ [kind]: value } as never)).toThrow(TypeError)
    expect(() => readLease({ [kind]: value } as never)).toThrow(`"lease.${kind}"`)
  })

  it('bad input: a kind that there is none of, and what is no object', () => {
    const made = (lease: unknown) => () => createSession({ authority, platform, lease } as never)
    for (const given of [null, '5m', 300_000]) expect(made(given)).toThrow('"lease"')
    expect(made({ uploads: '5m' })).toThrow('"lease.uploads"')
    expect(made({})).not.toThrow()
  })
})
