// Every other face of the shop and of the provider's pages: accessible in both colour schemes and sizes, and within its policy.
import { expect, test } from 'vitest'
import { press, sees } from '../../examples/storefront/tour/stage.ts'
import { until } from '../driver/index.ts'
import { typeIn } from '../world/person.ts'
import { accessible } from './accessible.ts'
import { watchPolicy } from './policy.ts'
import { visits } from './visit.ts'

const visit = visits()

test('an order that was placed, an address that is no page, signing out, and the door after it are accessible', async () => {
  const here = await visit()
  const { tab } = here
  await here.signIn()
  await here.order({ name: 'Mira', street: 'Lindenweg 12', postcode: '10961', city: 'Berlin', country: 'Germany' })
  await press(tab, 'Buy now')
  await sees(tab, 'Your order was received')
  await accessible(tab, 'an order')
  await tab.page.goto(`${here.url}/nowhere`)
  await sees(tab, 'There is nothing here')
  await accessible(tab, 'an address that is no page')
  await press(tab, 'Security')
  await press(tab, 'Sign out on this device')
  await sees(tab, 'You are signed out')
  await accessible(tab, 'signed out')
  await tab.page.reload()
  await sees(tab, 'Your models, where you work')
  await press(tab, 'Sign in')
  await tab.page.waitForSelector('input[name=email]')
  const state = new URL(tab.observed.requests.findLast(({ url }) => url.includes('code_challenge='))!.url).searchParams.get('state')
  await tab.page.goto(`${here.url}/?error=access_denied&state=${state}`)
  await sees(tab, 'Your models, where you work')
  await until(() => tab.page.$('.problem'), { what: 'the refused sign-in to be told' })
  expect(tab.page.url()).toBe(`${here.url}/`)
  await accessible(tab, 'the door after a refused sign-in')
})

test('a session that ran out locks what was kept, says so, and gives it back to the same person', async () => {
  const here = await visit()
  const { tab } = here
  await here.signIn()
  await here.keep()
  // Said by the server when all that is there: how long a busy machine needs for it, nobody knows.
  await here.authority.end(await here.sid(), { type: 'session-expired', initiatingEntity: 'system' })
  await sees(tab, 'Your session has run out')
  await sees(tab, 'for you alone')
  await accessible(tab, 'expired')
  await here.signIn()
  await sees(tab, 'Open Attic amphora')
})

test('a device without a connection, one whose lease is over, and a shop that does not answer are accessible', async () => {
  const here = await visit()
  const { tab } = here
  await here.signIn()
  await here.keep()
  await here.cutOff()
  await tab.page.reload()
  await sees(tab, '3DIMLI cannot be reached.')
  await accessible(tab, 'no connection')
  const late = await tab.page.evaluateOnNewDocument(() => {
    const now = Date.now.bind(Date)
    Date.now = () => now() + 25 * 3_600_000
  })
  await tab.page.reload()
  await sees(tab, 'Waiting for 3DIMLI to confirm your session')
  await accessible(tab, 'the lease is over')
  await tab.page.removeScriptToEvaluateOnNewDocument(late.identifier)
  await here.cutOff([`${here.url}/config.json`])
  await tab.page.reload()
  await sees(tab, 'The shop does not answer')
  await accessible(tab, 'the shop does not answer')
})

test('another account that signs in is told to the tab of the first, accessibly', async () => {
  const here = await visit()
  const { tab } = here
  await here.signIn()
  const other = await here.browser.openTab()
  const policy = await watchPolicy(other)
  await other.page.goto(here.url)
  await sees(other, 'Mira Hoffmann')
  await other.page.evaluate(() => void globalThis.storefront!.session.signIn())
  await typeIn(other, 'jonas@example.test')
  await sees(other, 'Jonas Lindqvist')
  await tab.bringToFront()
  await sees(tab, 'Another account signed in in this browser.')
  await accessible(tab, 'replaced')
  expect(policy.refused).toEqual([])
  expect(policy.strange()).toEqual([])
})

test('the pages of the provider and of the administration are accessible and within their policy', async () => {
  const here = await visit()
  const { tab, authority } = here
  await tab.page.goto(authority.issuer)
  await accessible(tab, 'the provider')
  await tab.page.goto(here.url)
  await press(tab, 'Sign in')
  await tab.page.waitForSelector('input[name=email]')
  await accessible(tab, 'signing in')
  const over = tab.page.url()
  await typeIn(tab, 'mira@example.test', 'wrong')
  await tab.page.waitForSelector('[role=alert]')
  await accessible(tab, 'a wrong password')
  await tab.type('input[name=password]', 'demo')
  await tab.enter('input[name=password]')
  await sees(tab, 'Mira Hoffmann')
  await tab.page.goto(over)
  await sees(tab, 'This cannot go on from here')
  await accessible(tab, 'a sign-in that is over')
  await tab.page.goto(`${authority.issuer}/admin`)
  await accessible(tab, 'the door of the administration')
  await typeIn(tab, 'admin@example.test')
  await sees(tab, 'Mira Hoffmann')
  await accessible(tab, 'the administration')
  await press(tab, 'End session')
  await sees(tab, 'The session was ended.')
  await tab.page.goto(here.url)
  await sees(tab, 'We signed you out to protect your account')
})
