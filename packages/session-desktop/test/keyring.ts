/** A message bus of one's own, with a gnome-keyring on it; and a bus that takes every call and answers none. */
import { spawn, spawnSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { newFolder } from './folders.ts'

const isThere = (command: string): boolean => spawnSync('sh', ['-c', `command -v ${command}`]).status === 0

/** Why there is no keychain to test with, or undefined. */
export const noKeyring: string | undefined =
  process.platform !== 'linux' ? 'the keychain of this system is a person\'s own' : ['dbus-run-session', 'gnome-keyring-daemon'].every(isThere) ? undefined : 'gnome-keyring and dbus-run-session are not installed'

/** Starts an empty keyring; without a password nothing is unlocked. Resolves with what a process needs to use it. */
export async function startKeyring(password: string | undefined): Promise<NodeJS.ProcessEnv> {
  const home = newFolder()
  mkdirSync(join(home, 'run'), { mode: 0o700 })
  const env = { ...process.env, HOME: home, XDG_RUNTIME_DIR: join(home, 'run'), XDG_DATA_HOME: join(home, 'data') }
  const unlock = password === undefined ? 'gnome-keyring-daemon --start --components=secrets' : `printf '${password}\\n' | gnome-keyring-daemon --unlock --components=secrets`
  const bus = spawn('dbus-run-session', ['--', 'sh', '-c', `${unlock} > /dev/null; echo $DBUS_SESSION_BUS_ADDRESS; exec cat`], { env, stdio: ['pipe', 'pipe', 'ignore'] })
  const ended = new Promise((resolve) => bus.on('exit', resolve))
  onTestFinished(async () => {
    bus.stdin.end()
    await ended
  })
  const address = await new Promise<string>((resolve) => bus.stdout.once('data', (chunk) => resolve(String(chunk).trim())))
  return { ...env, DBUS_SESSION_BUS_ADDRESS: address }
}

/** Starts a bus that never answers; `calls` are the connections that are open. */
export async function startSilentBus(): Promise<{ readonly env: NodeJS.ProcessEnv; readonly calls: ReadonlySet<Socket>; readonly called: Promise<void> }> {
  const path = join(newFolder(), 'bus')
  const calls = new Set<Socket>()
  const first = Promise.withResolvers<void>()
  const server = createServer((socket) => {
    calls.add(socket)
    socket.on('data', () => first.resolve()).on('error', () => undefined).on('close', () => calls.delete(socket))
  })
  await new Promise<void>((resolve) => server.listen(path, resolve))
  onTestFinished(() => {
    for (const call of calls) call.destroy()
    server.close()
  })
  return { env: { ...process.env, DBUS_SESSION_BUS_ADDRESS: `unix:path=${path}` }, calls, called: first.promise }
}
