/** The way back of a sign-in: an address of this machine that takes one answer, from whoever knows its state, and tells what came of it. */
import { request } from 'node:http'
import { connect } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { manualClock } from '@3dimli/session/testing'
import { isOpen, takenPort } from '../../test/ports.ts'
import { loopback } from './loopback.ts'
import { eventually } from '../../test/eventually.ts'

const state = 'state-of-this-sign-in'

async function listening({ redirectUri = 'http://127.0.0.1/', title = 'Uploader' } = {}) {
  const clock = manualClock()
  const abort = new AbortController()
  onTestFinished(() => abort.abort())
  const way = await loopback({ clock, title })({ redirectUri, state, signal: abort.signal })
  const answers: URL[] = []
  void way.answer.then((url) => answers.push(url))
  const url = new URL(way.redirectUri)
  return { clock, abort, way, url, port: Number(url.port), answers, at: (query: string) => new URL(`${url.pathname}?${query}`, url) }
}

/** One request as it is written here, whatever a browser would not send. */
function ask(url: URL, given: { method?: string; path?: string; headers?: Record<string, string> } = {}) {
  return new Promise<{ status: number; headers: Record<string, unknown>; body: string }>((resolve, reject) => {
    request(url, { agent: false, ...given }, (response) => {
      let body = ''
      response.setEncoding('utf8').on('data', (chunk: string) => (body += chunk)).on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body })).on('error', reject)
    }).on('error', reject).end()
  })
}

describe('the way back', () => {
  it('takes a free port, or the one it is given, of 127.0.0.1 alone', async () => {
    const { url, port } = await listening({ redirectUri: 'http://127.0.0.1/signed-in' })
    expect([url.hostname, url.pathname, port > 0]).toEqual(['127.0.0.1', '/signed-in', true])
    expect([await isOpen(port), await isOpen(port, '127.0.0.2'), await isOpen(port, '::1')]).toEqual([true, false, false])
    const other = await listening()
    other.abort.abort()
    expect((await listening({ redirectUri: `http://127.0.0.1:${other.port}/x` })).url.href).toBe(`http://127.0.0.1:${other.port}/x`)
  })

  it('says that its port is taken', async () => {
    const port = await takenPort()
    await expect(listening({ redirectUri: `http://127.0.0.1:${port}/` })).rejects.toThrow(`Port ${port} of 127.0.0.1 is taken by another program.`)
  })

  it.each(['https://127.0.0.1/', 'http://localhost/', 'http://[::1]/', 'https://shop.test/'])('`%s` leads elsewhere and is refused by name', async (redirectUri) => {
    await expect(listening({ redirectUri })).rejects.toThrow(TypeError)
    await expect(listening({ redirectUri })).rejects.toThrow('"redirectUri"')
  })

  it.each<[string, string, object]>([
    ['another path', '/else?state=STATE&code=c', {}],
    ['a path below it', '/back/x?state=STATE&code=c', {}],
    ['POST', '/back?state=STATE&code=c', { method: 'POST' }],
    ['HEAD', '/back?state=STATE&code=c', { method: 'HEAD' }],
    ['OPTIONS', '/back?state=STATE&code=c', { method: 'OPTIONS' }],
    ['a host that only resolves to this machine (DNS rebinding)', '/back?state=STATE&code=c', { headers: { host: 'evil.test' } }],
    ['its address under another name', '/back?state=STATE&code=c', { headers: { host: 'localhost:PORT' } }],
    ['its address without the port', '/back?state=STATE&code=c', { headers: { host: '127.0.0.1' } }],
    ['an absolute address', 'http://evil.test/back?state=STATE&code=c', {}],
    ['an address that is none', '//', {}],
    ['another host in the path', '//evil.test/back?state=STATE&code=c', {}],
  ])('answers %s with 404 and goes on waiting', async (_what, path, given: { headers?: Record<string, string> }) => {
    const { url, port, answers, way, at } = await listening({ redirectUri: 'http://127.0.0.1/back' })
    const headers = Object.fromEntries(Object.entries(given.headers ?? {}).map(([name, value]) => [name, value.replace('PORT', String(port))]))
    const answer = await ask(url, { ...given, path: path.replace('STATE', state), headers })
    expect([answer.status, answer.body]).toEqual([404, ''])
    expect(answers).toEqual([])
    const good = ask(at(`state=${state}&code=c`))
    await way.answer
    await way.close('signed-in')
    expect((await good).status).toBe(200)
  })

  it.each(['code=stolen&state=made-up', 'code=stolen', `code=stolen&state=${state}&state=made-up`, `state=${state}`, ''])('ignores an answer `%s` that is not of this sign-in, says so, and goes on waiting', async (query) => {
    const { at, answers, port } = await listening()
    const { status, body } = await ask(at(query))
    expect(status).toBe(400)
    expect(body).toContain('This sign-in is over')
    expect(body).not.toContain('stolen')
    expect([answers, await isOpen(port)]).toEqual([[], true])
  })

  it.each<['signed-in' | 'refused' | 'failed' | 'timeout', number, string]>([
    ['signed-in', 200, 'You are signed in'], ['refused', 400, 'The sign-in was refused'], ['failed', 400, 'The sign-in did not work'], ['timeout', 400, 'The sign-in took too long'],
  ])('tells `%s` only when it is so, and is closed then, whatever else is connected', async (outcome, status, text) => {
    const { way, at, port } = await listening({ title: 'Sela\'s <b>Uploader</b>' })
    const idle = connect(port, '127.0.0.1')
    idle.on('error', () => undefined)
    const closed = new Promise((resolve) => idle.on('close', resolve))
    let told = false
    const shown = ask(at(`state=${state}&code=the-code`)).finally(() => (told = true))
    expect((await way.answer).searchParams.get('code')).toBe('the-code')
    await ask(at('state=other&code=x'))
    expect(told).toBe(false)
    await way.close(outcome)
    const { body, headers, ...answer } = await shown
    expect(answer.status).toBe(status)
    expect(body).toContain(text)
    expect(body).toContain('go back to Sela&#39;s &#60;b&#62;Uploader&#60;/b&#62;')
    expect(body).not.toMatch(/the-code|<script|<b>|https?:|state-of/)
    expect(headers).toMatchObject({ 'cache-control': 'no-store', 'referrer-policy': 'no-referrer', 'content-security-policy': expect.stringMatching(/^default-src 'none'; style-src 'sha256-[^']+'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'$/) })
    await closed
    expect(await isOpen(port)).toBe(false)
  })

  it('tells everybody who brings the same answer, and does not wait for who went away', async () => {
    const { way, at, port } = await listening()
    const gone = request(at(`state=${state}&code=c`), { agent: false }).on('error', () => undefined).end()
    await way.answer
    gone.destroy()
    const again = ask(at(`state=${state}&code=c`))
    // The server has both when it has answered one that came later.
    await ask(at('state=other'))
    await way.close('signed-in')
    expect((await again).body).toContain('You are signed in')
    expect(await isOpen(port)).toBe(false)
  })

  it('is closed by its signal, and tells who waits that it did not work', async () => {
    const { way, at, port, abort } = await listening()
    const shown = ask(at(`state=${state}&code=c`))
    await way.answer
    abort.abort()
    expect((await shown).body).toContain('The sign-in did not work')
    await eventually(async () => expect(await isOpen(port)).toBe(false))
    await way.close('signed-in')
  })

  it('is there for one more minute after a time-out, to say so to whoever comes late', async () => {
    const first = await listening()
    await first.way.close('timeout')
    expect((await ask(first.at('state=other&code=c'))).body).toContain('This sign-in is over')
    expect((await ask(first.at(`state=${state}&code=c`))).body).toContain('The sign-in took too long')
    await eventually(async () => expect(await isOpen(first.port)).toBe(false))
    expect([first.answers, first.clock.pending()]).toEqual([[], 0])

    const second = await listening()
    await second.way.close('timeout')
    await second.clock.advance(59_000)
    expect(await isOpen(second.port)).toBe(true)
    await second.clock.advance(1_000)
    expect(await isOpen(second.port)).toBe(false)

    const third = await listening()
    await third.way.close('timeout')
    third.abort.abort()
    expect([await isOpen(third.port), third.clock.pending()]).toEqual([false, 0])
  })
})
