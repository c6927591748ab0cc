/** The person's own browser is given an address and nothing else, and a failure of it is told. */
import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, vi, type TestContext } from 'vitest'
import { everythingIn, newFolder } from '../../test/folders.ts'
import { application, provider, rejection } from '../../test/signing.ts'
import { openInBrowser } from '../index.ts'

const onLinux = (skip: TestContext['skip']): void => skip(process.platform !== 'linux', 'elsewhere another program than "xdg-open" opens the browser')

describe('the browser of the system', () => {
  const program = (script: string): void => {
    const folder = newFolder()
    if (script !== '') {
      writeFileSync(join(folder, 'xdg-open'), `#!/bin/sh\n${script}\n`)
      chmodSync(join(folder, 'xdg-open'), 0o755)
    }
    vi.stubEnv('PATH', folder)
  }

  it('is given the address as it is, through no shell', async ({ skip }) => {
    onLinux(skip)
    const file = join(newFolder(), 'asked')
    program(`printf '%s|' "$#" "$@" > ${file}`)
    const url = new URL('https://id.test/?a=b&c=$(touch x)`touch y`;z \'"')
    await openInBrowser(url)
    vi.unstubAllEnvs()
    expect(everythingIn(join(file, '..'))[0]?.bytes.toString()).toBe(`1|${url.href}|`)
  })

  it.for([['', 'ENOENT'], ['exit 3', '3'], ['kill -9 $$', 'SIGKILL']] as const)('that cannot be opened (%j) is told, without the address', async ([script, why], { skip }) => {
    onLinux(skip)
    program(script)
    const error = await rejection(openInBrowser(new URL('https://id.test/?state=secret-state')), ['secret-state'])
    vi.unstubAllEnvs()
    expect(error.message).toBe(`"xdg-open" could not open the browser (${why}).`)
  })

  it.each(['file:///etc/passwd', 'javascript:1', 'smb://host/share', 'x-apple.systempreferences:x'])('is not asked for `%s`, which is no web address', async (url) => {
    program('exit 3')
    await expect(openInBrowser(new URL(url))).rejects.toThrow(TypeError)
    vi.unstubAllEnvs()
  })

  it('that fails makes the sign-in fail, so that another way can be taken', async ({ skip }) => {
    onLinux(skip)
    const authority = await provider()
    const { session } = await application(authority, { open: openInBrowser })
    program('exit 3')
    expect(await rejection(session.signIn())).toMatchObject({ code: 'sign-in-failed', details: { error: 'no_browser' } })
    vi.unstubAllEnvs()
  })
})
