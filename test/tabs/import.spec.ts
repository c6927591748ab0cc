// Importing and creating do nothing: in Node, in a worker, in a service worker, and where a server renders.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, test } from 'vitest'
import { bundle, htmlPage, launch, serve, type Browser } from '../driver/index.ts'

const closers: (() => Promise<void>)[] = []
afterAll(async () => {
  for (const close of closers) await close()
})

const all = `
import { createSession } from '@3dimli/session'
import { oauth } from '@3dimli/session/authorities/oauth'
import { browser } from '@3dimli/session/browser'
import { createDownloads } from '@3dimli/session/downloads'
import { createCheckout } from '@3dimli/session/checkout'
import { createHttp } from '@3dimli/session/http'
const session = createSession({
  authority: oauth({ issuer: 'https://id.example.com', clientId: 'x', redirectUri: 'https://shop.example.com/' }),
  platform: browser({ name: 'x' }),
})
createDownloads(session)
createCheckout(session, { submit: async () => ({}), find: async () => undefined })
createHttp(session)
`

test('J12 J13 in Node everything can be imported and created, touches nothing, and the process ends by itself', () => {
  const script = `
    const touched = []
    for (const name of ['window', 'document', 'localStorage', 'sessionStorage', 'indexedDB', 'caches', 'location'])
      Object.defineProperty(globalThis, name, { configurable: true, get() { touched.push(name) } })
    globalThis.fetch = () => { touched.push('fetch') }
    ${all.replaceAll(/import (\{[^}]+\}) from '([^']+)'/g, "const $1 = await import('$2')")}
    console.log(JSON.stringify({ touched, state: session.state }))
  `
  const run = spawnSync(process.execPath, ['--input-type=module', '-e', script], { cwd: fileURLToPath(new URL('..', import.meta.url)), encoding: 'utf8', timeout: 60_000 })
  expect({ status: run.status, signal: run.signal, stderr: run.stderr }).toEqual({ status: 0, signal: null, stderr: '' })
  expect(JSON.parse(run.stdout)).toEqual({ touched: [], state: { status: 'restoring' } })
})

test('J13 in a worker and in a service worker it can be imported and created', async () => {
  const script = await bundle({ code: `${all}\nglobalThis.postMessage?.(session.state.status)\naddEventListener('message', (event) => event.source?.postMessage(session.state.status))` })
  const pages = await serve({ routes: { '/': htmlPage({}), '/worker.js': script } })
  closers.push(pages.close)
  const browser: Browser = await launch()
  closers.push(browser.close)
  const tab = await browser.openTab(pages.origin)
  const said = await tab.evaluate(async () => {
    const worker = new Worker('/worker.js', { type: 'module' })
    const first = await new Promise((resolve, reject) => {
      worker.onmessage = (event) => resolve(event.data)
      worker.onerror = (event) => reject(new Error(event.message))
    })
    const registration = await navigator.serviceWorker.register('/worker.js', { type: 'module' })
    await navigator.serviceWorker.ready
    const second = await new Promise((resolve) => {
      navigator.serviceWorker.onmessage = (event) => resolve(event.data)
      registration.active!.postMessage('state?')
    })
    return [first, second]
  })
  expect(said).toEqual(['restoring', 'restoring'])
})
