// The storefront as a person uses it: accessible, under its strict policy, with the keyboard alone, and when the server does not answer.
import { expect, test } from 'vitest'
import { press, sees } from '../../examples/storefront/tour/stage.ts'
import { until } from '../driver/index.ts'
import { accessible } from './accessible.ts'
import { visits } from './visit.ts'

const visit = visits()

test('every page is accessible in both colour schemes, on a phone and a desktop, and stays within its policy', async () => {
  const here = await visit()
  const { tab } = here
  await sees(tab, 'Sign in')
  await accessible(tab, 'the door')
  await here.signIn()
  await here.keep()
  await press(tab, 'Open Attic amphora')
  await sees(tab, '1,800 triangles')
  await accessible(tab, 'the viewer')
  await tab.page.keyboard.press('Escape')
  await sees(tab, 'Recently viewed')
  await accessible(tab, 'the library')
  await here.order({ street: 'Lindenweg 12' })
  await press(tab, 'Buy now')
  await sees(tab, 'Enter a city.')
  await accessible(tab, 'the cart')
  await press(tab, 'Security')
  await sees(tab, 'This device is told at once')
  await accessible(tab, 'security')
  const session = await here.sid()
  await here.authority.suspend(session)
  await sees(tab, 'Your account is paused')
  await accessible(tab, 'the paused account')
  await here.authority.resume(session)
  await press(tab, 'Check again')
  await sees(tab, 'Where you are signed in')
  await here.authority.end(session, { reason: 'suspicious-activity', reasonUser: { en: 'Somebody tried to sign in from far away.' } })
  await sees(tab, 'Somebody tried to sign in from far away.')
  await sees(tab, 'Everything kept was deleted and looked for again.')
  await accessible(tab, 'the notice')
  await tab.page.goto(`${here.url}/nowhere`)
  await sees(tab, 'We signed you out to protect your account')

  expect(tab.observed.errors).toEqual([])
  const origins = new Set(tab.observed.requests.map(({ url }) => new URL(url).origin))
  expect([...origins].filter((origin) => origin !== here.url && origin !== here.authority.issuer)).toEqual([])
})

test('the keyboard alone is enough, and what has the focus can be seen', async () => {
  const here = await visit()
  const { tab } = here
  await here.signIn()
  await sees(tab, 'Attic amphora')
  const { keyboard } = tab.page
  const focused = () => tab.page.evaluate(() => {
    const element = document.activeElement as HTMLElement
    const { outlineStyle, outlineWidth } = getComputedStyle(element)
    return { name: element.textContent.replaceAll(/\s+/g, ' ').trim() || (element.getAttribute('aria-label') ?? ''), seen: element === document.body || (outlineStyle !== 'none' && outlineWidth !== '0px') }
  })
  const tabTo = async (name: string): Promise<void> => {
    for (let presses = 0; presses < 40; presses += 1) {
      await keyboard.press('Tab')
      const { name: now, seen } = await focused()
      expect(seen, `the focus on "${now}" can be seen`).toBe(true)
      if (now.startsWith(name)) return
    }
    throw new Error(`"${name}" is not reached by the keyboard`)
  }
  await tabTo('Skip to the content')
  await keyboard.press('Enter')
  await tabTo('Keep Attic amphora')
  await keyboard.press('Enter')
  await until(async () => (await focused()).name === 'Open Attic amphora', { what: 'the focus to stay with the model that is now kept' })
  await keyboard.press('Enter')
  await sees(tab, 'triangles')
  await tabTo('Save a copy')
  await keyboard.press('Escape')
  await until(async () => (await focused()).name === 'Open Attic amphora', { what: 'the focus to come back to where it was' })
  await tab.page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur())
  await tabTo('Security')
  await keyboard.press('Enter')
  await until(() => tab.page.evaluate(() => document.activeElement?.tagName === 'H1' && document.activeElement.textContent === 'Security'), { what: 'the heading of the new page to have the focus' })
  expect(await tab.page.title()).toBe('Security · 3DIMLI')
})

test('an order whose answer is lost is found again and bought once', async () => {
  const here = await visit()
  const { tab } = here
  await here.signIn()
  await here.order({ name: 'Mira', street: 'Lindenweg 12', postcode: '10961', city: 'Berlin' })
  await tab.page.reload()
  await until(async () => (await tab.page.$eval('#city', (input) => (input as HTMLInputElement).value)) === 'Berlin', { what: 'the draft to be back' })
  await tab.page.type('#country', 'Germany')
  const cdp = await tab.page.createCDPSession()
  cdp.on('Fetch.requestPaused', ({ requestId, request }) => {
    const loses = request.method === 'POST'
    const answered = loses ? cdp.send('Fetch.failRequest', { requestId, errorReason: 'ConnectionReset' }) : cdp.send('Fetch.continueRequest', { requestId })
    // What is still held when this is switched off goes on by itself.
    answered.catch(() => undefined)
  })
  await cdp.send('Fetch.enable', { patterns: [{ urlPattern: '*/api/orders*', requestStage: 'Response' }] })
  await press(tab, 'Buy now')
  await sees(tab, 'We did not hear back about your order')
  await cdp.send('Fetch.disable')
  await press(tab, 'Ask now')
  await sees(tab, 'it arrived, once')
  await press(tab, 'Go to your library')
  await sees(tab, '6 models, yours for good.')
})

test('without the server the shop says so, opens what is kept, and goes on by itself', async () => {
  const here = await visit()
  const { tab } = here
  await here.signIn()
  await here.keep()
  await here.cutOff()
  await tab.page.reload()
  await sees(tab, '3DIMLI cannot be reached.')
  await press(tab, 'Open Attic amphora')
  await sees(tab, '1,800 triangles')
  await tab.page.keyboard.press('Escape')
  await here.cutOff([])
  await sees(tab, '5 models, yours for good.')
  expect(await tab.page.evaluate(() => document.body.textContent.includes('cannot be reached'))).toBe(false)
})
