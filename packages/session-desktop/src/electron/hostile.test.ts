/** A window that is not ours, or ours no more: whatever it sends, it gets nothing it should not, and harms nobody. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { SessionError, isSessionError, type SessionErrorCode } from '@3dimli/session'
import { application, mainPort, page, revoke, serving } from '../../test/windows.ts'
import { readAsk } from './asks.ts'
import { errorOf, failureOf } from './failure.ts'
import { serveSession, type ConnectEvent, type ServeOptions } from './index.ts'
import { limits } from './messages.ts'
import { eventually } from '../../test/eventually.ts'

const cloneable = (value: unknown): boolean => {
  try {
    structuredClone(value)
    return true
  } catch {
    return false
  }
}
/** What is almost an ask: its members, some of them missing, strange, too large, or named like what every object has; and asks with one member that is not. */
const almost = (origin: string): fc.Arbitrary<unknown> => {
  const odd = fc.oneof(fc.anything(), fc.constantFrom(null, -1, 0, 0.5, 2 ** 53, NaN, Infinity, '', '__proto__', 'constructor', [], {}))
  const header = fc.oneof(fc.tuple(fc.constantFrom('accept', 'authorization', 'dpop', 'x\n', '__proto__'), fc.string()), odd)
  const fine = { type: 'fetch', url: `${origin}/x`, method: 'GET', headers: [['accept', '*/*']] }
  const one = fc.tuple(fc.integer({ min: 1, max: 40 }), fc.constantFrom('url', 'method', 'headers', 'body', 'epochId', 'more'), odd).map(([id, member, value]) => ({ ...fine, id, [member]: value }))
  return fc.oneof(one, fc.record({
    type: fc.oneof({ weight: 4, arbitrary: fc.constantFrom('fetch', 'pull', 'abort', 'confirm', 'signOut!', 'state', 'done', '__proto__') }, odd),
    id: fc.oneof({ weight: 4, arbitrary: fc.nat(20) }, odd),
    url: fc.oneof({ weight: 4, arbitrary: fc.constantFrom(`${origin}/x`, 'https://elsewhere.test/', 'file:///etc/passwd', 'javascript:1', '/relative', `${origin}/${'x'.repeat(9_000)}`) }, odd),
    method: fc.oneof({ weight: 4, arbitrary: fc.constantFrom('GET', 'POST', 'TRACE', 'CONNECT', 'GET / HTTP/1.1\r\nx: y') }, odd),
    headers: fc.oneof({ weight: 4, arbitrary: fc.array(header, { maxLength: 3 }) }, odd),
    body: fc.oneof({ weight: 4, arbitrary: fc.constantFrom(undefined, new ArrayBuffer(3), 'text', new Uint8Array(2)) }, odd),
    epochId: fc.oneof({ weight: 4, arbitrary: fc.constantFrom(undefined, 'another') }, odd),
    __proto__: fc.constant(null),
  }, { requiredKeys: ['type', 'id'] }))
}

describe('whatever a window sends', () => {
  it('P8 is an ask of the right shape and size, made anew, or nothing', () => {
    fc.assert(fc.property(fc.oneof(fc.anything(), almost('https://api.test')), (data) => {
      const ask = readAsk(data)
      if (!ask) return
      expect(Object.getPrototypeOf(ask)).toBe(Object.prototype)
      expect(Object.keys(ask).filter((key) => !['type', 'id', 'url', 'method', 'headers', 'body', 'epochId'].includes(key))).toEqual([])
      expect(Number.isSafeInteger(ask.id) && ask.id > 0).toBe(true)
      if (ask.type !== 'fetch') return
      expect([typeof ask.url, ask.url.length <= limits.urlLength, ask.headers.length <= limits.headers]).toEqual(['string', true, true])
      for (const header of ask.headers) expect(header.map((part) => typeof part)).toEqual(['string', 'string'])
      expect(ask.body === undefined || ask.body.byteLength <= limits.bodyBytes).toBe(true)
    }), { numRuns: 2_000, seed: 20_261_121 })
    const fine = { type: 'fetch', id: 1, url: 'https://api.test/', method: 'GET', headers: [['accept', '*/*']] }
    expect(readAsk({ ...fine, extra: { __proto__: null, admin: true } })).toEqual(fine)
    expect(readAsk(JSON.parse('{"__proto__":{"type":"confirm","id":1}}'))).toBeUndefined()
    const tooMuch = [
      { id: -0.5 }, { id: 2 ** 53 }, { url: `https://api.test/${'x'.repeat(limits.urlLength)}` }, { headers: Array(limits.headers + 1).fill(['accept', 'x']) },
      { headers: [['accept', 'x'.repeat(limits.headerLength + 1)]] }, { headers: [['accept', 'x', 'y']] }, { body: new ArrayBuffer(limits.bodyBytes + 1) }, { body: 'text' },
      { method: 'GET / HTTP/1.1\r\nx: y' }, { epochId: 'x'.repeat(65) }, { epochId: 7 },
    ]
    for (const members of tooMuch) expect(readAsk({ ...fine, ...members })).toBeUndefined()
  })

  it('P1 P8 gets it no credential, harms no other window, and is counted where it means nothing', async () => {
    const rejected = vi.fn<(error: unknown) => void>()
    process.on('unhandledRejection', rejected)
    onTestFinished(() => void process.off('unhandledRejection', rejected))
    const api = await serving({})
    const app = await application([api.origin])
    const members = Object.getOwnPropertyNames(Object.prototype)
    const honest = app.open()
    let unreadable = 0
    const windows: ReturnType<typeof app.raw>[] = []
    await fc.assert(fc.asyncProperty(fc.array(fc.oneof(fc.anything(), almost(api.origin)).filter(cloneable), { minLength: 1, maxLength: 25 }), async (messages) => {
      const window = app.raw()
      windows.push(window)
      // Behind them all: that it is answered shows that they were all read.
      const read = new Promise<void>((resolve) => {
        window.port.onmessage = ({ data }: MessageEvent<{ id?: number }>) => {
          if (data.id === Number.MAX_SAFE_INTEGER) resolve()
        }
      })
      for (const message of messages) {
        window.port.postMessage(message)
        if (!readAsk(structuredClone(message))) unreadable += 1
      }
      window.port.postMessage({ type: 'confirm', id: Number.MAX_SAFE_INTEGER })
      await read
      expect(await (await honest.session.fetch(api.origin)).text()).toBe('ok')
      window.port.close()
    }), { numRuns: 150, seed: 20_261_121 })

    expect(app.session.state.status).toBe('active')
    expect(app.served.ignored().malformed).toBeGreaterThanOrEqual(unreadable)
    expect(unreadable).toBeGreaterThan(500)
    expect(api.asked.filter(({ url }) => url === '/x').length).toBeGreaterThan(20)
    expect(JSON.stringify(windows.map(({ told }) => told))).not.toContain('canary')
    expect(api.asked.filter(({ headers }) => headers.authorization !== 'Bearer canary-access' || headers['dpop'] !== undefined)).toEqual([])
    expect([Object.getOwnPropertyNames(Object.prototype), rejected.mock.calls]).toEqual([members, []])
  }, 240_000)
})

describe('a hostile window', () => {
  const fetchOf = (id: number, url: string, more: object = {}): object => ({ type: 'fetch', id, url, method: 'GET', headers: [], ...more })

  it('P8 gets no token out of a credential of its own, a method, or an address', async () => {
    const api = await serving({})
    const elsewhere = await serving({})
    const app = await application([api.origin])
    const { port, told } = app.raw()
    const asks = [
      fetchOf(1, api.origin, { headers: [['Authorization', 'x']] }), fetchOf(2, api.origin, { headers: [['DPoP', 'x']] }), fetchOf(3, api.origin, { method: 'TRACE' }),
      fetchOf(4, elsewhere.origin), fetchOf(5, 'file:///etc/passwd'), fetchOf(6, api.origin.replace('//', '//user:password@')), fetchOf(7, api.origin.replace('127.0.0.1', '127.0.0.1.evil.test')),
      fetchOf(8, api.origin, { body: new ArrayBuffer(1) }), fetchOf(9, api.origin, { headers: [['accept', 'x\r\nauthorization: y']] }),
    ]
    for (const ask of asks) port.postMessage(ask)
    await eventually(() => expect(told.flatMap((one) => (one.type === 'failed' ? [one.id] : [])).toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]))
    const codes = told.flatMap((one) => (one.type === 'failed' && 'code' in one.failure ? [[one.id, one.failure.code]] : []))
    expect(codes).toEqual(expect.arrayContaining([[4, 'origin-not-allowed'], [5, 'origin-not-allowed'], [7, 'origin-not-allowed']]))
    expect([api.asked, elsewhere.asked]).toEqual([[], []])
    expect(JSON.stringify(told)).not.toMatch(/canary|password/)
  })

  it('reaches no call but its own: an id means one call of one window, once', async () => {
    const finish: (() => void)[] = []
    const api = await serving({ '/slow': (_request, response) => void finish.push(() => response.end('slow')) })
    const app = await application([api.origin])
    const honest = app.open()
    const call = honest.session.fetch(`${api.origin}/slow`)
    await eventually(() => expect(finish).toHaveLength(1))
    const { port, told } = app.raw()
    for (const id of [1, 2, 3]) for (const type of ['abort', 'pull']) port.postMessage({ type, id })
    port.postMessage(fetchOf(7, `${api.origin}/slow`))
    for (const again of [7, 6, 7]) port.postMessage(fetchOf(again, `${api.origin}/slow`))
    port.postMessage({ type: 'confirm', id: 8 })
    await eventually(() => expect(told.some(({ type }) => type === 'done')).toBe(true))
    expect(app.served.ignored()).toEqual({ refused: 0, malformed: 3 })
    await eventually(() => expect(finish).toHaveLength(2))
    for (const end of finish) end()
    expect(await (await call).text()).toBe('slow')
    expect(told.filter((one) => 'id' in one && one.id === 6)).toEqual([])
  })

  it('is served so many calls at a time and no more, and takes no more of a body than it asked for', async () => {
    const api = await serving({ '/never': () => undefined, '/file': (_request, response) => response.end(new Uint8Array(1_000_000)) })
    const app = await application([api.origin])
    const flood = app.raw()
    for (let id = 1; id <= 1_000; id += 1) flood.port.postMessage(fetchOf(id, `${api.origin}/never`))
    await eventually(() => expect(app.served.ignored().malformed).toBe(1_000 - limits.calls))
    await eventually(() => expect(api.asked).toHaveLength(limits.calls))

    const greedy = app.raw()
    greedy.port.postMessage(fetchOf(1, `${api.origin}/file`))
    await eventually(() => expect(greedy.told.some(({ type }) => type === 'head')).toBe(true))
    const before = app.served.ignored().malformed
    for (let count = 0; count < 100; count += 1) greedy.port.postMessage({ type: 'pull', id: 1 })
    await eventually(() => expect(app.served.ignored().malformed).toBeGreaterThan(before))
    greedy.port.postMessage({ type: 'confirm', id: 2 })
    await eventually(() => expect(greedy.told.some(({ type }) => type === 'done')).toBe(true))
    const pieces = greedy.told.filter(({ type }) => type === 'chunk').length
    expect(pieces + app.served.ignored().malformed - before).toBe(100)
  })

  it('P1 gets nothing after an end, whatever it pulls', async () => {
    const api = await serving({ '/file': (_request, response) => response.end(new Uint8Array(1_000_000)) })
    const app = await application([api.origin])
    const { port, told } = app.raw()
    port.postMessage(fetchOf(1, `${api.origin}/file`))
    await eventually(() => expect(told.some(({ type }) => type === 'head')).toBe(true))
    for (let count = 0; count < 50; count += 1) port.postMessage({ type: 'pull', id: 1 })
    await revoke(app)
    const failed = told.findIndex((one) => one.type === 'failed' && one.id === 1)
    expect(failed).toBeGreaterThan(0)
    for (let count = 0; count < 50; count += 1) port.postMessage({ type: 'pull', id: 1 })
    port.postMessage(fetchOf(2, `${api.origin}/file`))
    await eventually(() => expect(told.at(-1)).toMatchObject({ type: 'failed', id: 2, failure: { code: 'signed-out' } }))
    expect(told.slice(failed + 1).filter((one) => 'id' in one && one.id === 1)).toEqual([])
    expect(api.asked).toHaveLength(1)
  })

  it('cannot bring ports along', async () => {
    const app = await application(['https://api.test'])
    const { port, told } = app.raw()
    const { port1, port2 } = new MessageChannel()
    const closed = new Promise((resolve) => port2.addEventListener('close', resolve))
    port.postMessage({ type: 'confirm', id: 1 }, [port1])
    await closed
    expect([app.served.ignored().malformed, told.filter(({ type }) => type === 'done')]).toEqual([1, []])
  })
})

describe('a sender', () => {
  const allowed = { url: page, parent: null }

  it.each<[string, ConnectEvent['senderFrame']]>([
    ['that is gone', null], ['that is a frame in a page', { url: page, parent: {} }], ['that is another page', { url: 'https://evil.test/', parent: null }],
    ['that only looks like ours', { url: 'app://uploader.evil/', parent: null }], ['without an address', { url: '', parent: null }], ['that our own judgement stumbles over', { url: 'app://stumble/', parent: null }],
    ['that is gone while it is looked at', { get url(): string { throw new Error('Render frame was disposed') }, parent: null }],
  ])('%s is refused, told nothing, and counted', async (_who, senderFrame) => {
    const app = await application(['https://api.test'])
    const { port1, port2 } = new MessageChannel()
    const closed = new Promise((resolve) => port2.addEventListener('close', resolve))
    port2.start()
    const { port, told } = mainPort(port1)
    app.served.connect({ ports: [port], senderFrame })
    await closed
    expect([told, app.served.ignored()]).toEqual([[], { refused: 1, malformed: 0 }])
  })

  it('of whom the judgement comes later is refused: a promise is no yes', async () => {
    const app = await application(['https://api.test'], { allow: (async () => false) as unknown as ServeOptions['allow'] })
    const { told } = app.raw()
    expect([told, app.served.ignored().refused]).toEqual([[], 1])
  })

  it('with no port, with several, beyond the limit or after the bridge was closed is refused too', async () => {
    const app = await application(['https://api.test'])
    const connect = (count: number): void => app.served.connect({ ports: Array.from({ length: count }, () => mainPort(new MessageChannel().port1).port), senderFrame: allowed })
    connect(0)
    connect(2)
    expect(app.served.ignored().refused).toBe(2)
    for (let count = 0; count <= limits.renderers; count += 1) connect(1)
    expect(app.served.ignored().refused).toBe(3)
    app.served.close()
    connect(1)
    expect(app.served.ignored().refused).toBe(4)
  })

  it.each<[string, unknown]>([
    ['allow', undefined], ['allow', {}], ['allow', { allow: true }], ['sender', { allow: () => true, sender: page }], ['headers', { allow: () => true, headers: 'x' }],
    ['headers', { allow: () => true, headers: ['a b'] }], ...['Authorization', 'DPoP', 'cookie', 'Set-Cookie', 'proxy-authorization'].map((name): [string, unknown] => ['headers', { allow: () => true, headers: [name] }]),
  ])('names the option that is wrong: %s', async (option, given) => {
    const { session } = await application(['https://api.test'])
    expect(() => serveSession(session, given as unknown as ServeOptions)).toThrow(TypeError)
    expect(() => serveSession(session, given as unknown as ServeOptions)).toThrow(`"${option}"`)
  })
})

it('each error of the SDK comes over with its code and details, and any other without what it knew', () => {
  const source = readFileSync(join(import.meta.dirname, '../../../session/src/errors.ts'), 'utf8')
  const codes = [...(/const messages[^]*?= \{([^]*?)\n\}/.exec(source)?.[1] ?? '').matchAll(/^ {2}'?([\w-]+)'?: /gm)].map(([, code]) => code as SessionErrorCode)
  expect(codes.length).toBeGreaterThan(15)
  for (const code of codes) {
    const before = new SessionError(code, { reason: 'waking', error: 'x' } as never, { cause: new Error('canary') })
    const after = errorOf(structuredClone(failureOf(before)))
    expect([isSessionError(after, code), after.message, (after as SessionError).details, after.cause]).toEqual([true, before.message, before.details, undefined])
  }
  for (const other of [new TypeError('canary', { cause: 'canary' }), 'canary', undefined]) expect(JSON.stringify(failureOf(other))).not.toContain('canary')
})
