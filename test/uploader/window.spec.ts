// The uploader's window in a real browser: signing in, adding files, an end; and who else is refused.
import { randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, expect, onTestFinished, test } from 'vitest'
import { press, sees } from '../../examples/storefront/tour/stage.ts'
import { approve, stage, type Ran, type Stage } from '../../examples/uploader/src/testing/stage.ts'
import { buildWindow } from '../../scripts/setup/build.mjs'
import { launch, until, type Tab } from '../driver/index.ts'
import { accessible } from '../storefront/accessible.ts'
import { watchPolicy } from '../storefront/policy.ts'

beforeAll(() => buildWindow(process.execPath))

interface Opened extends Stage {
  readonly program: Ran
  readonly address: URL
}

async function open(): Promise<Opened> {
  const here = await stage({ keyring: false })
  const program = here.tell('open', '--address')
  return { ...here, program, address: new URL(String((await program.when('window'))['address'])) }
}

/** Makes a file in a folder of the seller's. */
function makeFile(folder: string, name: string, bytes: number): string {
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, name), randomBytes(bytes))
  return join(folder, name)
}

async function drop({ page }: Tab, ...files: string[]): Promise<void> {
  const cdp = await page.createCDPSession()
  const box = await (await page.waitForSelector('.drop'))!.boundingBox()
  const at = { x: box!.x + box!.width / 2, y: box!.y + 10, data: { items: [], files, dragOperationsMask: 1 } }
  for (const type of ['dragEnter', 'dragOver', 'drop'] as const) await cdp.send('Input.dispatchDragEvent', { type, ...at })
  await cdp.detach()
}

async function choose({ page }: Tab, file: string): Promise<void> {
  await (await page.$('input[type=file]'))!.uploadFile(file)
}

test('P1 P8 a seller signs in, drops and chooses files, and sees why the session ended', async () => {
  const here = await open()
  const browser = await launch()
  onTestFinished(() => browser.close())
  const tab = await browser.openTab()
  onTestFinished(async ({ task }) => {
    if (task.result?.state === 'fail') console.log(`The page said: ${await tab.page.evaluate(() => document.body.innerText)}\nThe program: ${here.program.out().slice(-2_000)}${here.program.err()}`)
  })
  const policy = await watchPolicy(tab)
  await tab.page.setViewport({ width: 960, height: 760 })
  await tab.page.goto(here.address.href)
  await sees(tab, 'Upload your models')
  await accessible(tab, 'the entrance')
  await press(tab, 'With a code on another device')
  await sees(tab, 'on any device and type in')
  await accessible(tab, 'the code')
  const [uri, code] = await tab.page.$$eval('.address, .code', (found) => found.map((element) => element.textContent))
  await approve({ event: 'code', verificationUriComplete: `${uri}?user_code=${code}` })
  await sees(tab, 'Drop files here')
  await sees(tab, 'This machine has no keychain')
  await accessible(tab, 'the empty queue')

  const amphora = makeFile(join(here.home, 'Downloads'), 'Attic amphora.glb', 3_000_000)
  const lamp = makeFile(join(here.home, 'work/models'), 'Knot lamp.stl', 200_000)
  await drop(tab, amphora, lamp)
  await sees(tab, 'All 2 files uploaded')
  await drop(tab, lamp)
  await sees(tab, 'at the marketplace already, not sent again')

  const elsewhere = mkdtempSync(join(tmpdir(), 'elsewhere-'))
  onTestFinished(() => rmSync(elsewhere, { recursive: true }))
  const dune = makeFile(elsewhere, 'Dune field.obj', 100_000)
  await choose(tab, dune)
  await sees(tab, 'Where is Dune field.obj?')
  await accessible(tab, 'the question')
  await tab.page.type('#folder', elsewhere)
  await press(tab, 'Look there')
  await sees(tab, 'All 3 files uploaded')
  expect(here.assets().map(({ size }) => size).sort((a, b) => a - b)).toEqual([100_000, 200_000, 3_000_000])

  const ridge = makeFile(join(here.home, 'Downloads'), 'Ridge scan.glb', 0)
  // So large that it is on its way for longer than a busy machine needs to show the button.
  truncateSync(ridge, 20_000_000_000)
  await choose(tab, ridge)
  await press(tab, 'Pause Ridge scan.glb')
  await sees(tab, 'paused')
  await accessible(tab, 'the queue')
  const [{ sid } = { sid: '' }] = await here.authority.sessions()
  await here.authority.end(sid, { reason: 'suspicious-activity', reasonUser: { en: 'Somebody tried to sign in from far away.' } })
  await sees(tab, 'Somebody tried to sign in from far away.')
  await sees(tab, 'Your own files on this device were not touched.')
  await accessible(tab, 'the notice')

  expect(tab.observed.errors).toEqual([])
  expect(policy.refused).toEqual([])
  expect([...new Set(tab.observed.requests.map(({ url }) => new URL(url).origin))]).toEqual([here.address.origin])
  expect(here.program.out() + here.program.err()).not.toMatch(/ey[\w-]+\.ey/)
  await tab.close()
  await until(() => here.program.told().some(({ event }) => event === 'exit'), { what: 'the program to end with its window' })
  expect(await here.program.over).toBe(0)
})

interface Answer { readonly status: number; readonly headers: Readonly<Record<string, string | string[] | undefined>>; readonly body: string }

/** A request that is free to lie about where it comes from, which a browser is not. */
function ask(url: URL | string, { method = 'GET', headers = {}, body }: { method?: string; headers?: Record<string, string>; body?: string } = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = request(url, { method, headers }, (response) => {
      let text = ''
      const answer = (): void => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text })
      // A stream of events has no end of its own.
      if (String(response.headers['content-type']).startsWith('text/event-stream')) {
        answer()
        asked.destroy()
      }
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk)).on('end', answer)
    })
    asked.on('error', reject)
    asked.end(body)
  })
}

test('P8 nobody but that window is let in: no other page, no other name of this machine, nobody without its cookie, and nobody twice', async () => {
  const { address, program } = await open()
  const rebound = { host: `uploader.example:${address.port}` }
  expect((await ask(address, { headers: rebound })).status).toBe(421)
  expect((await ask(address, { headers: { 'sec-fetch-site': 'cross-site' } })).status).toBe(403)
  expect((await ask(new URL('/', address))).status).toBe(404)

  const first = await ask(address)
  const place = new URL(String(first.headers['location']), address)
  const [cookie = ''] = first.headers['set-cookie'] ?? []
  expect([first.status, cookie]).toEqual([303, expect.stringMatching(/^window=[\w-]{43}; Path=\/[\w-]{43}\/; HttpOnly; SameSite=Strict$/)])
  const own = { cookie: cookie.split(';')[0]! }
  const wish = (headers: Record<string, string>, body: unknown = { do: 'give-up' }): Promise<Answer> =>
    ask(new URL('wishes', place), { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) })
  const origin = address.origin

  expect((await ask(place, { headers: own })).headers['content-security-policy']).toMatch(/default-src 'none'.*trusted-types 'none'/)
  expect((await ask(new URL('events', place), { headers: own })).status).toBe(200)
  expect((await wish({ ...own, origin })).status).toBe(200)

  expect((await ask(place)).status).toBe(403)
  expect((await ask(new URL('events', place))).status).toBe(403)
  expect((await ask(new URL('events', place), { headers: { cookie: 'window=x' } })).status).toBe(403)
  expect((await wish({ origin })).status).toBe(403)
  expect((await wish(own)).status).toBe(403)
  expect((await wish({ ...own, origin: 'https://evil.example' })).status).toBe(403)
  expect((await wish({ ...own, origin: 'null' })).status).toBe(403)
  expect((await wish({ ...own, origin: `http://localhost:${address.port}` })).status).toBe(403)
  expect((await wish({ ...own, origin, 'sec-fetch-site': 'same-site' })).status).toBe(403)
  expect((await wish({ ...own, origin, ...rebound })).status).toBe(421)
  expect((await wish({ ...own, origin, 'content-type': 'text/plain' })).status).toBe(400)
  expect((await wish({ ...own, origin }, { do: 'add', files: [{ name: '../secret', size: 1, lastModified: 1 }] })).status).toBe(400)
  expect((await ask(new URL('%2e%2e/package.json', place), { headers: own })).status).toBe(404)

  expect((await ask(address)).status).toBe(410)
  await until(() => program.err().includes('tried the address of the window once more'), { what: 'the seller to be told' })
  program.signal('SIGINT')
  expect(await program.over).toBe(130)
})
