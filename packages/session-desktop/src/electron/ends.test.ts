/** The end of a session, of a port and of a sign-in, as windows hear of it. */
import { randomBytes } from 'node:crypto'
import { describe, expect, it, vi } from 'vitest'
import { SessionError, type SessionEnd } from '@3dimli/session'
import { active, application, codeOf, failing, revoke, serving } from '../../test/windows.ts'
import { eventually } from '../../test/eventually.ts'

describe('an end', () => {
  it('P1 fails every call of every window before anything else is told, each window hears of it once, and nothing comes after', async () => {
    const began: string[] = []
    const api = await serving({
      '/never': () => void began.push('never'),
      '/half': (_request, response) => void response.write('first half'),
      '/whole': (_request, response) => response.end(randomBytes(600_000)),
    })
    const app = await application([api.origin])
    const windows = [app.open(), app.open()]
    const ends: [SessionEnd, boolean][] = []
    const failures: Promise<unknown>[] = []
    for (const { session } of windows) {
      session.onEnd((end, report) => ends.push([end, report.complete]))
      failures.push(failing(session.fetch(`${api.origin}/never`)))
      failures.push(failing((await session.fetch(`${api.origin}/half`)).text()))
      // All of it is here already, and none of it is read.
      failures.push(failing((await session.fetch(`${api.origin}/whole`)).text().then(async () => (await session.fetch(`${api.origin}/never`)).text())))
    }
    const unread = await Promise.all(windows.map(({ session }) => session.fetch(`${api.origin}/whole`)))
    await eventually(() => expect(began).toHaveLength(4))
    const before = windows.map(({ told }) => told.length)
    await revoke(app)
    for (const failure of await Promise.all(failures)) expect(failure).toMatchObject({ code: 'session-ended', details: { end: { cause: 'revoked', reason: 'password-changed' } } })
    await eventually(() => expect(ends).toHaveLength(2))
    expect(ends.map(([{ cause }, complete]) => [cause, complete])).toEqual([['revoked', true], ['revoked', true]])

    for (const [index, { told, session }] of windows.entries()) {
      const after = told.slice(before[index]).filter((one) => !(one.type === 'state' && one.state.status === 'fenced'))
      const types = after.map(({ type }) => type)
      expect([types.slice(0, 4), types.slice(4).sort()]).toEqual([['failed', 'failed', 'failed', 'failed'], ['end', 'state', 'state']])
      expect(await failing(session.fetch(`${api.origin}/never`))).toMatchObject({ code: 'signed-out', details: { end: { cause: 'revoked' } } })
      expect(session.state).toMatchObject({ status: 'signed-out', end: { cause: 'revoked' } })
    }
    // What the page had before the end is the page's; the rest never comes.
    for (const answer of unread) expect(await failing(answer.text())).toMatchObject({ code: 'session-ended' })
    expect(began).toHaveLength(4)
  })

  it('P6 a call goes out under the session its page showed, or not at all', async () => {
    const api = await serving({})
    const app = await application([api.origin])
    const window = app.open()
    await active(window)
    await app.session.adopt({ accessToken: 'canary-other', subject: 'jonas' })
    // The news of it is still on its way to the page.
    expect(window.session.state).toMatchObject({ session: { subject: 'mira' } })
    expect(codeOf(await failing(window.session.fetch(api.origin)))).toBe('session-changed')
    expect(api.asked).toHaveLength(0)
    await eventually(() => expect(window.session.state).toMatchObject({ session: { subject: 'jonas' } }))
    await window.session.fetch(api.origin)
    expect(api.asked[0]?.headers.authorization).toBe('Bearer canary-other')
  })

  it.each(['fetch', 'signOut'] as const)('P6 of a page that shows that nobody is signed in, %s() does nothing to who came since', async (call) => {
    const api = await serving({})
    const app = await application([api.origin])
    const window = app.open()
    await active(window)
    await app.session.signOut()
    await eventually(() => expect(window.session.state.status).toBe('signed-out'))
    await app.session.adopt({ accessToken: 'canary-other', subject: 'jonas' })
    expect(window.session.state.status).toBe('signed-out')
    expect(codeOf(await failing(window.session[call](api.origin)))).toBe('session-changed')
    expect(api.asked).toHaveLength(0)
    expect(app.session.state).toMatchObject({ status: 'active', session: { subject: 'jonas' } })
    await eventually(() => expect(window.session.state.status).toBe('active'))
    await window.session.fetch(api.origin)
    expect(api.asked[0]?.headers.authorization).toBe('Bearer canary-other')
  })

  it('P6 a page signs out whom it shows, or nobody', async () => {
    const app = await application(['https://api.test'])
    const window = app.open()
    await active(window)
    await app.session.adopt({ accessToken: 'canary-other', subject: 'jonas' })
    expect(window.session.state).toMatchObject({ session: { subject: 'mira' } })
    expect(codeOf(await failing(window.session.signOut()))).toBe('session-changed')
    expect(app.session.state).toMatchObject({ status: 'active', session: { subject: 'jonas' } })
    await eventually(() => expect(window.session.state).toMatchObject({ session: { subject: 'jonas' } }))
    expect(await window.session.signOut()).toMatchObject({ purge: { complete: true } })
  })

  it('P6 that came before the call reached the main process is told as that session’s end', async () => {
    const api = await serving({})
    const app = await application([api.origin])
    const window = app.open()
    await active(window)
    await app.session.signOut()
    expect(window.session.state.status).toBe('active')
    expect(await failing(window.session.fetch(api.origin))).toMatchObject({ code: 'session-ended', details: { end: { cause: 'signed-out' } } })
    expect(api.asked).toHaveLength(0)
  })

  it('is made by any window, for all', async () => {
    const app = await application(['https://api.test'])
    const windows = [app.open(), app.open()]
    await active(windows[1]!)
    expect(await windows[0]!.session.signOut()).toMatchObject({ remote: 'revoked', purge: { complete: true } })
    for (const { session } of windows) await eventually(() => expect(session.state).toMatchObject({ status: 'signed-out', end: { cause: 'signed-out', by: 'user' } }))
  })
})

describe('a port', () => {
  it('that closes takes its calls with it, on both sides', async () => {
    const closed = vi.fn<() => void>()
    const api = await serving({ '/never': (_request, response) => void response.on('close', closed) })
    const app = await application([api.origin])
    const [one, two] = [app.open(), app.open()]
    const calls = [one, two].map(({ session }) => failing(session.fetch(`${api.origin}/never`)))
    await eventually(() => expect(api.asked).toHaveLength(2))
    one.session.close()
    await eventually(() => expect(closed).toHaveBeenCalledTimes(1))
    app.served.close()
    await eventually(() => expect(closed).toHaveBeenCalledTimes(2))
    expect((await Promise.all(calls)).map(codeOf)).toEqual(['fenced', 'fenced'])
    expect([codeOf(await failing(two.session.confirm())), two.session.state]).toEqual(['fenced', { status: 'restoring' }])
  })

  it('a listener that throws stops no other', async () => {
    const window = (await application(['https://api.test'])).open()
    const seen: string[] = []
    window.session.subscribe(() => {
      throw new Error('of the page')
    })
    const leave = window.session.subscribe(({ status }) => seen.push(status))
    await active(window)
    leave()
    await window.session.signOut()
    expect(seen).toEqual(['active'])
  })

  it('one sign-in at a time, for all windows', async () => {
    const begun = Promise.withResolvers<void>()
    const signIn = vi.fn<() => Promise<void>>(() => begun.promise)
    const app = await application(['https://api.test'], {}, signIn)
    const calls = [app.open(), app.open(), app.open()].map(({ session }) => session.signIn())
    await eventually(() => expect(signIn).toHaveBeenCalled())
    await app.open().session.confirm()
    begun.reject(new SessionError('sign-in-failed', { error: 'access_denied' }))
    for (const call of calls) expect(await failing(call)).toMatchObject({ code: 'sign-in-failed', details: { error: 'access_denied' } })
    expect(signIn).toHaveBeenCalledTimes(1)
  })
})
