// An end in an application with a service worker: the shell stays, what was typed stays, and a thousand entries go; no worker is needed or trusted.
import { afterEach, expect, test } from 'vitest'
import { bundle, until, type Tab } from '../driver/index.ts'
import { createPlace, run, type Place } from '../traces/place.ts'

let place: Place
afterEach(() => place.close())

const status = (tab: Tab, wanted: string) => until(() => run(tab, (status) => traced.session.state.status === status, wanted), { what: `the tab to be ${wanted}` })

/** Answers from its cache and from nowhere else, as if there were no network. */
const shellWorker = `
addEventListener('install', (event) => event.waitUntil((async () => {
  const shell = await caches.open('shell')
  await shell.addAll(['/', '/page.js', '/config.json'])
  await skipWaiting()
})()))
addEventListener('activate', (event) => event.waitUntil(clients.claim()))
addEventListener('fetch', (event) => {
  if (new URL(event.request.url).origin === location.origin && offline) event.respondWith(caches.match(event.request).then((found) => found ?? Response.error()))
})
let offline = false
addEventListener('message', () => (offline = true))
`

test('P1 P2 G2 G3 G8 B8 a revocation erases a thousand entries beside a form: nothing is navigated, what was typed stays, and the shell starts without a network', async () => {
  place = await createPlace()
  place.routes['/worker.js'] = shellWorker
  place.routes['/file'] = { body: Buffer.alloc(20_000, 1), headers: { 'cache-control': 'no-store' } }
  const tab = await place.open()
  const sid = await place.signIn(tab)
  const other = await place.open()
  const urls = []
  for (const one of [tab, other]) {
    urls.push(await run(one, async () => {
      await navigator.serviceWorker.register('/worker.js')
      await navigator.serviceWorker.ready
      await traced.downloads.save('file', '/file')
      return (await traced.downloads.open('file'))!.url()
    }))
  }
  await run(tab, async () => {
    const name = (await caches.keys()).find((one) => one.startsWith('3dimli.'))!
    const cache = await caches.open(name)
    await Promise.all(Array.from({ length: 999 }, (_, index) => cache.put(`/.3dimli-downloads/${index}`, new Response(new Uint8Array(1_000)))))
    const form = document.createElement('textarea')
    document.body.append(form)
  })
  await tab.type('textarea', 'twelve chairs, please')
  const before = await run(tab, () => ({ address: location.href, origin: performance.timeOrigin, entries: history.length }))
  tab.observed.clear()

  await place.authority.end(sid, { reason: 'password-changed' })
  await status(tab, 'signed-out')
  await status(other, 'signed-out')
  expect(await run(tab, () => ({ address: location.href, origin: performance.timeOrigin, entries: history.length }))).toEqual(before)
  expect(await run(tab, () => document.querySelector('textarea')!.value)).toBe('twelve chairs, please')
  const told = await run(tab, () => traced.told.find((one) => (one as { report?: unknown }).report !== undefined) as { end: { cause: string; epochId: string }; report: { complete: boolean; targets: { entries: number; left: number }[] } })
  expect(told).toMatchObject({ end: { cause: 'revoked' }, report: { complete: true } })
  const erased = await until(async () => {
    const reports = await Promise.all([tab, other].map((one) => run(one, () => traced.session.diagnostics().lastPurge)))
    return reports.find((report) => report?.targets.some(({ entries }) => entries >= 1_000))
  }, { what: 'the report of a thousand entries' })
  const trace = await run(tab, () => traced.session.diagnostics().trace)
  const at = (what: string) => trace.find((entry) => entry.what === what)?.at ?? Number.NaN
  console.log(`1000 entries: unreadable ${erased.unreadableAt - at('fenced')} ms after the fence, erased and looked for again ${erased.erasedAt - erased.unreadableAt} ms later`)
  // Fencing and shredding do not wait for the erasure, however much there is.
  expect(erased.unreadableAt).toBeLessThanOrEqual(erased.erasedAt)
  expect(erased.targets.flatMap(({ left }) => left).filter((left) => left > 0)).toEqual([])
  for (const [index, one] of [tab, other].entries()) expect(await run(one, (url) => fetch(url).then(() => 'read', () => 'gone'), urls[index]!)).toBe('gone')

  await run(tab, () => navigator.serviceWorker.controller!.postMessage('offline'))
  await tab.offline(true)
  await tab.reload()
  await until(() => run(tab, () => globalThis.traced?.started.then(() => true)), { what: 'the shell to start without a network' })
  await status(tab, 'signed-out')
  expect(await run(tab, async () => (await (await caches.open('shell')).keys()).length)).toBe(3)
})

test('P1 D9 the SDK registers no worker, survives a hard reload, and a session inside a worker lives in the record and not in the worker', async () => {
  let requests = 0
  place = await createPlace({ observe: ({ type }) => (requests += type === 'api' ? 1 : 0) })
  place.routes['/worker.js'] = await bundle({ code: `
    import { createSession } from '@3dimli/session'
    import { oauth } from '@3dimli/session/authorities/oauth'
    import { browser } from '@3dimli/session/browser'
    const issuer = ${JSON.stringify(place.authority.issuer)}
    const session = createSession({
      authority: oauth({ issuer, clientId: 'storefront', redirectUri: location.origin + '/' }), platform: browser({ name: 'traces' }), origins: [issuer],
    })
    const own = crypto.randomUUID()
    addEventListener('activate', (event) => event.waitUntil(clients.claim()))
    addEventListener('message', (event) => event.waitUntil((async () => {
      await session.start()
      const answer = await session.fetch(issuer + '/api/ping').then(({ status }) => status, ({ code, message }) => code ?? message)
      event.ports[0].postMessage([answer, own])
    })()))
  ` })
  const tab = await place.open()
  await place.signIn(tab)
  expect(await run(tab, async () => (await navigator.serviceWorker.getRegistrations()).length)).toBe(0)
  const cdp = await tab.page.createCDPSession()
  await cdp.send('Page.reload', { ignoreCache: true })
  await until(() => run(tab, () => globalThis.traced?.started.then(() => true)), { what: 'the page to start after a hard reload' })
  expect(await run(tab, async () => (await traced.session.fetch(`${traced.issuer}/api/ping`)).status)).toBe(200)

  await run(tab, async () => {
    await navigator.serviceWorker.register('/worker.js')
    await navigator.serviceWorker.ready
  })
  const ask = () => run(tab, async () => {
    const { port1, port2 } = new MessageChannel()
    const answer = new Promise<[number | string, string]>((resolve) => (port1.onmessage = ({ data }) => resolve(data as [number | string, string])))
    const { active } = await navigator.serviceWorker.ready
    active!.postMessage('ask', [port2])
    return answer
  })
  const [answer, first] = await ask()
  expect(answer).toBe(200)
  expect(await ask()).toEqual([200, first])
  await cdp.send('ServiceWorker.enable')
  /** Stops the worker, and asks until another one answers: a question to one that is just being stopped may be lost. */
  const askAnother = async (than: string) => {
    await cdp.send('ServiceWorker.stopAllWorkers')
    return until(async () => {
      const said = await ask()
      return said[1] !== than && said
    }, { what: 'another worker' })
  }
  const [again, second] = await askAnother(first)
  expect(again).toBe(200)
  await run(tab, () => traced.session.signOut())
  const before = requests
  expect(['session-ended', 'signed-out']).toContain((await ask())[0])
  expect((await askAnother(second))[0]).toBe('signed-out')
  // The worker knew it by itself; no server had to tell it.
  expect(requests).toBe(before)
})
