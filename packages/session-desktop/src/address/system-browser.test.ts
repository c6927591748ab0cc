/** The person's own browser is shown an address, nobody else learns it, and a failure is told. */
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished, vi, type TestContext } from 'vitest'
import { eventually } from '../../test/eventually.ts'
import { newFolder } from '../../test/folders.ts'
import { newPerson } from '../../test/person.ts'
import { isOpen } from '../../test/ports.ts'
import { application, provider, rejection } from '../../test/signing.ts'
import { openInBrowser } from '../index.ts'

const onLinux = (skip: TestContext['skip']): void => skip(process.platform !== 'linux', 'elsewhere another program than "xdg-open" opens the browser')
const url = new URL('https://id.test/?a=b&c=$(touch x)`touch y`;z \'"\\&state=secret-state')

/** Puts a program in the place of the system's. */
function program(script: string, name = 'xdg-open'): void {
  const folder = newFolder()
  if (script !== '') {
    writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`)
    chmodSync(join(folder, name), 0o755)
  }
  vi.stubEnv('PATH', folder)
  onTestFinished(() => void vi.unstubAllEnvs())
}

/** A program that shows what everybody on the machine can read of it. */
function shown(name?: string): () => Promise<string[]> {
  const file = join(newFolder(), 'command-line')
  program(`printf '%s\n' "$@" end > ${file}`, name)
  return () => eventually(() => {
    const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n') : []
    expect(lines.at(-2)).toBe('end')
    return lines.slice(0, -2)
  })
}

const ask = (address: string): Promise<Response> => fetch(address, { redirect: 'manual' })

describe('the browser of the system', () => {
  it('P6 is led to the address once, and nobody else is, whoever reads the list of processes', async ({ skip }) => {
    onLinux(skip)
    const commandLine = shown()
    const opened = openInBrowser(url)
    const [address = '', ...more] = await commandLine()
    expect([address, more]).toEqual([expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/[\w-]{22}$/), []])
    const { origin, port } = new URL(address)
    const uid = process.getuid!()
    const somebodyElse = vi.spyOn(process, 'getuid').mockReturnValue(uid + 1)
    expect((await ask(address)).status).toBe(404)
    somebodyElse.mockRestore()
    for (const path of ['/', '/x', `${new URL(address).pathname}/`]) expect((await ask(origin + path)).status).toBe(404)
    // The later one is refused, or finds the door closed.
    const answers = await Promise.allSettled([ask(address), ask(address)])
    expect(answers.flatMap((answer) => (answer.status === 'fulfilled' && answer.value.status !== 404 ? [[answer.value.status, answer.value.headers.get('location')]] : []))).toEqual([[302, url.href]])
    await opened
    expect(await isOpen(Number(port))).toBe(false)
  })

  it('P6 signs this person in, and nobody who knows its command line', async ({ skip }) => {
    onLinux(skip)
    const authority = await provider()
    const { session } = await application(authority, { open: openInBrowser })
    const commandLine = shown()
    const over = session.signIn()
    const [address = ''] = await commandLine()
    expect(address).not.toContain(authority.issuer)
    expect((await newPerson().signIn(address)).text).toContain('You are signed in')
    await over
    expect(session.state).toMatchObject({ status: 'active', session: { subject: 'acc_sela' } })
  })

  it('P6 is told the address through a pipe on macOS', async ({ skip }) => {
    skip(process.platform === 'win32', 'no program of the test can stand in for one of macOS there')
    const { platform } = process
    Object.defineProperty(process, 'platform', { value: 'darwin' })
    onTestFinished(() => void Object.defineProperty(process, 'platform', { value: platform }))
    const file = join(newFolder(), 'said')
    program(`read -r line; printf '%s|%s' "$#" "$line" > ${file}`, 'osascript')
    await openInBrowser(url)
    expect(readFileSync(file, 'utf8')).toBe(`0|open location "${url.href.replace('\\', '%5C')}"`)
  })

  it.for([['', 'ENOENT'], ['exit 3', '3'], ['kill -9 $$', 'SIGKILL']] as const)('that cannot be opened (%j) is told, without the address', async ([script, why], { skip }) => {
    onLinux(skip)
    program(script)
    const error = await rejection(openInBrowser(url), ['secret-state'])
    expect(error.message).toBe(`"xdg-open" could not open the browser (${why}).`)
  })

  it.each(['file:///etc/passwd', 'javascript:1', 'smb://host/share', 'x-apple.systempreferences:x'])('is not asked for `%s`, which is no web address', async (address) => {
    program('exit 3')
    await expect(openInBrowser(new URL(address))).rejects.toThrow(TypeError)
  })

  it('that fails makes the sign-in fail, so that another way can be taken', async ({ skip }) => {
    onLinux(skip)
    const authority = await provider()
    const { session } = await application(authority, { open: openInBrowser })
    program('exit 3')
    expect(await rejection(session.signIn())).toMatchObject({ code: 'sign-in-failed', details: { error: 'no_browser' } })
  })
})
