/** The uploader as a seller runs it: real processes, a real keyring, a real provider. */
import { hash, randomBytes } from 'node:crypto'
import { appendFileSync, existsSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { dirname, join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { eventually } from '../../../packages/session-desktop/test/eventually.ts'
import { everythingIn, newFolder } from '../../../packages/session-desktop/test/folders.ts'
import { noKeyring } from '../../../packages/session-desktop/test/keyring.ts'
import { nameFor } from './application.ts'
import { approve, stage } from './testing/stage.ts'
import { enter } from './testing/window.ts'

const makeFile = (name: string, bytes: number, folder: string = newFolder()): string => {
  const path = join(folder, name)
  writeFileSync(path, randomBytes(bytes))
  return path
}
const asset = (path: string): object => {
  const bytes = readFileSync(path)
  return { size: bytes.length, sha256: hash('sha256', bytes, 'hex') }
}
/** A port on which nobody listens. */
async function noPort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

describe('without anybody signed in', () => {
  it('tells of wrong use with 2, and of an upload that needs a sign-in with 3 and how to sign in', async () => {
    const { run } = await stage({ keyring: false })
    const wrong = [run('uplaod'), run('upload'), run('status', '--server', 'ftp://example.com'), run('status', '--name', 'a/b'), run('watch', '/nowhere/at/all')]
    expect(await Promise.all(wrong.map(({ over }) => over))).toEqual([2, 2, 2, 2, 2])
    expect(wrong.map(({ out }) => out())).toEqual(['', '', '', '', ''])
    for (const { err } of wrong) expect(err()).not.toMatch(/at .*\.ts:\d/)
    const upload = run('upload', makeFile('chair.blend', 10))
    expect(await upload.over).toBe(3)
    expect(upload.err()).toContain('Nobody is signed in.')
  }, 240_000)

  it('says what a machine without a keychain cannot do, and what to do there', async () => {
    const { run, tell, data } = await stage({ keyring: false })
    const signing = run('sign-in', '--device')
    expect(await signing.over).toBe(5)
    expect(signing.err()).toMatch(/cannot keep a session: the keychain cannot be used.*--sign-in FILE/s)
    const status = tell('status')
    expect(await status.over).toBe(3)
    expect(status.told()[0]).toMatchObject({ event: 'status', status: 'signed-out', persistent: false, store: 'memory' })
    expect(everythingIn(data).filter(({ isFolder }) => !isFolder)).toEqual([])
  }, 240_000)

  it('P8 uploads there in one process, which signs in by a code, and keeps nothing in the clear', async () => {
    const { tell, data, assets } = await stage({ keyring: false })
    const chair = makeFile('chair.blend', 100_000)
    const upload = tell('upload', '--device', chair)
    await approve(await upload.when('code'))
    expect(await upload.over, upload.err()).toBe(0)
    expect(upload.told().at(-2)).toEqual({ event: 'summary', done: 1, failed: 0, files: 1, bytesSent: 100_000 })
    expect(assets()).toEqual([asset(chair)])
    expect(everythingIn(data).filter(({ path, bytes }) => /chair|acc_sela/.test(path) || bytes.includes('chair') || bytes.includes('acc_sela'))).toEqual([])
  }, 240_000)

  it('says that the server cannot be reached, with 4', async () => {
    const { run } = await stage({ keyring: false })
    const upload = run('upload', '--device', makeFile('chair.blend', 10), '--server', `http://localhost:${await noPort()}`)
    expect(await upload.over).toBe(4)
    expect(upload.err()).toContain('The server cannot be reached.')
  }, 240_000)

  it('takes a refused sign-in for a no, with 3', async () => {
    const { tell } = await stage({ keyring: false })
    const upload = tell('upload', '--device', makeFile('chair.blend', 10))
    await approve(await upload.when('code'), { answer: 'no' })
    expect(await upload.over).toBe(3)
    expect(upload.err()).toContain('The sign-in was refused.')
  }, 240_000)
})

describe('on a machine with a keychain', () => {
  beforeEach(({ skip }) => skip(noKeyring !== undefined, noKeyring))

  it('P10 signs in once, uploads byte for byte, sends nothing twice, tells how it stands, and signs out', async () => {
    const { run, tell, signIn, assets } = await stage()
    await signIn()
    const [chair, table] = [makeFile('chair.blend', 3_000_000), makeFile('table.glb', 0)]
    const upload = tell('upload', chair, table, chair)
    expect(await upload.over, upload.err()).toBe(0)
    expect(upload.err()).not.toMatch(/warning/i)
    expect(assets()).toHaveLength(2)
    expect(assets()).toEqual(expect.arrayContaining([asset(chair), asset(table)]))

    const again = tell('upload', chair, table)
    expect(await again.over).toBe(0)
    expect(again.told().filter(({ event }) => event === 'known').map(({ path }) => path)).toEqual([chair, table])
    expect(assets()).toHaveLength(2)

    const status = tell('status')
    expect(await status.over).toBe(0)
    expect(status.told()).toMatchObject([{ event: 'status', status: 'active', seller: 'Sela Okafor', confirmation: 'alive', store: 'file', persistent: true, degraded: [] }, { event: 'exit', code: 0 }])
    expect(status.err()).toContain('Sela Okafor')

    const out = tell('sign-out')
    expect(await out.over).toBe(0)
    expect(out.told()[0]).toEqual({ event: 'signed-out', was: true, complete: true, remote: 'revoked' })
    const after = run('status')
    expect(await after.over).toBe(3)
    expect(after.out()).toMatch(/Signed in\s+nobody, since/)
  }, 240_000)

  it('P1 P2 stops an upload whose session is revoked, says why, what is left and what to do, and ends with 3', async () => {
    let revoke = (): void => {}
    const here = await stage({ observe: (event) => event.type === 'upload' && event.what === 'received' && revoke() })
    await here.signIn()
    const [{ sid } = { sid: '' }] = await here.authority.sessions()
    revoke = () => {
      revoke = () => {}
      void here.authority.end(sid, { reason: 'credential-compromised', reasonUser: { en: 'Your laptop was reported stolen.' } })
    }
    const [chair, table] = [makeFile('chair.blend', 40_000_000), makeFile('table.glb', 40_000_000)]
    const before = [chair, table].map(asset)
    const upload = here.run('upload', chair, table)
    expect(await upload.over).toBe(3)
    expect(upload.err()).toContain('“Your laptop was reported stolen.”')
    expect(upload.err()).toMatch(/unfinished uploads.*erased.*Your own files on this device were not touched.*sign in/is)
    expect(here.assets()).toEqual([])
    expect([chair, table].map(asset)).toEqual(before)
    const content = join(here.data, `3dimli.${nameFor(here.authority.issuer, '')}`, 'content', 'uploads')
    expect(existsSync(content) ? everythingIn(content).filter(({ isFolder }) => !isFolder) : []).toEqual([])
  }, 240_000)

  it('P10 stops at Ctrl-C with 130; status tells what is unfinished, the same command goes on where it stopped, and so does the window; a file that was moved is chosen again', async () => {
    let look = (): void => {}
    const begun = new Set<string>()
    const here = await stage({
      observe(event) {
        if (event.type !== 'upload' || event.what !== 'received') return
        begun.add(event.id)
        look()
      },
    })
    await here.signIn()
    /** Stops the command when bytes of each of so many uploads have arrived, and where each goes on is written down. */
    const interrupted = async (all: number, ...files: string[]): Promise<void> => {
      const upload = here.tell('upload', ...files)
      look = () => {
        if (begun.size === all && readdirSync(here.data, { recursive: true }).filter((path) => /content.uploads.*[\da-f]{64}$/.test(String(path))).length === all) upload.signal('SIGINT')
      }
      expect(await upload.over).toBe(130)
      look = () => {}
      expect(upload.err()).toContain('Stopped. Nothing is sent any more.')
    }
    const [chair, lamp, vase, knot] = [makeFile('chair.blend', 60_000_000), makeFile('lamp.glb', 60_000_000), makeFile('vase.obj', 60_000_000), makeFile('knot.stl', 60_000_000)]
    await interrupted(1, knot)
    await interrupted(4, chair, lamp, vase)
    expect(here.assets()).toEqual([])
    const received = (of: string | undefined): number => here.events.reduce((sum, event) => sum + (event.type === 'upload' && event.what === 'received' && event.id === of ? event.bytes : 0), 0)
    const before = new Map([...begun].map((id) => [id, received(id)]))

    const lampNow = join(newFolder(), 'lamp.glb')
    renameSync(lamp, lampNow)
    renameSync(knot, `${knot}.old`)
    const status = here.run('status')
    expect(await status.over, status.err()).toBe(0)
    expect(status.out()).toMatch(/Unfinished\s+4 uploads of Sela/)
    expect(status.out()).toMatch(/chair\.blend {2}\d.* of 60\.0 MB$/m)
    expect(status.out()).toMatch(/lamp\.glb {2}\d.* of 60\.0 MB; the file was moved or changed$/m)

    const again = here.tell('upload', chair)
    expect(await again.over, again.err()).toBe(0)
    expect(here.assets()).toEqual([asset(chair)])
    const finished = here.events.find((event) => event.type === 'upload' && event.what === 'finished') as { id: string } | undefined
    // What had arrived is not sent again; what was on its way may be.
    expect(received(finished?.id)).toBeLessThan(60_000_000 + (before.get(finished?.id ?? '') ?? 0))

    const open = here.tell('open', '--address')
    const window = await enter(String((await open.when('window'))['address']))
    const view = await window.until(({ uploads, lost }) => uploads.length === 1 && uploads[0]?.state === 'done' && lost.length === 2)
    expect(view).toMatchObject({ uploads: [{ name: 'vase.obj' }], lost: expect.arrayContaining([expect.objectContaining({ name: 'lamp.glb', bytesTotal: 60_000_000 })]) })
    expect(here.assets()).toEqual([chair, vase].map(asset))
    const thrownAway = () => here.events.filter((event) => event.type === 'api' && event.method === 'DELETE')

    await window.ask({ do: 'add', files: [{ name: 'lamp.glb', size: 60_000_000, lastModified: statSync(lampNow).mtimeMs }], folder: dirname(lampNow) })
    await window.until(({ uploads, lost }) => uploads.length === 2 && uploads.every(({ state }) => state === 'done') && lost.length === 1)
    expect(here.assets()).toEqual([chair, vase, lampNow].map(asset))
    await eventually(() => expect(thrownAway()).toMatchObject([{ status: 204 }]))
    await window.ask({ do: 'cancel', id: view.lost.find(({ name }) => name === 'knot.stl')!.id })
    await window.until(({ lost }) => lost.length === 0)
    await eventually(() => expect(thrownAway()).toMatchObject([{ status: 204 }, { status: 204 }]))
    open.signal('SIGINT')
    expect(await open.over).toBe(130)
  }, 240_000)

  it('P1 P10 watches a folder: what is complete is sent once, also by the next start, and a sign-in elsewhere lets it go on', async () => {
    const here = await stage()
    const folder = newFolder()
    const watch = here.tell('watch', folder)
    await watch.when('waiting', (told) => told['for'] === 'sign-in')
    const chair = makeFile('chair.blend', 50_000, folder)
    makeFile('half.glb.part', 50_000, folder)
    await here.signIn()
    await watch.when('upload', ({ path, state }) => path === chair && state === 'done')
    appendFileSync(chair, 'and more')
    const table = makeFile('table.glb', 20_000, folder)
    await watch.when('upload', ({ path, state, bytesTotal }) => path === chair && state === 'done' && bytesTotal === 50_008)
    await watch.when('upload', ({ path, state }) => path === table && state === 'done')
    watch.signal('SIGTERM')
    expect(await watch.over).toBe(143)

    const lamp = makeFile('lamp.glb', 10_000, folder)
    const next = here.tell('watch', folder)
    await next.when('upload', ({ path, state }) => path === lamp && state === 'done')
    await next.when('known', ({ path }) => path === chair)
    await next.when('known', ({ path }) => path === table)
    expect(here.assets().map(({ size }) => size).sort((a, b) => a - b)).toEqual([10_000, 20_000, 50_000, 50_008])

    const [{ sid } = { sid: '' }] = await here.authority.sessions()
    await here.authority.end(sid, { reason: 'password-changed' })
    await next.when('ended', ({ reason }) => reason === 'password-changed')
    const vase = makeFile('vase.glb', 5_000, folder)
    await here.signIn()
    await next.when('upload', ({ path, state }) => path === vase && state === 'done')

    await here.tell('sign-out').over
    await next.when('ended', ({ cause }) => cause === 'signed-out')
    makeFile('secret.glb', 7_000, folder)
    await here.signIn('jonas@example.test')
    expect(await next.over).toBe(3)
    expect(next.err()).toContain('Somebody else signed in.')
    expect(here.assets().map(({ size }) => size)).not.toContain(7_000)
  }, 240_000)
})
