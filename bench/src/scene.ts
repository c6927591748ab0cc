// What the figures in a real browser begin with: a provider, a page, and sign-ins without the provider's form.
import { createVisitor } from '../../examples/authority/src/testing/visitor.ts'
import { until, type Tab } from '../../test/driver/index.ts'
import type { World } from '../../test/world/world.ts'
import type {} from '../../test/world/shop.ts'

/** Tokens as an application gets them by its own sign-in page. */
export interface Held {
  readonly accessToken: string
  readonly refreshToken: string
  readonly expiresAt: number
  readonly scope: string
  readonly subject: string
  readonly sid: string
}

/** Signs a person in at the provider, by plain HTTP. */
export async function tokensOf(world: Pick<World, 'authority' | 'origin'>): Promise<Held> {
  const { access_token: accessToken, refresh_token: refreshToken, expires_in: seconds, scope } = await createVisitor(world.authority.issuer, world.origin).signIn()
  const { sub: subject, sid } = JSON.parse(Buffer.from(accessToken.split('.')[1] ?? '', 'base64url').toString()) as { sub: string; sid: string }
  return { accessToken, refreshToken, expiresAt: Date.now() + seconds * 1000, scope, subject, sid }
}

/** Opens tabs, one after the other and each for as long as it takes: opening is not what is measured. */
export async function opened(world: World, count: number): Promise<Tab[]> {
  const tabs: Tab[] = []
  while (tabs.length < count) {
    const tab = await world.browser.openTab(`${world.origin}/`)
    await until(() => tab.evaluate(() => globalThis.shop?.started.then(() => true)), { what: 'the page to start its session', timeoutMs: 120_000, lookMs: 10_000 })
    tabs.push(tab)
  }
  return tabs
}

/** Begins a session in the first of some tabs; resolves to its `sid` when one of them holds the server's feed and all know it. */
export async function begin(world: World, tabs: readonly Tab[]): Promise<string> {
  const held = await tokensOf(world)
  await tabs[0]!.evaluate((tokens) => shop.session.adopt(tokens), held)
  const feeds = (): Promise<string[]> => Promise.all(tabs.map((tab) => tab.evaluate((sid) => {
    const { state } = shop.session
    return state.status === 'active' && state.session.sid === sid ? shop.session.diagnostics().feed : 'closed'
  }, held.sid)))
  await until(async () => {
    const all = await feeds()
    return all.includes('open') && !all.includes('closed')
  }, { what: `${tabs.length} tabs to be signed in and watched`, timeoutMs: 60_000, lookMs: 20_000 })
  return held.sid
}
