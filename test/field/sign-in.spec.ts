// Signing in where another tab died at it, and in a browser that keeps other sites' cookies away.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, onTestFinished, test } from 'vitest'
import { until } from '../driver/index.ts'
import { allAre, createWorld, type World } from '../world/world.ts'

let world: World
afterEach(() => world.close())

test('B7 a tab that dies in the middle of a sign-in stands in nobody\'s way, not in its own either', async () => {
  world = await createWorld()
  const dying = await world.open()
  await dying.evaluate(() => void shop.session.signIn())
  await dying.waitFor('input[name=email]')
  await dying.crash()
  const other = await world.open()
  await allAre([other], 'signed-out')
  await world.signIn(other)
  expect(await other.evaluate(async () => (await shop.session.fetch(`${shop.issuer}/api/ping`)).status)).toBe(200)
  await other.evaluate(() => shop.session.signOut())

  // The tab is brought back, and its person begins again; an answer to the sign-in that died is nobody's.
  await dying.goto(`${world.origin}/?code=stale&state=stale`)
  await until(() => dying.evaluate(() => globalThis.shop?.started.then(() => true)), { what: 'the page to start' })
  expect(await dying.evaluate(async () => (await shop.started).signInError?.code)).toBeUndefined()
  await world.signIn(dying)
  await allAre([dying, other], 'active')
})

test('P7 F2 where other sites get no cookies, sign-in, refresh and revocation work: no frame is opened, no cookie is sent by the SDK', async () => {
  const profile = mkdtempSync(join(tmpdir(), 'no-third-party-cookies-'))
  // After the browser, which writes into it as long as it lives.
  onTestFinished(() => rmSync(profile, { recursive: true, force: true, maxRetries: 5 }))
  mkdirSync(join(profile, 'Default'))
  writeFileSync(join(profile, 'Default', 'Preferences'), JSON.stringify({ profile: { cookie_controls_mode: 1, block_third_party_cookies: true } }))
  world = await createWorld({ profile, accessTokenSeconds: 2 })
  const tab = await world.open()
  const sid = await world.signIn(tab)
  // Cookies know no ports: this one would go to the provider too if the SDK sent any.
  await tab.evaluate(() => void (document.cookie = 'choice=canary; path=/'))
  let frames = 0
  tab.page.on('frameattached', () => (frames += 1))
  const cdp = await tab.page.createCDPSession()
  const sent: { url: string; cookie: string | undefined }[] = []
  const urls = new Map<string, string>()
  cdp.on('Network.requestWillBeSent', ({ requestId, request }) => urls.set(requestId, request.url))
  cdp.on('Network.requestWillBeSentExtraInfo', ({ requestId, headers }) => sent.push({ url: urls.get(requestId) ?? requestId, cookie: headers['Cookie'] ?? headers['cookie'] }))
  await cdp.send('Network.enable')
  const before = world.of('refresh').length
  await until(async () => {
    await tab.evaluate(() => shop.session.fetch(`${shop.issuer}/api/ping`).catch(() => undefined))
    return world.of('refresh').length > before
  }, { what: 'a refresh' })
  expect(await tab.evaluate(() => shop.session.confirm())).toBe('alive')
  await world.authority.end(sid, { reason: 'access-removed' })
  await allAre([tab], 'signed-out')
  expect(sent.length).toBeGreaterThan(2)
  expect(sent.filter(({ cookie }) => cookie?.includes('canary'))).toEqual([])
  expect([frames, await tab.evaluate(() => document.querySelectorAll('iframe, frame, embed, object').length)]).toEqual([0, 0])
})
