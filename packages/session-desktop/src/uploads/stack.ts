/** Sends the requests of tus-js-client: over connections that an abort resets, with bodies that end with their request. */
import { Agent, request as sendOpen, type ClientRequest, type IncomingMessage } from 'node:http'
import { Agent as SecureAgent, request as sendSecure } from 'node:https'
import { connect, type Socket } from 'node:net'
import { connect as connectSecure } from 'node:tls'
import type { HttpRequest, HttpResponse, HttpStack } from 'tus-js-client'

/** A connection on which nothing moves for so long is given up. The last answer may take its time: the server looks at the whole file. */
const stillMs = 60_000

/** Characters. An answer to an upload has no body, or a few words of why not. */
const longestAnswer = 65_536

/** A part of a file: how many bytes it has, and all of them. */
export interface Body {
  readonly size: number
  /** A piece is as it was until the next is asked for. */
  pieces(): AsyncIterable<Uint8Array>
}

/** The connections of one process. */
export interface Connections {
  /** What tus-js-client sends with; once the signal aborts, nothing more is sent, and what the system still held back is thrown away. */
  stack(signal: AbortSignal): HttpStack
  close(): void
}

/** Makes the connections. */
export function createConnections(): Connections {
  const open = new Agent({ keepAlive: true })
  const secure = new SecureAgent({ keepAlive: true, ALPNProtocols: ['http/1.1'] })
  // A connection can be reset only below its encryption.
  const below = new WeakMap<object, Socket>()
  secure.createConnection = (options, done) => {
    const raw = connect({ ...options, host: options.host ?? 'localhost', port: Number(options.port) })
    const failed = (error: Error): void => done?.(error, raw)
    raw.once('error', failed)
    raw.once('connect', () => {
      raw.off('error', failed)
      const socket = connectSecure({ ...options, socket: raw } as never)
      below.set(socket, raw)
      done?.(null, socket)
    })
    return undefined
  }

  const reset = (request: ClientRequest): void => {
    const { socket } = request
    if (socket) (below.get(socket) ?? socket).resetAndDestroy()
    request.destroy()
  }

  const send = (method: string, url: string, headers: Record<string, string>, body: Body | null, signal: AbortSignal, sent: (bytes: number) => void): Promise<HttpResponse> => {
    const isSecure = url.startsWith('https:')
    return new Promise((resolve, reject) => {
      signal.throwIfAborted()
      const length = body ? { 'content-length': String(body.size) } : {}
      const request = (isSecure ? sendSecure : sendOpen)(url, { method, headers: { ...headers, ...length }, agent: isSecure ? secure : open })
      const abort = (): void => {
        reject(signal.reason as Error)
        reset(request)
      }
      signal.addEventListener('abort', abort, { once: true })
      request.setTimeout(stillMs, () => request.destroy(new Error('Nothing moved on the connection.')))
      request.on('close', () => signal.removeEventListener('abort', abort)).on('error', reject)
      request.on('response', (response) => {
        textOf(response).then((text) => {
          resolve(answerOf(response, text))
          // The rest of a body that nobody wants is not sent.
          if (!request.writableFinished) request.destroy()
        }, reject)
      })
      if (!body) return void request.end()
      write(body, request, sent).catch((error: unknown) => {
        reject(error as Error)
        request.destroy()
      })
    })
  }

  return {
    stack: (signal) => ({
      getName: () => '3dimli',
      createRequest(method, url): HttpRequest {
        const headers: Record<string, string> = {}
        let sent = (_bytes: number): void => {}
        return {
          getMethod: () => method,
          getURL: () => url,
          setHeader: (name, value) => void (headers[name] = value),
          getHeader: (name) => headers[name],
          setProgressHandler: (handler) => void (sent = handler),
          send: (body: Body | null = null) => send(method, url, headers, body, signal, (bytes) => sent(bytes)),
          abort: async () => undefined,
          getUnderlyingObject: () => undefined,
        }
      },
    }),
    close() {
      open.destroy()
      secure.destroy()
    },
  }
}

/** Writes a body and ends the request; asks for the next piece when the system has taken the one before. */
async function write(body: Body, request: ClientRequest, sent: (bytes: number) => void): Promise<void> {
  const closed = new Promise<never>((_, reject) => void request.once('close', () => reject(new Error('The connection was closed.'))))
  closed.catch(() => undefined)
  let bytes = 0
  for await (const piece of body.pieces()) {
    bytes += piece.length
    sent(bytes)
    const taken = new Promise<void>((resolve, reject) => void request.write(piece, (error) => (error ? reject(error) : resolve())))
    // Of a request that never had a connection nobody tells.
    await Promise.race([taken, closed])
  }
  request.end()
}

async function textOf(response: IncomingMessage): Promise<string> {
  let text = ''
  for await (const piece of response.setEncoding('utf8')) {
    text += piece as string
    if (text.length > longestAnswer) throw new Error('The answer is too long.')
  }
  return text
}

function answerOf(response: IncomingMessage, text: string): HttpResponse {
  return {
    getStatus: () => response.statusCode ?? 0,
    getHeader: (name) => response.headers[name.toLowerCase()]?.toString(),
    getBody: () => text,
    getUnderlyingObject: () => response,
  }
}
