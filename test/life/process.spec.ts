// A Node process that imports, renders or starts a session touches nothing it was not told to, and ends when its work is done.
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'

const here = fileURLToPath(new URL('..', import.meta.url))

/** Runs a module in a Node process of its own; fails when it prints an error, or is still there after a minute. */
function node(script: string): unknown {
  const run = spawnSync(process.execPath, ['--input-type=module', '--disable-warning=ExperimentalWarning', '-e', script], { cwd: here, encoding: 'utf8', timeout: 60_000 })
  expect({ status: run.status, signal: run.signal, stderr: run.stderr }).toEqual({ status: 0, signal: null, stderr: '' })
  return JSON.parse(run.stdout)
}

/** Every import path of a package, as its manifest names them. */
function pathsOf(name: string): string[] {
  const manifest = JSON.parse(readFileSync(new URL(`../../packages/${name}/package.json`, import.meta.url), 'utf8')) as { name: string; exports: Record<string, unknown> }
  return Object.keys(manifest.exports).map((path) => manifest.name + path.slice(1))
}

/** Everything of a page, and everything by which a program reaches out: merely looking at one throws. */
const forbidden = [
  'window', 'document', 'self', 'location', 'history', 'localStorage', 'sessionStorage', 'indexedDB', 'caches', 'cookieStore', 'fetch', 'WebSocket', 'EventSource',
  'BroadcastChannel', 'MessageChannel', 'Worker', 'SharedWorker', 'XMLHttpRequest', 'addEventListener', 'setTimeout', 'setInterval', 'setImmediate', 'requestAnimationFrame', 'matchMedia',
]
const refusing = `
const touched = []
for (const name of ${JSON.stringify(forbidden)}) Object.defineProperty(globalThis, name, { configurable: true, get() { touched.push(name); throw new Error('touched ' + name) } })
// The protocol library reads the browser's name where there is one, and nothing else.
Object.defineProperty(globalThis, 'navigator', { configurable: true, value: new Proxy({}, { get(_, name) { if (name !== 'userAgent') { touched.push('navigator.' + String(name)); throw new Error('touched') } } }) })
const count = () => process._getActiveHandles().length + process._getActiveRequests().length
// A helper that the compiler of one library leaves behind.
const keys = () => Reflect.ownKeys(globalThis).filter((name) => name !== 'regeneratorRuntime').length
const before = { handles: count(), keys: keys() }
`

describe('J12 J13 touches nothing', () => {
  test.each([...pathsOf('session'), ...pathsOf('session-server'), ...pathsOf('session-desktop')])('the import of %s', (path) => {
    const said = node(`${refusing}
      const names = Object.keys(await import('${path}'))
      console.log(JSON.stringify({ touched, names: names.length, handles: count() - before.handles, keys: keys() - before.keys }))
    `)
    expect(said).toEqual({ touched: [], names: expect.any(Number), handles: 0, keys: 0 })
  })

  test('what a server renders with a session that is never started', () => {
    const said = node(`${refusing}
      const { createSession } = await import('@3dimli/session')
      const { oauth } = await import('@3dimli/session/authorities/oauth')
      const { browser } = await import('@3dimli/session/browser')
      const { createDownloads } = await import('@3dimli/session/downloads')
      const { createCheckout } = await import('@3dimli/session/checkout')
      const { createHttp } = await import('@3dimli/session/http')
      const render = () => {
        const session = createSession({
          authority: oauth({ issuer: 'https://id.example.com', clientId: 'x', redirectUri: 'https://shop.example.com/' }), platform: browser({ name: 'x' }), origins: ['https://api.example.com'],
        })
        createDownloads(session)
        createCheckout(session, { submit: async () => ({}), find: async () => undefined })
        createHttp(session)
        session.register({ kind: 'web-storage', area: 'local', prefix: 'x.' })
        session.register(() => undefined)
        const leave = [session.subscribe(() => undefined), session.onEnd(() => undefined)]
        const html = '<p>' + session.state.status + ' ' + session.detection.via + ' ' + session.diagnostics().store + '</p>'
        leave.forEach((stop) => stop())
        session.stop()
        return html
      }
      const pages = new Set(Array.from({ length: 100 }, render))
      console.log(JSON.stringify({ touched, pages: [...pages], handles: count() - before.handles, keys: keys() - before.keys }))
    `) as { pages: string[] }
    expect(said).toEqual({ touched: [], pages: [expect.stringContaining('<p>restoring ')], handles: 0, keys: 0 })
  })

  test('the measure sees what is touched', () => {
    expect(node(`${refusing}
      try { navigator.locks } catch {}
      globalThis.planted = new (await import('node:net')).Server().listen(0)
      console.log(JSON.stringify({ touched, handles: count() - before.handles, keys: keys() - before.keys }))
      planted.close()
    `)).toEqual({ touched: ['navigator.locks'], handles: 1, keys: 1 })
  })
})

/** A device in memory whose clock is the machine's; its timers hold no process, as ports demand. */
const onDevice = `
import { createSession } from '@3dimli/session'
import { createDevice, scriptedAuthority } from '@3dimli/session/testing'
const device = createDevice()
const server = scriptedAuthority(() => Date.now())
server.features = { ...server.features, feed: true }
const clock = {
  now: () => Date.now(), monotonic: () => performance.now(),
  timer(ms, run) { const id = setTimeout(run, ms); id.unref(); return () => clearTimeout(id) },
}
const open = () => {
  const { platform } = device.context()
  return createSession({ authority: server.authority, platform: { name: 'x', open: () => ({ ...platform.open(), clock }) }, origins: ['https://api.test'] })
}
server.pending = server.grant('mira')
`

describe('J12 ends by itself', () => {
  test('a process whose session was started and never stopped', () => {
    expect(node(`${onDevice}
      const sessions = [open(), open()]
      for (const session of sessions) await session.start()
      console.log(JSON.stringify(sessions.map(({ state }) => state.status)))
    `)).toEqual(['active', 'active'])
  })

  test('a process whose session ended', () => {
    expect(node(`${onDevice}
      const session = open()
      await session.start()
      const { remote, purge } = await session.signOut()
      console.log(JSON.stringify([session.state.status, remote, purge.complete]))
    `)).toEqual(['signed-out', 'revoked', true])
  })

  test('a process that started a session on the ports of a browser, where there is none', () => {
    expect(node(`
      import { createSession } from '@3dimli/session'
      import { oauth } from '@3dimli/session/authorities/oauth'
      import { browser } from '@3dimli/session/browser'
      const session = createSession({
        authority: oauth({ issuer: 'http://localhost:9', clientId: 'x', redirectUri: 'http://localhost:9/' }), platform: browser({ name: 'x' }), origins: ['http://localhost:9'],
      })
      await session.start()
      console.log(JSON.stringify([session.state.status, session.diagnostics().store]))
    `)).toEqual(['signed-out', 'memory'])
  })

  test('a process that signed in on those ports and fetches', () => {
    expect(node(`
      import { createServer } from 'node:http'
      import { createSession } from '@3dimli/session'
      import { oauth } from '@3dimli/session/authorities/oauth'
      import { browser } from '@3dimli/session/browser'
      const seen = []
      const server = createServer((request, response) => {
        seen.push(request.headers.authorization)
        response.setHeader('content-type', 'application/json').end(request.url.includes('well-known') ? JSON.stringify({ issuer, token_endpoint: issuer + '/token' }) : '{}')
      })
      await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
      const issuer = 'http://localhost:' + server.address().port
      const session = createSession({ authority: oauth({ issuer, clientId: 'x', redirectUri: issuer }), platform: browser({ name: 'x' }), origins: [issuer] })
      await session.start()
      await session.adopt({ accessToken: 'at', subject: 'mira' })
      const { status } = await session.fetch(issuer + '/x')
      console.log(JSON.stringify([session.state.status, status, seen.includes('Bearer at')]))
      server.close()
      server.closeAllConnections()
    `)).toEqual(['active', 200, true])
  })

  test('J13 the published device hands a request on to the test that answers it', () => {
    expect(node(`
      import { createDevice } from '@3dimli/session/testing'
      const context = createDevice().context()
      context.fetch = async (request) => Response.json(request.url)
      const answer = await context.platform.open().fetch(new Request('https://api.test/x'))
      console.log(JSON.stringify(await answer.json()))
    `)).toBe('https://api.test/x')
  })
})
