// A desktop application's sign-in as a person sees it: the provider's form, the page at the end, and the pages for a code, in a real browser.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startAuthority, type Authority } from '@3dimli/example-authority'
import { createSession, isSessionError, type DevicePrompt, type Session } from '@3dimli/session'
import { oauth } from '@3dimli/session/authorities/oauth'
import { desktop } from '@3dimli/session-desktop'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { launch, until, type Browser, type Tab } from '../driver/index.ts'
import { accessible } from '../storefront/accessible.ts'
import { typeIn } from '../world/person.ts'

let authority: Authority
let browser: Browser
let tab: Tab
let session: Session
let folder: string
let opened: URL | undefined

beforeEach(async () => {
  authority = await startAuthority({ port: 0, deviceIntervalSeconds: 1 })
  browser = await launch()
  tab = await browser.openTab()
  folder = mkdtempSync(join(tmpdir(), 'desktop-sign-in-'))
  opened = undefined
  const kept: { secret?: Uint8Array<ArrayBuffer> } = {}
  session = createSession({
    authority: oauth({ issuer: authority.issuer, clientId: 'uploader', redirectUri: 'http://127.0.0.1/', scope: 'openid offline_access profile uploads:write' }),
    platform: desktop({
      name: 'uploader', title: '3DIMLI Uploader', directory: folder, open: (url) => void (opened = url),
      secrets: { read: async () => kept.secret, write: async (bytes) => void (kept.secret = new Uint8Array(bytes)) },
    }),
    origins: [authority.issuer],
  })
  await session.start()
})
afterEach(async () => {
  session.stop()
  await browser.close()
  await authority.close()
  rmSync(folder, { recursive: true, force: true })
})

const reads = (words: string): Promise<unknown> => until(() => tab.page.evaluate((wanted) => document.body?.innerText.includes(wanted) ?? false, words), { what: `the page to say "${words}"` })

/** Begins a sign-in and has the browser show it. */
async function begin(): Promise<{ readonly over: Promise<void> }> {
  opened = undefined
  const over = session.signIn()
  over.catch(() => undefined)
  await until(() => opened !== undefined, { what: 'the address of the sign-in' })
  await tab.page.goto(opened!.href)
  return { over }
}

test('a person signs in, reads that it worked, and nothing is left in the page', async () => {
  const { over } = await begin()
  await accessible(tab, 'form of a program')
  await typeIn(tab, 'sela@example.test')
  await reads('You are signed in')
  await over
  expect([session.state.status, new URL(tab.page.url()).hostname]).toEqual(['active', '127.0.0.1'])
  const code = new URL(tab.page.url()).searchParams.get('code')
  expect(code).toBeTruthy()
  expect(await tab.page.evaluate(() => [document.documentElement.outerHTML, document.scripts.length, document.referrer, document.cookie].join('\n'))).not.toContain(code)
  await accessible(tab, 'signed in')
})

test('a person who says no reads that nobody was let in', async () => {
  const { over } = await begin()
  await tab.page.click('button[name=refuse]')
  await reads('The sign-in was refused')
  const error: unknown = await over.catch((reason: unknown) => reason)
  expect(isSessionError(error, 'sign-in-failed') && error.details.error).toBe('access_denied')
  await accessible(tab, 'refused')
})

test('an answer of another sign-in reads that it is over', async () => {
  await begin()
  await tab.page.goto(`${new URL(opened!.searchParams.get('redirect_uri')!).href}?code=x&state=made-up`)
  await reads('This sign-in is over')
  await accessible(tab, 'strange')
})

test('a person types in the code of another device, and that device is signed in', async () => {
  const prompts: DevicePrompt[] = []
  const over = session.signIn({ device: (prompt) => prompts.push(prompt) })
  over.catch(() => undefined)
  await until(() => prompts.length > 0, { what: 'a code' })
  await tab.page.goto(prompts[0]!.verificationUri)
  await accessible(tab, 'code')
  await tab.type('#user_code', 'AAAA-AAAA')
  await tab.enter('#user_code')
  await reads('There is no such code')
  await accessible(tab, 'no such code')
  await tab.type('#user_code', prompts[0]!.userCode.toLowerCase())
  await tab.enter('#user_code')
  await reads('Is this your code?')
  await accessible(tab, 'question')
  await tab.page.click('button[name=confirm]')
  await typeIn(tab, 'sela@example.test')
  await reads('That worked')
  await accessible(tab, 'let in')
  await over
  expect(session.state.status).toBe('active')
})
