/** A real keychain, one that is empty, one that is locked, and one that never answers. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { everythingIn, newFolder } from '../../test/folders.ts'
import { noKeyring, startKeyring, startSilentBus } from '../../test/keyring.ts'
import { startChild, type Child } from '../../test/processes.ts'
import { askApart } from './apart.ts'
import { eventually } from '../../test/eventually.ts'

const tokens = JSON.stringify({ accessToken: 'canary-at', refreshToken: 'canary-rt', subject: 'mira', expiresAt: 4_000_000_000_000 })
// Nothing listens there: nobody is asked.
const api = 'http://127.0.0.1:9'

async function started(directory: string, env: NodeJS.ProcessEnv): Promise<{ readonly child: Child; readonly status: string }> {
  const child = startChild('session', { directory, api }, env)
  child.say('start')
  return { child, status: (await child.line('started')).slice('started '.length) }
}

async function asked(child: Child, command: string, answer: string): Promise<string> {
  child.say(command)
  return (await child.line(answer)).slice(answer.length + 1)
}

const doctor = async (child: Child): Promise<unknown> => JSON.parse(await asked(child, 'doctor', 'doctor'))

function use(env: NodeJS.ProcessEnv): void {
  vi.stubEnv('DBUS_SESSION_BUS_ADDRESS', env.DBUS_SESSION_BUS_ADDRESS)
  onTestFinished(() => void vi.unstubAllEnvs())
}

describe('with the keychain of the system', () => {
  it('P10 J1 J6 a session is there again after all processes were killed, and the keychain holds one short line', async ({ skip }) => {
    if (noKeyring !== undefined) skip(noKeyring)
    const [directory, env] = [newFolder(), await startKeyring('open')]
    const first = await started(directory, env)
    expect([first.status, await asked(first.child, `adopt ${tokens}`, 'adopted')]).toEqual(['"signed-out"', '"active"'])
    await first.child.kill()
    const second = await started(directory, env)
    expect(second.status).toBe('"active"')
    expect(await doctor(second.child)).toMatchObject({ store: 'file', persistent: true, degraded: [] })
    use(env)
    expect(await askApart({ service: '3dimli.shared', account: 'record' })).toMatch(/^[\w-]{43}$/)
    for (const { bytes } of everythingIn(directory)) expect(bytes.includes('canary')).toBe(false)
  }, 240_000)

  it('P10 J8 processes that start for the first time at once agree on one key', async ({ skip }) => {
    if (noKeyring !== undefined) skip(noKeyring)
    const [directory, env] = [newFolder(), await startKeyring('open')]
    const all = await Promise.all([1, 2, 3, 4].map(() => started(directory, env)))
    await asked(all[0]!.child, `adopt ${tokens}`, 'adopted')
    await Promise.all(all.map(({ child }) => child.line('state active')))
    for (const { child } of all) expect(await doctor(child)).toMatchObject({ store: 'file', degraded: [] })
  }, 240_000)

  it('P4 J3 one that was reset costs the session, says so, and what it cannot open is kept aside', async ({ skip }) => {
    if (noKeyring !== undefined) skip(noKeyring)
    const directory = newFolder()
    const first = await started(directory, await startKeyring('open'))
    await asked(first.child, `adopt ${tokens}`, 'adopted')
    await first.child.kill()
    const second = await started(directory, await startKeyring('another'))
    expect(second.status).toBe('"signed-out"')
    expect(await doctor(second.child)).toMatchObject({ store: 'file', degraded: ['the keychain holds another key than the one this record was written with'] })
    await asked(second.child, `adopt ${tokens}`, 'adopted')
    expect(existsSync(join(directory, '3dimli.shared', 'record.unreadable'))).toBe(true)
  }, 240_000)

  it('P8 J1 one that is locked, with nobody to unlock it, keeps the session in memory and nothing on the disk', async ({ skip }) => {
    if (noKeyring !== undefined) skip(noKeyring)
    const directory = newFolder()
    const { child, status } = await started(directory, await startKeyring(undefined))
    expect([status, await asked(child, `adopt ${tokens}`, 'adopted')]).toEqual(['"signed-out"', '"active"'])
    expect(await doctor(child)).toMatchObject({ store: 'memory', persistent: false, degraded: ['the keychain cannot be used: the session lives only in this process'] })
    expect(existsSync(join(directory, '3dimli.shared', 'record'))).toBe(false)
  }, 240_000)

  it('P8 J1 J4 none at all is no reason to write in the clear, or into a store that forgets', async () => {
    const directory = newFolder()
    const { child, status } = await started(directory, { ...process.env, DBUS_SESSION_BUS_ADDRESS: '', DISPLAY: '', XDG_RUNTIME_DIR: newFolder() })
    expect(status).toBe('"signed-out"')
    await asked(child, `adopt ${tokens}`, 'adopted')
    expect(await doctor(child)).toMatchObject({ store: 'memory', persistent: false, degraded: ['the keychain cannot be used: the session lives only in this process'] })
    for (const { bytes } of everythingIn(directory)) expect(bytes.includes('canary')).toBe(false)
  }, 240_000)
})

describe('J1 a keychain that never answers', () => {
  it('is given up at the deadline, and the process that asked it is gone', async () => {
    const { env, calls } = await startSilentBus()
    use(env)
    await expect(askApart({ service: '3dimli.x', account: 'record' }, 1_000)).rejects.toThrow('did not answer')
    await eventually(() => expect(calls.size).toBe(0))
  }, 240_000)

  it('J12 keeps no process from ending, nor does it stop it meanwhile', async () => {
    const { env, calls, called } = await startSilentBus()
    const child = startChild('session', { directory: newFolder(), api }, env)
    child.say('start')
    await called
    expect(JSON.parse(await asked(child, 'doctor', 'doctor'))).toMatchObject({ openJournals: 0 })
    child.say('exit')
    expect(await child.over).toBe(0)
    await eventually(() => expect(calls.size).toBe(0))
  }, 240_000)

  it('J12 and whose asker was killed leaves no process behind', async () => {
    const { env, calls, called } = await startSilentBus()
    const child = startChild('session', { directory: newFolder(), api }, env)
    child.say('start')
    await called
    await child.kill()
    await eventually(() => expect(calls.size).toBe(0))
  }, 240_000)
})
