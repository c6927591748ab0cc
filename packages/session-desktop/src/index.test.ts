/** What an application gives to `desktop()`, and what that touches. */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { newFolder, everythingIn } from '../test/folders.ts'
import { dataHome } from './folder.ts'
import { desktop, type DesktopOptions } from './index.ts'
import { fileFlags, memoryFlows } from './notes/notes.ts'

describe('desktop()', () => {
  it.each([
    ['name', {}], ['name', { name: '' }], ['name', { name: 'a/b' }], ['name', { name: '..' }], ['directory', { name: 'x', directory: 'relative' }],
    ['secrets', { name: 'x', secrets: { read: async () => undefined } }], ['secrets', { name: 'x', secrets: null }], ['keychain', { name: 'x', keychain: true }], ['name', undefined],
    ['title', { name: 'x', title: '' }], ['title', { name: 'x', title: 3 }], ['open', { name: 'x', open: 'xdg-open' }],
  ])('names the option that is wrong: %s', (option, given) => {
    expect(() => desktop(given as unknown as DesktopOptions)).toThrow(TypeError)
    expect(() => desktop(given as unknown as DesktopOptions)).toThrow(`"${option}"`)
  })

  it('J12 J13 touches nothing before it is opened, and nothing on the disk before it is used', () => {
    const directory = newFolder()
    const platform = desktop({ name: 'x', directory })
    platform.woke()
    expect(platform.content).toBe(join(directory, '3dimli.x', 'content'))
    const ports = platform.open()
    expect([ports.address.current(), ports.degraded(), ports.wake.visible(), ports.flags.raised('ended:x')]).toEqual([undefined, [], true, false])
    ports.store.close()
    expect(everythingIn(directory)).toEqual([])
  })

  it('J12 J13 J14 is imported without a handle, a global or a word', () => {
    const script = `
      const keys = Reflect.ownKeys(globalThis).length
      const { desktop } = await import('@3dimli/session-desktop')
      desktop({ name: 'x' })
      console.log(JSON.stringify([process._getActiveHandles().length + process._getActiveRequests().length, Reflect.ownKeys(globalThis).length - keys, ['exit', 'beforeExit', 'SIGINT', 'uncaughtException'].map((name) => process.listenerCount(name))]))`
    const run = spawnSync(process.execPath, ['--input-type=module', '-e', script], { cwd: join(import.meta.dirname, '../../../test'), encoding: 'utf8', timeout: 120_000 })
    expect({ status: run.status, stderr: run.stderr, said: JSON.parse(run.stdout) as unknown }).toEqual({ status: 0, stderr: '', said: [0, 0, [0, 0, 0, 0]] })
  })

  it('lies where each system keeps what belongs to a person', () => {
    expect([
      dataHome('linux', {}, '/home/mira'), dataHome('linux', { XDG_DATA_HOME: '/data' }, '/home/mira'), dataHome('linux', { XDG_DATA_HOME: 'relative' }, '/home/mira'),
      dataHome('darwin', {}, '/Users/mira'), dataHome('win32', { APPDATA: '/roaming' }, '/users/mira'), dataHome('win32', {}, '/users/mira'),
    ]).toEqual(['/home/mira/.local/share', '/data', '/home/mira/.local/share', '/Users/mira/Library/Application Support', '/roaming', '/users/mira/AppData/Roaming'])
  })
})

describe('notes', () => {
  it('flags outlive the process, open to nobody else, and cost nothing where they cannot be raised', () => {
    const folder = join(newFolder(), 'flags')
    const name = 'ended:0123'
    expect([fileFlags(folder).raised(name), fileFlags(folder).raise(name), fileFlags(folder).raised(name)]).toEqual([false, true, true])
    expect(everythingIn(folder).map(({ path, mode }) => [path, mode])).toEqual([['ended%3A0123', '600']])
    fileFlags(folder).lower(name)
    fileFlags(folder).lower(name)
    expect([fileFlags(folder).raised(name), fileFlags(join(import.meta.filename, 'flags')).raise(name)]).toEqual([false, false])
  })

  it('of a sign-in are taken once, and never reach the disk', () => {
    const flows = memoryFlows()
    flows.put('sign-in', 'verifier')
    expect([flows.take('sign-in'), flows.take('sign-in')]).toEqual(['verifier', undefined])
  })
})
