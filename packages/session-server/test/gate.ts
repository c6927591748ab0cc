/** A way to a server that a test opens and shuts: connections are refused or cut, and an answer is lost on its way back. */
import { mkdtempSync, rmSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** The way. */
export interface Gate {
  readonly path: string
  /** Cuts what is open and refuses what comes, until {@link Gate.open}. */
  shut(): void
  open(): void
  /** The next request that has this in it reaches the server, and its answer is lost with the connection; with `shut` the way is shut then. */
  loseAnswerTo(text: string, shut?: boolean): void
  close(): void
}

/** Makes a way to the server that listens at `to`. */
export async function createGate(to: string): Promise<Gate> {
  const folder = mkdtempSync(join(tmpdir(), 'gate-'))
  const path = join(folder, 'socket')
  const sockets = new Set<Socket>()
  let isOpen = true
  let losing: { text: string; shut: boolean } | undefined
  const server = createServer((client) => {
    if (!isOpen) return void client.destroy()
    const beyond = connect(to)
    let lose = false
    for (const [socket, other] of [[client, beyond], [beyond, client]] as const) {
      sockets.add(socket)
      socket.on('error', () => undefined).on('close', () => {
        sockets.delete(socket)
        other.destroy()
      })
    }
    client.on('data', (chunk) => {
      if (losing && chunk.includes(losing.text)) {
        lose = true
        if (losing.shut) isOpen = false
        losing = undefined
      }
      beyond.write(chunk)
    })
    beyond.on('data', (chunk) => {
      if (lose) client.destroy()
      else client.write(chunk)
    })
  })
  await new Promise<void>((resolve) => server.listen(path, resolve))
  const cut = (): void => {
    for (const socket of sockets) socket.destroy()
  }
  return {
    path,
    shut() {
      isOpen = false
      cut()
    },
    open() {
      isOpen = true
    },
    loseAnswerTo(text, shut = false) {
      losing = { text, shut }
    },
    close() {
      cut()
      server.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
