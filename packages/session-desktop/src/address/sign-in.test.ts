/** A person signs in with their own browser at a real provider, and the application goes on (RFC 8252). */
import { manualClock } from '@3dimli/session/testing'
import type { PurgeReport, SessionEnd } from '@3dimli/session'
import { describe, expect, it } from 'vitest'
import { everythingIn } from '../../test/folders.ts'
import { newPerson, type Seen } from '../../test/person.ts'
import { freePort, isOpen, takenPort } from '../../test/ports.ts'
import { application, provider, rejection } from '../../test/signing.ts'
import { eventually } from '../../test/eventually.ts'

const codeOf = ({ url }: Seen): string => url.searchParams.get('code') ?? ''

describe('a sign-in in the browser', () => {
  it('P8 ends in a session that is bound to this device, and in a page that says so and holds nothing', async () => {
    const authority = await provider()
    const { session, begin, portOf, ping, directory } = await application(authority)
    const { url, over } = await begin()
    expect(Object.fromEntries(url.searchParams)).toMatchObject({ response_type: 'code', client_id: 'uploader', code_challenge_method: 'S256', prompt: 'consent' })
    expect(url.searchParams.get('redirect_uri')).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/$/)
    const person = newPerson()
    const form = await person.visit(url)
    expect(form.text).toContain('3DIMLI Uploader on your computer asks you to sign in.')
    const seen = await person.submit(form, { email: 'sela@example.test', password: 'demo' })
    // Whoever reads the page has a session.
    expect([session.state.status, seen.status, seen.text]).toEqual(['active', 200, expect.stringContaining('You are signed in You can close this window and go back to Sela&#39;s Uploader.')])
    await over
    expect(await isOpen(portOf(url))).toBe(false)
    const [row] = await authority.sessions()
    expect(await ping()).toEqual({ ok: true, sub: 'acc_sela', sid: row!.sid })
    expect(row).toMatchObject({ client: '3DIMLI Uploader', device: 'Desktop app', subject: 'acc_sela' })
    expect(session.state).toMatchObject({ session: { subject: 'acc_sela', sid: row!.sid } })
    expect(codeOf(seen)).not.toBe('')
    for (const secret of [codeOf(seen), url.searchParams.get('state') ?? '']) {
      expect(seen.html).not.toContain(secret)
      expect(everythingIn(directory).filter(({ bytes }) => bytes.includes(secret))).toEqual([])
    }
  })

  it('P4 an answer that nobody asked for changes nothing, and the one that was asked for still counts', async () => {
    const { session, begin, portOf } = await application(await provider())
    const { url, over } = await begin()
    const back = `http://127.0.0.1:${portOf(url)}/`
    const person = newPerson()
    for (const query of ['?code=stolen&state=made-up', '?error=access_denied&state=made-up', '?code=stolen']) expect((await person.visit(back + query)).text).toContain('This sign-in is over')
    expect(session.state.status).toBe('signed-out')
    await person.signIn(url)
    await over
    expect(session.state.status).toBe('active')
  })

  it('an answer with our state and a wrong code, or of another server, fails and says so', async () => {
    const { session, begin, portOf } = await application(await provider())
    const authority = new URL((await begin()).url).origin
    for (const query of [`code=made-up-code&iss=${encodeURIComponent(authority)}`, 'code=made-up-code&iss=https%3A%2F%2Fevil.test']) {
      const { url, over } = await begin()
      const seen = await newPerson().visit(`http://127.0.0.1:${portOf(url)}/?${query}&state=${url.searchParams.get('state')}`)
      expect(seen.text).toContain('The sign-in did not work')
      expect(await rejection(over, ['made-up-code', url.searchParams.get('state') ?? ''])).toMatchObject({ code: 'sign-in-failed', details: { error: 'invalid_response' } })
    }
    expect(session.state.status).toBe('signed-out')
  })

  it('P4 a person who says no is told that nothing happened, and so is the application', async () => {
    const authority = await provider()
    const { session, begin, portOf } = await application(authority)
    const { url, over } = await begin()
    const person = newPerson()
    const seen = await person.submit(await person.visit(url), { refuse: 'yes' })
    expect(seen.text).toContain('You are not signed in The sign-in was refused.')
    expect(await rejection(over)).toMatchObject({ code: 'sign-in-failed', details: { error: 'access_denied' } })
    expect([session.state.status, await isOpen(portOf(url)), await authority.sessions()]).toEqual(['signed-out', false, []])
  })

  it.each(['its signal', 'stop()'])('is given up by %s, and its port is closed', async (what) => {
    const { session, begin, portOf } = await application(await provider())
    const giveUp = new AbortController()
    const { url, over } = await begin({ signal: giveUp.signal })
    expect(await isOpen(portOf(url))).toBe(true)
    const reason = new Error('changed my mind')
    if (what === 'stop()') session.stop()
    else giveUp.abort(reason)
    const error = await rejection(over)
    if (what === 'stop()') expect(error).toMatchObject({ code: 'fenced', details: { reason: 'restoring' } })
    else expect(error).toBe(reason)
    expect(await isOpen(portOf(url))).toBe(false)
  })

  it('a signal that was aborted before opens nothing', async () => {
    const { session, shown } = await application(await provider())
    expect(await rejection(session.signIn({ signal: AbortSignal.abort('no') }))).toBe('no')
    expect(shown).toEqual([])
    for (const [name, given] of [['signal', { signal: 'x' }], ['device', { device: 'x' }], ['params.state', { params: { state: 'x' } }]] as const) {
      await expect(session.signIn(given as never)).rejects.toThrow(`"${name}"`)
    }
  })

  it('waits five minutes for the person, and tells who comes late', async () => {
    const clock = manualClock(Date.now())
    const { session, begin, portOf } = await application(await provider(), { clock })
    const { url, over } = await begin()
    const person = newPerson()
    const form = await person.visit(url)
    await clock.advance(299_000)
    expect(await isOpen(portOf(url))).toBe(true)
    await clock.advance(1_000)
    expect(await rejection(over)).toMatchObject({ code: 'sign-in-failed', details: { error: 'timeout' } })
    const seen = await person.submit(form, { email: 'sela@example.test', password: 'demo' })
    expect(seen.text).toContain('The sign-in took too long You are not signed in.')
    await eventually(async () => expect(await isOpen(portOf(url))).toBe(false))
    expect(session.state.status).toBe('signed-out')
  })

  it('B7 a window that was closed does not stand in the way of the next sign-in', async () => {
    const { session, begin, portOf } = await application(await provider(), { redirectUri: `http://127.0.0.1:${await freePort()}/` })
    const first = await begin()
    const second = await begin()
    expect(await rejection(first.over)).toMatchObject({ code: 'sign-in-failed', details: { error: 'superseded' } })
    expect(portOf(first.url)).toBe(portOf(second.url))
    expect((await newPerson().signIn(first.url)).text).toContain('This sign-in is over')
    await newPerson().signIn(second.url)
    await second.over
    expect(session.state.status).toBe('active')
  })

  it('says that the port of its redirect address is taken, and shows nothing', async () => {
    const port = await takenPort()
    const { session, shown } = await application(await provider(), { redirectUri: `http://127.0.0.1:${port}/` })
    const error = await rejection(session.signIn())
    expect(error).toMatchObject({ code: 'sign-in-failed', details: { error: 'no_listener' }, cause: { message: `Port ${port} of 127.0.0.1 is taken by another program.` } })
    expect(shown).toEqual([])
  })

  it('says that its redirect address leads elsewhere', async () => {
    const { session } = await application(await provider(), { redirectUri: 'http://localhost/' })
    await expect(session.signIn()).rejects.toThrow('"redirectUri"')
  })

  it.each([['throws', () => { throw new Error('no display: ?state=x') }], ['rejects', () => Promise.reject(new Error('no display: ?state=x'))]])('an application that cannot show the address, since it %s, is told at once', async (_what, open) => {
    const { session } = await application(await provider(), { open })
    expect(await rejection(session.signIn())).toMatchObject({ code: 'sign-in-failed', details: { error: 'no_browser' } })
  })

  it('E2 after an end the provider asks for the password again', async () => {
    const authority = await provider()
    const { session, begin } = await application(authority)
    const person = newPerson()
    const first = await begin()
    await person.signIn(first.url)
    await first.over
    await session.signOut()
    const second = await begin()
    expect(second.url.searchParams.get('prompt')).toBe('login consent')
    const form = await person.visit(second.url)
    expect([form.url.origin, form.html.includes('name="password"')]).toEqual([authority.issuer, true])
    await person.submit(form, { email: 'sela@example.test', password: 'demo' })
    await second.over
    expect(session.state.status).toBe('active')
  })

  it('P6 E9 of somebody else ends the session that was there as replaced, and its token is given back', async () => {
    const authority = await provider()
    const { session, begin, ping } = await application(authority)
    const ends: string[] = []
    session.onEnd((end: SessionEnd, report: PurgeReport) => ends.push(`${end.cause} ${report.complete}`))
    const first = await begin()
    await newPerson().signIn(first.url)
    await first.over
    const second = await begin()
    await newPerson().signIn(second.url, 'mira@example.test')
    await second.over
    await eventually(() => expect(ends).toEqual(['replaced true']))
    expect(await ping()).toMatchObject({ sub: 'acc_mira' })
    await eventually(async () => expect(Object.fromEntries((await authority.sessions()).map(({ subject, end }) => [subject, end?.initiatingEntity]))).toEqual({ acc_sela: 'user', acc_mira: undefined }))
  })
})
