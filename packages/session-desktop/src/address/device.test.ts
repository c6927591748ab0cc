/** A person signs in on another device, at a real provider, for an application that has no browser (RFC 8628). */
import { join } from 'node:path'
import type { DevicePrompt } from '@3dimli/session'
import type { Clock } from '@3dimli/session/platform'
import { manualClock } from '@3dimli/session/testing'
import { describe, expect, it, vi } from 'vitest'
import { newFolder } from '../../test/folders.ts'
import { newPerson, type Person, type Seen } from '../../test/person.ts'
import { startChild } from '../../test/processes.ts'
import { application, provider, rejection } from '../../test/signing.ts'
import { eventually } from '../../test/eventually.ts'

/** An application that shows a code; `polls` counts the questions that the provider has answered. */
async function showing(deviceIntervalSeconds?: number) {
  const authority = await provider(deviceIntervalSeconds === undefined ? {} : { deviceIntervalSeconds })
  const clock = manualClock(Date.now())
  const due = new Set<{ readonly ms: number }>()
  const timer: Clock['timer'] = (ms, run) => {
    const entry = { ms }
    const cancel = clock.timer(ms, () => due.delete(entry) && run())
    due.add(entry)
    return () => due.delete(entry) && cancel()
  }
  const polls: number[] = []
  const made = await application(authority, { clock: { ...clock, timer }, fetched: (url, status) => void (url.endsWith('/token') && polls.push(status)) })
  const prompts: DevicePrompt[] = []
  const over = made.session.signIn({ device: (prompt) => prompts.push(prompt) })
  over.catch(() => undefined)
  await eventually(() => expect(prompts).toHaveLength(1))
  /** Waits until the application waits for so long. */
  const waits = (ms: number): Promise<unknown> => eventually(() => expect([...due].map((entry) => entry.ms)).toContain(ms))
  /** Moves the application's clock to the question that is due after a wait of `pauseMs`, and waits for the answer. */
  const poll = async (ms: number, pauseMs = ms): Promise<void> => {
    await waits(pauseMs)
    const count = polls.length
    await clock.advance(ms)
    await eventually(() => expect(polls).toHaveLength(count + 1))
  }
  return { ...made, authority, clock, polls, poll, waits, over, prompt: prompts[0]! }
}

const typed = async (person: Person, { verificationUri, userCode }: DevicePrompt): Promise<Seen> => person.submit(await person.visit(verificationUri), { user_code: userCode.toLowerCase() })
const password = { email: 'sela@example.test', password: 'demo' }

describe('a sign-in on another device', () => {
  it('P4 A14 begins a session like any other after the person has typed in the code, however often the provider asks for patience', async () => {
    const { session, authority, poll, polls, waits, over, prompt, clock, ping } = await showing(1)
    expect(prompt).toMatchObject({ verificationUri: `${authority.issuer}/device`, userCode: expect.stringMatching(/^[A-Z]{4}-[A-Z]{4}$/), expiresAt: expect.closeTo(clock.now() + 600_000, -4) })
    const person = newPerson()
    const question = await typed(person, prompt)
    expect(question.text).toContain(`3DIMLI Uploader wants to be let in to your account. It shows you this code: ${prompt.userCode}`)
    await poll(1_000)
    // The provider's own clock has hardly moved.
    await poll(1_000)
    await waits(6_000)
    await clock.advance(5_000)
    expect(polls).toEqual([400, 400])
    const seen = await person.submit(await person.submit(question, { confirm: 'yes' }), password)
    expect(seen.text).toContain('That worked Go back to 3DIMLI Uploader')
    expect(session.state.status).toBe('signed-out')
    // As long as the provider wants to be left alone.
    const asked = Date.now()
    await vi.waitFor(() => expect(Date.now() - asked).toBeGreaterThan(1_000), { timeout: 5_000 })
    await poll(1_000, 6_000)
    await over
    const [row] = await authority.sessions()
    expect([session.state.status, await ping()]).toEqual(['active', { ok: true, sub: 'acc_sela', sid: row!.sid }])
    expect(row).toMatchObject({ client: '3DIMLI Uploader', device: 'Desktop app' })
    await authority.end(row!.sid)
    expect(await session.confirm()).toBe('ended')
  })

  it('P4 is refused by a person who says no, in both places', async () => {
    const { session, authority, poll, over, prompt } = await showing(1)
    const person = newPerson()
    const seen = await person.submit(await typed(person, prompt), { abort: 'yes' })
    expect(seen.text).toContain('You said no. Nobody was let in.')
    await poll(1_000)
    expect(await rejection(over, [prompt.userCode])).toMatchObject({ code: 'sign-in-failed', details: { error: 'access_denied' } })
    expect([session.state.status, await authority.sessions()]).toEqual(['signed-out', []])
  })

  it('P4 is refused as well by one who says so at the password', async () => {
    const { poll, over, prompt } = await showing(1)
    const person = newPerson()
    const form = await person.submit(await typed(person, prompt), { confirm: 'yes' })
    expect(form.text).toContain('3DIMLI Uploader on your computer asks you to sign in.')
    expect((await person.submit(form, { refuse: 'yes' })).text).toContain('You said no. Nobody was let in.')
    await poll(1_000)
    expect(await rejection(over)).toMatchObject({ details: { error: 'access_denied' } })
  })

  it('needs a code that is known and was not used, and says which it is', async () => {
    const { prompt } = await showing(1)
    const person = newPerson()
    const page = await person.visit(prompt.verificationUri)
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'")
    const wrong = await person.submit(page, { user_code: 'AAAA-AAAA' })
    expect(wrong.text).toContain('There is no such code.')
    expect((await person.submit(wrong, { user_code: '' })).text).toContain('There is no such code.')
    await person.submit(await person.submit(await typed(person, prompt), { confirm: 'yes' }), password)
    expect((await typed(newPerson(), prompt)).text).toContain('This code was used before.')
  })

  it('takes the code from the address, and still asks whether it is the person\'s own', async () => {
    const { prompt, poll, over } = await showing(1)
    const person = newPerson()
    const question = await person.visit(prompt.verificationUriComplete!)
    expect(question.text).toContain(prompt.userCode)
    await person.submit(await person.submit(question, { confirm: 'yes' }), password)
    await poll(1_000)
    await over
  })

  it('is over when the code is', async () => {
    const { prompt, poll, waits, clock, over } = await showing(300)
    await poll(300_000)
    await waits(300_000)
    await clock.advance(300_000)
    expect(await rejection(over, [prompt.userCode])).toMatchObject({ code: 'sign-in-failed', details: { error: 'expired_token' } })
    // Ten minutes of this clock are 300 looks for a sleep of the machine, and take six seconds.
  })

  it('E2 after an end the provider asks for the password again', async () => {
    const { session, prompt, poll, over } = await showing(1)
    const person = newPerson()
    await person.submit(await person.submit(await typed(person, prompt), { confirm: 'yes' }), password)
    await poll(1_000)
    await over
    await session.signOut()
    const prompts: DevicePrompt[] = []
    const again = session.signIn({ device: (shown) => prompts.push(shown) })
    again.catch(() => undefined)
    await eventually(() => expect(prompts).toHaveLength(1))
    const form = await person.submit(await typed(person, prompts[0]!), { confirm: 'yes' })
    expect(form.html).toContain('name="password"')
  })

  it('J12 keeps its process alive while the person is waited for, and no longer', async () => {
    const authority = await provider({ deviceIntervalSeconds: 1 })
    const child = startChild('signing', { directory: newFolder(), secret: join(newFolder(), 'secret'), issuer: authority.issuer, alone: 'device' })
    const person = newPerson()
    const question = await person.visit((await child.line('device ')).slice(7))
    await person.submit(await person.submit(question, { confirm: 'yes' }), password)
    expect([await child.over, child.lines.at(-1), child.errors()]).toEqual([0, 'signed-in active', ''])
  })
})
