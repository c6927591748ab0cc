/** Every cause of an end in five tabs: all learn of it, none goes anywhere or signs in by itself, and each cause keeps what it should keep. */
import { describe, expect, it } from 'vitest'
import type { Target } from './end.ts'
import type { Answer } from './authority.ts'
import { eventually } from '../test/eventually.ts'
import { api, outcome, problems, revoked, sessionAnswer, signedIn, signIn, statuses, turns, type Scene } from '../test/scene.ts'

type Signed = Scene & { readonly sid: string }
type Cause = readonly [string, (made: Signed) => Promise<unknown>]

const told = (made: Signed, answer: () => Promise<Answer>): Promise<unknown> => {
  made.server.onSession = answer
  return made.first.session.confirm()
}
const signedOut: Cause = ['signed-out', ({ first }) => first.session.signOut()]
const expired: Cause = ['expired', (made) => told(made, sessionAnswer({ active: false, type: `${problems}/session-expired`, sid: made.sid }))]
const replaced: Cause = ['replaced', (made) => signIn(made, made.first, 'jonas')]
const revokedBy = (disposition: string): Cause => ['revoked', (made) => told(made, sessionAnswer(revoked(made.sid, { disposition })))]
const causes = [signedOut, expired, replaced, revokedBy('wipe')]

describe('an end', () => {
  it.each(causes)('P1 E1 E2 B8 `%s` is one in all five tabs; no tab goes anywhere, and none signs in by itself', async (cause, end) => {
    const made = await signedIn({ tabs: 5 })
    const { tabs } = made
    const urls = tabs.map(({ context }) => context.url)
    await end(made)
    await eventually(() => expect(tabs.map(({ ends }) => ends)).toEqual(tabs.map(() => [cause])))
    await statuses(tabs, cause === 'replaced' ? 'active' : 'signed-out')
    expect([tabs.flatMap(({ context }) => context.visited), tabs.map(({ context }) => context.url)]).toEqual([[], urls])
    await made.device.clock.advance(60_000)
    expect(tabs.flatMap(({ context }) => context.visited)).toEqual([])
    expect(tabs.map(({ ends }) => ends)).toEqual(tabs.map(() => [cause]))
  })

  it.each(causes)('E7 `%s` shows in the tab where it began, also where no message ever arrives', async (cause, end) => {
    const made = await signedIn({ ports: (ports) => ({ ...ports, channel: { open: () => {}, post: () => {}, close: () => {} } }) })
    const { first } = made
    first.states.length = 0
    await end(made)
    await eventually(() => expect(first.ends).toEqual([cause]))
    expect(first.states.map(({ status }) => status).join(' ')).toContain('fenced purging')
  })
})

describe('what is kept after', () => {
  const content = { kind: 'cache-storage', cache: 'files.{content}' } as const
  const own: readonly Target[] = [{ kind: 'indexeddb', database: 'recently-viewed' }, { kind: 'web-storage', area: 'local', key: 'shop.cart' }]

  async function kept() {
    const made = await signedIn()
    const { first, device } = made
    for (const target of [content, ...own]) await first.session.register(target)
    const named = { ...content, cache: content.cache.replace('{content}', device.row()?.live?.content.id ?? '') }
    for (const target of [named, ...own]) device.storage.set(JSON.stringify(target), new Set(['entry']))
    const left = () => ({ content: device.storage.has(JSON.stringify(named)), own: own.some((target) => device.storage.has(JSON.stringify(target))) })
    return { made, left }
  }

  const matrix: readonly (readonly [string, Cause, { content: boolean; own: boolean }])[] = [
    ['a sign-out: nothing', signedOut, { content: false, own: false }],
    ['a revocation: nothing', revokedBy('wipe'), { content: false, own: false }],
    ['a revocation that says `lock`: the content', revokedBy('lock'), { content: true, own: false }],
    ['a revocation that says `retain`: the content', revokedBy('retain'), { content: true, own: false }],
    ['an expiry: the content', expired, { content: true, own: false }],
    ['another person signing in: nothing', replaced, { content: false, own: false }],
  ]
  it.each(matrix)('P2 P10 G7 %s', async (_what, [cause, end], wanted) => {
    const { made, left } = await kept()
    await end(made)
    await eventually(() => expect(made.first.ends).toEqual([cause]))
    await turns()
    expect(left()).toEqual(wanted)
    // What is kept is locked: its key lies in the vault, and nobody else's sign-in takes it out.
    expect(made.device.row()?.vault.length).toBe(wanted.content ? 1 : 0)
  })

  it('P10 G7 G6 an access token that runs out, a suspension, a refusal, a day offline: everything', async () => {
    const { made, left } = await kept()
    const { first, server, device, sid } = made
    device.clock.stepWall(301_000)
    expect(await outcome(first.session.fetch(`${api}/x`))).toBe(200)
    first.context.fetch = async () => new Response('', { status: 403 })
    expect(await outcome(first.session.fetch(`${api}/x`))).toBe(403)
    await told(made, sessionAnswer({ active: false, type: `${problems}/account-suspended`, sid }))
    await told(made, async () => ({ from: 'session', failed: 'network' }))
    server.onRefresh = async () => ({ answer: { from: 'token', failed: 'network' } })
    device.clock.stepWall(86_400_000)
    await outcome(first.session.confirm())
    expect([left(), first.ends]).toEqual([{ content: true, own: true }, []])
  })
})
