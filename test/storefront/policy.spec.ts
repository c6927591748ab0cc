// The policy itself: how strict it is, that what breaks it is seen, and that the SDK alone works under it.
import { readFileSync } from 'node:fs'
import { beforeAll, expect, onTestFinished, test } from 'vitest'
import { buildStorefront } from '../../scripts/setup/build.mjs'
import { until } from '../driver/index.ts'
import { alone } from './alone.ts'
import { visit } from './visit.ts'

beforeAll(() => buildStorefront(process.execPath))

const directives = (header: string | null): Map<string, string[]> =>
  new Map((header ?? '').split(';').map((part) => part.trim().split(/\s+/)).map(([name = '', ...values]) => [name, values]))

test('the shop and the provider send a policy that names everything and allows nothing unsafe', async () => {
  const here = await visit()
  onTestFinished(() => here.close())
  for (const address of [here.url, `${here.url}/nowhere`, `${here.url}/config.json`, here.authority.issuer, `${here.authority.issuer}/admin`]) {
    const { headers } = await fetch(address)
    const header = headers.get('content-security-policy')
    const policy = directives(header)
    expect(header, address).not.toMatch(/unsafe|\*|https?:\/\/(?!localhost)|strict-dynamic|data:/)
    for (const name of ['default-src', 'object-src', 'base-uri', 'frame-ancestors', 'trusted-types']) expect(policy.get(name), `${name} of ${address}`).toEqual(["'none'"])
    expect(policy.get('require-trusted-types-for'), address).toEqual(["'script'"])
    expect(policy.has('form-action'), address).toBe(true)
    // A whole scheme, or an origin of nobody's, is in no list; what the page made itself may only be looked at.
    const origins = [here.url, here.authority.issuer].map((one) => new URL(one).origin)
    for (const [name, sources] of policy) {
      const known = ["'none'", "'self'", "'script'", ...(name === 'img-src' ? ['blob:'] : []), ...(name === 'connect-src' || name === 'form-action' ? origins : [])]
      expect(sources.filter((source) => !known.includes(source)), `${name} of ${address}`).toEqual([])
    }
    if (address.startsWith(here.url)) expect(policy.get('form-action'), address).toEqual(["'none'"])
    expect(Object.fromEntries(headers), address).toMatchObject({
      'x-content-type-options': 'nosniff', 'referrer-policy': 'no-referrer', 'cross-origin-opener-policy': 'same-origin', 'cross-origin-resource-policy': 'same-origin',
    })
  }
})

test('what breaks the policy is seen, by the page and by the browser', async () => {
  const here = await visit()
  onTestFinished(() => here.close())
  const { tab, policy } = here
  expect(policy.refused).toEqual([])
  const planted: [string, () => unknown][] = [
    ['require-trusted-types-for', () => { document.body.innerHTML = '<p>written</p>' }],
    ['trusted-types', () => (globalThis as unknown as { trustedTypes: { createPolicy(name: string, rules: object): unknown } }).trustedTypes.createPolicy('mine', {})],
    ['style-src-attr', () => document.body.setAttribute('style', 'color: red')],
    ['style-src-elem', () => document.head.append(Object.assign(document.createElement('style'), { textContent: 'p { color: red }' }))],
    ['connect-src', () => fetch('http://127.0.0.1:9/').catch(() => undefined)],
    ['frame-src', () => document.body.append(Object.assign(document.createElement('iframe'), { src: 'http://127.0.0.1:9/' }))],
    ['img-src', () => document.body.append(Object.assign(new Image(), { src: 'http://127.0.0.1:9/' }))],
    ['form-action', () => {
      const form = Object.assign(document.createElement('form'), { action: 'http://127.0.0.1:9/' })
      document.body.append(form)
      form.submit()
    }],
  ]
  for (const [directive, plant] of planted) {
    await tab.page.evaluate(plant).catch(() => undefined)
    for (const by of ['event', 'browser']) {
      await until(() => policy.refused.some((one) => one.by === by && one.directive === directive), { what: `${directive} to be reported by ${by}` })
    }
  }
  expect(policy.strange()).not.toEqual([])
})

test('the SDK alone, every part of it for browsers, works under the strictest policy', async () => {
  const page = await alone()
  onTestFinished(() => page.close())
  const { tab, policy } = page
  await page.open()
  await page.submit()
  await until(async () => (await page.status()) === 'active', { what: 'somebody to be signed in' })
  const used = await tab.page.evaluate(() => globalThis.sdkPage!.useEverything())
  expect(used).toEqual({ kept: 1, draft: { items: ['gear-vase'] }, order: 'taken', authorized: true, status: 'active', isBlob: true, covered: true })

  await page.open()
  await page.authority.end(await tab.page.evaluate(() => globalThis.sdkPage!.sid()))
  await until(async () => (await page.status()) === 'signed-out', { what: 'the end' })
  await until(() => tab.page.evaluate(() => document.body.textContent.includes('signed out')), { what: 'the end to be told' })
  expect(policy.refused).toEqual([])
  expect(policy.strange()).toEqual([])
  expect(tab.observed.errors).toEqual([])
})

test('the page of the SDK alone uses every part that is published for browsers', () => {
  const source = readFileSync(new URL('sdk-page.ts', import.meta.url), 'utf8')
  const { exports } = JSON.parse(readFileSync(new URL('../../packages/session/package.json', import.meta.url), 'utf8')) as { exports: object }
  const parts = Object.keys(exports).filter((part) => part !== './testing' && part !== './platform').map((part) => `@3dimli/session${part.slice(1)}`)
  expect(parts.filter((part) => !source.includes(`from '${part}'`))).toEqual([])
})
