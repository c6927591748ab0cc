/** Several real processes of one application share one session, and any of them may be killed at any moment. */
import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import type { Row } from '@3dimli/session/platform'
import { everythingIn, newFolder } from '../test/folders.ts'
import { startChild, type Child } from '../test/processes.ts'
import { secretsIn } from '../test/secrets.ts'
import { startServer, type TestServer } from '../test/server.ts'
import { desktop } from './index.ts'
import { eventually } from '../test/eventually.ts'

const sid = 'sid-1'
const tokens = (more: object = {}): string => JSON.stringify({ accessToken: 'canary-at-0', refreshToken: 'canary-rt-0', subject: 'mira', sid, expiresAt: Date.now() + 300_000, ...more })

interface Application {
  readonly server: TestServer
  readonly directory: string
  readonly secret: string
  readonly folder: string
  readonly content: string
  process(more?: object): Promise<Child>
}

async function application(): Promise<Application> {
  const directory = newFolder()
  const secret = join(newFolder(), 'secret')
  const server = await startServer()
  const { content } = desktop({ name: 'shared', directory })
  return {
    server, directory, secret, content, folder: join(directory, '3dimli.shared'),
    async process(more = {}) {
      const child = startChild('session', { directory, secret, api: server.origin, targets: ['files/{content}', 'recent'], ...more })
      await child.line('ready')
      child.say('start')
      await child.line('started')
      return child
    },
  }
}

const asked = async (child: Child, command: string, answer: string): Promise<string> => {
  const from = child.lines.length
  child.say(command)
  return (await child.line(answer, from)).slice(answer.length + 1)
}

/** Signs in with a token that is spent as soon as this resolves. */
async function spentIn(child: Child): Promise<void> {
  const expiresAt = Date.now() + 1_000
  await asked(child, `adopt ${tokens({ expiresAt })}`, 'adopted')
  await vi.waitFor(() => expect(Date.now()).toBeGreaterThan(expiresAt), { timeout: 5_000 })
}

it('J7 a sign-in of an older store can be brought again until adopt() has resolved, and is never lost from then on', async () => {
  const app = await application()
  const first = await app.process()
  first.say(`adopt ${tokens()}`)
  await first.kill()
  const second = await app.process()
  expect(await asked(second, `adopt ${tokens()}`, 'adopted')).toBe('"active"')
  // The older store may be erased from here on.
  await second.kill()
  expect(await (await app.process()).line('started ')).toBe('started "active"')
}, 240_000)

it('J1 J12 a start outlives a keychain that answers late, as one does whose person has to unlock it', async () => {
  const child = startChild('starter', { directory: newFolder() })
  expect([await child.over, child.lines, child.errors()]).toEqual([0, ['started signed-out'], ''])
}, 240_000)

describe('J8 processes that change the record at once', () => {
  it('lose nothing, ten of them', async () => {
    const [directory, secret] = [newFolder(), join(newFolder(), 'secret')]
    const times = 15
    const children = Array.from({ length: 10 }, () => startChild('counter', { directory, secret, times }))
    await Promise.all(children.map(({ over }) => over))
    expect(children.map(({ lines, errors }) => lines.at(-1) + errors())).toEqual(children.map(() => 'done'))
    const { store } = desktop({ name: 'counter', directory, secrets: secretsIn(secret) }).open()
    expect(((await store.read()) as Row).generation).toBe(10 * times)
  }, 240_000)

  it('lose nothing of what was done when some of them are killed in the middle', async () => {
    const [directory, secret] = [newFolder(), join(newFolder(), 'secret')]
    const start = () => startChild('counter', { directory, secret, times: 100_000 })
    const children = Array.from({ length: 3 }, start)
    let counted = 0
    const kills = 12
    const doneBy = ({ lines }: Child): number => lines.filter((line) => line.startsWith('counted')).length
    for (let kill = 0; kill < kills; kill += 1) {
      const at = kill % children.length
      const child = children[at]!
      await child.line('counted', child.lines.length + (randomBytes(1)[0]! % 3))
      await child.kill()
      counted += doneBy(child)
      children[at] = start()
    }
    await Promise.all(children.map((child) => child.line('counted')))
    await Promise.all(children.map((child) => child.kill()))
    for (const child of children) counted += doneBy(child)
    const { store } = desktop({ name: 'counter', directory, secrets: secretsIn(secret) }).open()
    const { generation } = (await store.read()) as Row
    // What was written by a process that was killed before it could say so counts too.
    expect(generation).toBeGreaterThanOrEqual(counted)
    expect(generation).toBeLessThanOrEqual(counted + kills + children.length)
    await store.change((stored) => stored as Row, 'strict')
    expect(readdirSync(join(directory, '3dimli.counter')).sort()).toEqual(['locks', 'record'])
  }, 240_000)
})

describe('two processes of one application', () => {
  it('P1 P6 share a session: what one begins the other has, and what one ends is over in the other', async () => {
    const { server, folder, process } = await application()
    const [first, second] = [await process(), await process()]
    expect(await asked(first, `adopt ${tokens()}`, 'adopted')).toBe('"active"')
    await second.line('state active')
    expect(await asked(second, 'fetch', 'fetched')).toBe('"Bearer canary-at-0"')
    const out = asked(first, 'out', 'out')
    await second.line('end signed-out true')
    expect(JSON.parse(await out)).toMatchObject({ remote: 'revoked', purge: { complete: true } })
    expect(await asked(second, 'fetch', 'fetched')).toBe('failed signed-out')
    expect(server.revoked).toEqual(['canary-rt-0'])
    expect(everythingIn(folder).filter(({ bytes }) => bytes.includes('canary'))).toEqual([])
  }, 240_000)

  it('P10 J10 find the session again after all of them were killed, with the key its tokens are bound to', async () => {
    const { process } = await application()
    const first = await process()
    expect(await asked(first, `bind ${tokens()}`, 'bound')).toBe('null')
    await first.kill()
    const second = await process()
    expect(await second.line('started')).toBe('started "active"')
    expect(await asked(second, 'fetch', 'fetched')).toBe('"DPoP canary-at-0"')
    expect(JSON.parse(await asked(second, 'doctor', 'doctor'))).toMatchObject({ store: 'file', persistent: true, degraded: [] })
  }, 240_000)

  it('P3 J9 A1 six processes whose token is spent refresh it once', async () => {
    const { server, process } = await application()
    const first = await process()
    await spentIn(first)
    const all = [first, ...(await Promise.all(Array.from({ length: 5 }, () => process())))]
    const answers = await Promise.all(all.map((child) => asked(child, 'fetch', 'fetched')))
    expect(new Set(answers)).toEqual(new Set(['"Bearer canary-at-1"']))
    // Who waits 2 s for the lock repeats the same attempt, which the server answers once more and does not count twice.
    expect(new Set(server.refreshes.map(({ token, attempt }) => `${token} ${attempt}`)).size).toBe(1)
  }, 240_000)

  it('P3 A11 a process that is killed while it refreshes costs nothing: the next one repeats its attempt', async () => {
    const { server, process } = await application()
    const [first, second] = [await process(), await process()]
    await spentIn(first)
    await second.line('state active')
    server.holdRefresh = true
    first.say('fetch')
    await eventually(() => expect(server.refreshes).toHaveLength(1))
    await first.kill()
    server.holdRefresh = false
    expect(await asked(second, 'fetch', 'fetched')).toBe('"Bearer canary-at-1"')
    expect(new Set(server.refreshes.map(({ attempt }) => attempt)).size).toBe(1)
  }, 240_000)

  it('P9 P10 one that has no key for the record takes nothing of what the others keep', async () => {
    const { content, directory, secret, process } = await application()
    await asked(await process(), `adopt ${tokens()}`, 'adopted')
    const { live } = (await desktop({ name: 'shared', directory, secrets: secretsIn(secret) }).open().store.read()) as Row
    const kept = join(content, 'files', live!.content.id)
    mkdirSync(kept, { recursive: true })
    const other = await process({ secret: join(newFolder(), 'no folder', 'secret') })
    expect(await other.line('started')).toBe('started "signed-out"')
    // What is erased after an end waits for the sweep of the start.
    await asked(other, `adopt ${tokens({ subject: 'jonas' })}`, 'adopted')
    await asked(other, 'out', 'out')
    expect([JSON.parse(await asked(other, 'doctor', 'doctor')), existsSync(kept)]).toMatchObject([{ store: 'memory' }, true])
  }, 240_000)

  it('P2 a process that is killed while it erases leaves a purge that the next start completes', async () => {
    const { content, process } = await application()
    const first = await process()
    await asked(first, `adopt ${tokens()}`, 'adopted')
    mkdirSync(join(content, 'recent'), { recursive: true })
    writeFileSync(join(content, 'own.txt'), 'of the application, and not registered')
    for (let file = 0; file < 6_000; file += 1) writeFileSync(join(content, 'recent', `${file}`), 'x')
    first.say('out')
    await vi.waitFor(() => expect(readdirSync(join(content, 'recent')).length).toBeLessThan(6_000), { interval: 1, timeout: 60_000 })
    await first.kill()
    const second = await process()
    expect(await second.line('started')).toBe('started "signed-out"')
    await eventually(async () => expect(JSON.parse(await asked(second, 'doctor', 'doctor'))).toMatchObject({ openJournals: 0, lastPurge: { complete: true } }))
    expect([existsSync(join(content, 'recent')), existsSync(join(content, 'own.txt'))]).toEqual([false, true])
  }, 240_000)

  it('P5 J11 two resumes of one sleep ask once, and a sleep that was slept through an end shows it', async () => {
    const { process } = await application()
    const [first, second] = [await process(), await process()]
    await asked(first, `adopt ${tokens()}`, 'adopted')
    await second.line('state active')
    second.say('slept')
    await asked(first, 'out', 'out')
    second.say('woke')
    second.say('woke')
    await second.line('end signed-out')
    expect(await asked(second, 'fetch', 'fetched')).toBe('failed signed-out')
    const { trace } = JSON.parse(await asked(second, 'doctor', 'doctor')) as { trace: { what?: string; event?: string }[] }
    expect(JSON.stringify(trace).match(/"woke"/g)).toHaveLength(1)
  }, 240_000)

  it('J12 ends by itself when its work is done, and leaves nothing behind when it is stopped', async () => {
    const { folder, process } = await application()
    const child = await process()
    await asked(child, `adopt ${tokens()}`, 'adopted')
    child.say('stop')
    expect([await child.over, child.errors()]).toEqual([0, ''])
    expect(everythingIn(folder).filter(({ isFolder }) => !isFolder).map(({ path }) => path)).toEqual(['record'])
  }, 240_000)

  it('P8 keep to folders and files of this person alone while they run', async () => {
    const { folder, process } = await application()
    const [first, second] = [await process(), await process()]
    await asked(first, `adopt ${tokens()}`, 'adopted')
    await second.line('state active')
    expect(everythingIn(folder).filter(({ path, mode, isFolder }) => !path.startsWith('content') && mode !== (isFolder ? '700' : '600'))).toEqual([])
  }, 240_000)
})
