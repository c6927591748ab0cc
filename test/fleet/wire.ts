// Requests through a front, by HTTP/1.1 or HTTP/2, on Node's own clients: one function for both.
import { request as request1 } from 'node:http'
import { type ClientHttp2Session, connect } from 'node:http2'
import type { Readable } from 'node:stream'
import type { Front } from './fleet.ts'

export interface Answer {
  readonly status: number
  readonly body: Readable
}

/** Below what nginx allows on one connection. */
const streamsEach = 100

export interface Wire {
  /** Rejects when the connection is refused or lost before the answer begins; `signal` ends the answer too. */
  send(front: Front, path: string, options?: { method?: string; headers?: Record<string, string>; signal?: AbortSignal }): Promise<Answer>
  close(): void
}

export function createWire(): Wire {
  const sessions = new Map<Front, { session: ClientHttp2Session; streams: number }[]>()

  function sessionTo(front: Front) {
    const own = sessions.get(front) ?? []
    const usable = own.filter(({ session }) => !session.closed && !session.destroyed)
    const free = usable.find(({ streams }) => streams < streamsEach)
    if (free) return free
    const session = connect(`https://127.0.0.1:${front.port}`, { rejectUnauthorized: false })
    // Its streams fail with it, and each of them is told.
    session.on('error', () => undefined)
    const made = { session, streams: 0 }
    sessions.set(front, [...usable, made])
    return made
  }

  return {
    send: (front, path, { method = 'GET', headers = {}, signal } = {}) =>
      new Promise((resolve, reject) => {
        if (!front.http2) {
          const asked = request1({ host: '127.0.0.1', port: front.port, path, method, headers, agent: false, ...(signal ? { signal } : {}) }, (body) => {
            resolve({ status: body.statusCode ?? 0, body: body.on('error', () => undefined) })
          })
          asked.on('error', reject).end()
          return
        }
        const connection = sessionTo(front)
        const stream = connection.session.request({ ':path': path, ':method': method, ...headers }, signal ? { signal } : {})
        connection.streams += 1
        stream.on('close', () => (connection.streams -= 1))
        stream.on('response', (said) => resolve({ status: said[':status'] ?? 0, body: stream })).on('error', reject)
        stream.on('close', () => reject(new Error('closed'))).end()
      }),
    close() {
      for (const { session } of [...sessions.values()].flat()) session.destroy()
    },
  }
}
