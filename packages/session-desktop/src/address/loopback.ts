/** Listens on 127.0.0.1 for the answer of one sign-in, and shows in the browser what came of it (RFC 8252, sections 7.3 and 8.3). */
import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Address, Clock, SignInOutcome } from '@3dimli/session/platform'
import { page, type Shown } from './page.ts'
import { addressOf, host, listening } from './port.ts'

/** How long whoever comes after a time-out is told so. */
const lateMs = 60_000

/** Makes the `listen` of an address port. `title` is what people call the application. */
export function loopback({ clock, title }: { readonly clock: Clock; readonly title: string }): NonNullable<Address['listen']> {
  return async ({ redirectUri, state, signal }) => {
    const wanted = readRedirectUri(redirectUri)
    // Loading it leaves two globals of Node's own, which an import of this package must not.
    const { createServer } = await import('node:http')
    signal.throwIfAborted()
    const server = createServer()
    const own = new URL(wanted)
    own.port = String(await listening(server, Number(wanted.port)))
    const waiting = new Set<ServerResponse>()
    const { promise: answer, resolve: found } = Promise.withResolvers<URL>()
    let outcome: SignInOutcome | undefined
    let cancel = (): void => {}

    const show = (response: ServerResponse, what: Shown): Promise<unknown> => {
      const { status, headers, body } = page(what, title)
      const gone = response.destroyed || once(response, 'close')
      response.writeHead(status, { ...headers, connection: 'close' }).end(body)
      return Promise.resolve(gone)
    }

    const shut = (): void => {
      cancel()
      signal.removeEventListener('abort', abort)
      server.close()
      server.closeAllConnections()
    }

    const close = async (result: SignInOutcome): Promise<void> => {
      if (outcome) return
      outcome = result
      const told = waiting.size > 0
      await Promise.all([...waiting].map((response) => show(response, result)))
      if (result !== 'timeout' || told || signal.aborted) shut()
      else cancel = clock.timer(lateMs, shut)
    }
    const abort = (): void => void (outcome ? shut() : close('failed'))

    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      const url = addressOf(request, own)
      if (!url) return void response.writeHead(404, { connection: 'close' }).end()
      const given = url.searchParams
      const ours = given.getAll('state').join() === state && (given.has('code') || given.has('error'))
      if (!ours) return void show(response, 'strange')
      if (outcome) return void show(response, outcome).then(shut)
      waiting.add(response)
      response.on('close', () => waiting.delete(response))
      found(url)
    })
    // The sign-in keeps the process alive, not its port.
    server.unref()
    signal.addEventListener('abort', abort)
    return { redirectUri: own.href, answer, close }
  }
}

function readRedirectUri(redirectUri: string): URL {
  const url = new URL(redirectUri)
  if (url.protocol !== 'http:' || url.hostname !== host) throw new TypeError(`"redirectUri" must be http://${host}/…, with or without a port: an answer can come back to nowhere else here`)
  return url
}
