// A sign-in is finished only by the tab that began it, with the answer it asked for.
import { createHash } from 'node:crypto'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { until } from '../driver/index.ts'
import { alone, type Alone } from './alone.ts'

let here: Alone

beforeEach(async () => {
  here = await alone()
})
afterEach(async () => {
  await here.close()
  expect(here.policy.refused).toEqual([])
})

const tokenRequests = (): URLSearchParams[] =>
  here.tab.observed.requests.filter(({ url, method }) => method === 'POST' && url.endsWith('/token')).map(({ body }) => new URLSearchParams(body))

test('an answer that nobody asked for signs nobody in and is left in the address', async () => {
  await here.open('/?code=stolen&state=made-up&iss=somebody')
  expect(await here.status()).toBe('signed-out')
  expect(new URL(here.tab.page.url()).search).toBe('?code=stolen&state=made-up&iss=somebody')
  expect(tokenRequests()).toEqual([])
})

test('a sign-in is bound to its tab by state, nonce and a proof key, and its answer is good once', async () => {
  await here.open()
  const held = await here.tab.page.createCDPSession()
  const answer = new Promise<string>((resolve) => {
    held.on('Fetch.requestPaused', ({ requestId, request }) => {
      held.send('Fetch.failRequest', { requestId, errorReason: 'Aborted' }).then(() => resolve(request.url), () => undefined)
    })
  })
  await held.send('Fetch.enable', { patterns: [{ urlPattern: `${here.origin}/?code=*` }] })
  await here.submit()
  const path = (await answer).slice(here.origin.length)
  await held.send('Fetch.disable')

  const other = await here.browser.openTab()
  await here.open(path, other)
  expect(await here.status(other)).toBe('signed-out')
  expect(other.observed.requests.filter(({ method }) => method === 'POST')).toEqual([])
  await here.tab.bringToFront()

  await here.open(path)
  await until(async () => (await here.status()) === 'active', { what: 'the tab that began it to be signed in' })
  const asked = new URL(here.tab.observed.requests.find(({ url }) => url.includes('code_challenge='))!.url).searchParams
  const [sent, ...more] = tokenRequests()
  expect(more).toEqual([])
  expect(asked.get('code_challenge_method')).toBe('S256')
  expect(asked.get('code_challenge')).toBe(createHash('sha256').update(sent!.get('code_verifier')!).digest('base64url'))
  for (const name of ['state', 'nonce', 'code_challenge']) expect(asked.get(name)!.length, name).toBeGreaterThanOrEqual(43)
  expect(here.tab.observed.requests.every(({ url }) => !url.includes(sent!.get('code_verifier')!))).toBe(true)

  expect(here.tab.page.url()).toBe(`${here.origin}/`)
  await here.open(path)
  expect(tokenRequests()).toHaveLength(1)
})

test('an answer that names another issuer signs nobody in', async () => {
  await here.open()
  const held = await here.tab.page.createCDPSession()
  held.on('Fetch.requestPaused', ({ requestId, request }) => {
    const url = new URL(request.url)
    const isBent = url.searchParams.get('iss') === 'https://elsewhere.example'
    url.searchParams.set('iss', 'https://elsewhere.example')
    // Where it is sent on to, it is held once more.
    const answered = isBent ? held.send('Fetch.continueRequest', { requestId })
      : held.send('Fetch.fulfillRequest', { requestId, responseCode: 302, responseHeaders: [{ name: 'location', value: url.href }] })
    answered.catch(() => undefined)
  })
  await held.send('Fetch.enable', { patterns: [{ urlPattern: `${here.origin}/?code=*` }] })
  await here.submit()
  await until(async () => (await here.status()) === 'signed-out' && new URL(here.tab.page.url()).origin === here.origin, { what: 'the page to refuse the answer' })
  expect(await here.tab.page.evaluate(() => globalThis.sdkPage!.refusal)).toBe('sign-in-failed')
  expect(tokenRequests()).toEqual([])
})
