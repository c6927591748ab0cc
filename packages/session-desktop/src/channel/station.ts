/** One end of the channel: a socket that others write to, and the note by which they find it. */
import { chmod, mkdtemp, readdir, readFile, rename, rmdir, unlink, writeFile } from 'node:fs/promises'
import { connect, createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { codeOf, ensureFolder, unless } from '../folder.ts'
import { describeSelf, readOwner, standingOf } from '../lock/owner.ts'

const noteEnd = '.json'
/** The path of a socket is at most 103 bytes long on macOS, 107 on Linux. */
const longestPath = 100
/** The core's messages have a few hundred bytes. */
const longestMessage = 16_384
const waitMs = 1_000

/** Where a process listens, and who it is. */
interface Note {
  readonly address: string
  readonly owner: string
}

/** A station that listens. */
export interface Station {
  post(text: string): Promise<void>
  close(): Promise<void>
}

/** Opens a station in `folder`; `hear` gets whatever text arrives. Neither the listening nor what it accepted keeps the process alive. */
export async function openStation(folder: string, id: string, hear: (text: string) => void): Promise<Station> {
  await ensureFolder(folder)
  const address = await addressOf(folder, id)
  const server = await listen(address, hear)
  if (process.platform !== 'win32') await chmod(address, 0o600)
  const note = join(folder, id + noteEnd)
  const leaveNote = async (): Promise<void> => {
    const { token, ...owner } = await describeSelf(id)
    await writeFile(`${note}~`, JSON.stringify({ address, owner: JSON.stringify({ token, ...owner }) } satisfies Note), { mode: 0o600 })
    await rename(`${note}~`, note)
  }
  await leaveNote()

  return {
    async post(text) {
      const names = (await readdir(folder)).filter((name) => name.endsWith(noteEnd))
      // Somebody may have taken us for dead.
      if (!names.includes(id + noteEnd)) await leaveNote()
      await Promise.all(names.filter((name) => name !== id + noteEnd).map((name) => send(join(folder, name), text).catch(() => undefined)))
    },
    async close() {
      await unless(['ENOENT'], unlink(note))
      await new Promise((resolve) => server.close(resolve))
      await clearSocket(folder, address)
    },
  }
}

/** Under Windows a pipe with a name that nobody guesses; elsewhere a socket in the folder, or in one of its own where that path is too long. */
async function addressOf(folder: string, id: string): Promise<string> {
  if (process.platform === 'win32') return `\\\\.\\pipe\\3dimli-${id}`
  const near = join(folder, id)
  return Buffer.byteLength(near) <= longestPath ? near : join(await mkdtemp(join(tmpdir(), '3dimli-')), 's')
}

function listen(address: string, hear: (text: string) => void): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => {
      let text = ''
      socket.unref()
      socket.setEncoding('utf8').setTimeout(waitMs, () => socket.destroy())
      socket.on('error', () => undefined).on('end', () => hear(text)).on('data', (chunk: string) => {
        text += chunk
        if (text.length > longestMessage) socket.destroy()
      })
    })
    server.once('error', reject)
    server.listen(address, () => {
      server.off('error', reject).on('error', () => undefined)
      resolve(server)
    })
    server.unref()
  })
}

/** Tells one other station. What a dead process left is removed. */
async function send(path: string, text: string): Promise<void> {
  const read = await unless(['ENOENT'], readFile(path, 'utf8'))
  const { address, owner } = JSON.parse(read ?? '{}') as Partial<Note>
  if (address === undefined) return
  const failure = await write(address, text)
  if (failure !== 'ECONNREFUSED' && failure !== 'ENOENT') return
  if ((await standingOf(readOwner(owner ?? '', ''))) === 'alive') return
  await unless(['ENOENT'], unlink(path))
  await clearSocket(dirname(path), address)
}

function write(address: string, text: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect(address)
    socket.setTimeout(waitMs, () => socket.destroy())
    socket.on('error', (error) => resolve(codeOf(error))).on('close', () => resolve(undefined))
    // The system has it: a process that is stopped hears it later, and holds up nobody.
    socket.end(text, () => {
      socket.unref()
      resolve(undefined)
    })
  })
}

async function clearSocket(folder: string, address: string): Promise<void> {
  if (process.platform === 'win32') return
  await unless(['ENOENT', 'ENOTDIR'], unlink(address))
  if (dirname(address) !== folder) await unless(['ENOENT', 'ENOTEMPTY', 'ENOTDIR'], rmdir(dirname(address)))
}
