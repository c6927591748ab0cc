/** A way to an address that only this person may see, through a command line that everybody on the machine can read. */
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { isOwn, tellsPeers } from './peer.ts'
import { addressOf, host, listening } from './port.ts'

/** As long as a person has to sign in. */
const openMs = 300_000

/** A door that is open. */
export interface Door {
  /** What may be seen by everybody. */
  readonly address: URL
  /** Resolves when this person's browser has come; rejects when none did. */
  readonly passed: Promise<void>
  close(): void
}

/** Opens a door to `url`, for one request of this person. Nothing of it keeps the process alive. */
export async function openDoor(url: URL): Promise<Door> {
  if (!(await tellsPeers())) throw new Error('This system does not tell whose browser asks.')
  const { createServer } = await import('node:http')
  const server = createServer()
  const address = new URL(`http://${host}:${await listening(server, 0)}/${randomBytes(16).toString('base64url')}`)
  server.unref()
  const { promise: passed, resolve, reject } = Promise.withResolvers<void>()
  let isUsed = false

  const close = (): void => {
    clearTimeout(timer)
    server.close()
    server.closeAllConnections()
  }
  const timer = setTimeout(() => {
    close()
    reject(new Error('No browser came.'))
  }, openMs).unref()

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const isAsked = addressOf(request, address) !== undefined && (await isOwn(request.socket))
    if (!isAsked || isUsed) return void response.writeHead(404, { connection: 'close' }).end()
    isUsed = true
    const gone = once(response, 'close')
    response.writeHead(302, { location: url.href, 'cache-control': 'no-store', 'referrer-policy': 'no-referrer', connection: 'close' }).end()
    await gone
    resolve()
  }
  server.on('request', (request, response) => void answer(request, response).catch(() => response.destroy()))
  // Nobody may wait for it.
  passed.catch(() => undefined)
  return { address, passed, close }
}
