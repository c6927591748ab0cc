// The fault proxy: stands between the browser and the provider, and does to chosen requests what bad networks do.
import { createServer, request as ask, type IncomingMessage, type OutgoingHttpHeaders, type Server, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { listen } from './driver.ts'

export interface Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly path: string
  /** Lets the server answer, or another on this port, and resolves with its answer before anything of it went on. */
  forward(port?: number): Promise<IncomingMessage>
  /** Passes an answer on. */
  pass(answer: IncomingMessage, headers?: OutgoingHttpHeaders): void
  /** Headers that let the page read what the proxy says by itself. */
  readonly readable: OutgoingHttpHeaders
}

/** What is done to one request instead of passing it on. */
export type Fault = (exchange: Exchange) => unknown

export interface Rule {
  readonly fault: Fault
  /** Only requests of the page at this origin. */
  readonly from?: string
  /** Only paths that match; default: all. */
  readonly on?: RegExp
  /** Ends by itself after so many; default: never. */
  readonly times?: number
}

export interface Standing {
  /** Paths it was applied to, in their order. */
  readonly hits: readonly string[]
  lift(): void
}

export interface Proxy {
  readonly port: number
  /** Every request that arrived, preflights left out. */
  readonly seen: readonly { readonly from: string | undefined; readonly path: string; readonly at: number }[]
  /** Applies a fault to whatever matches from now on; the newest rule wins. Preflights pass. */
  add(rule: Rule): Standing
  /** Resets what is being answered for the page at this origin; without it, every connection, kept-alive ones too. */
  cut(from?: string): void
  /** Refuses new connections until `accept`; those there are go on. */
  refuse(): void
  accept(): Promise<void>
  close(): Promise<void>
}

export async function createProxy(target: number, port = 0): Promise<Proxy> {
  const rules = new Set<Rule & { hits: string[] }>()
  const sockets = new Set<Socket>()
  const seen: { from: string | undefined; path: string; at: number }[] = []
  const answering = new Map<ServerResponse, string | undefined>()

  function handle(request: IncomingMessage, response: ServerResponse): void {
    const path = (request.url ?? '/').split('?', 1)[0]!
    const { origin } = request.headers
    answering.set(response, origin)
    response.once('close', () => answering.delete(response))
    const exchange: Exchange = {
      request, response, path,
      readable: { 'access-control-allow-origin': origin ?? '*', 'access-control-expose-headers': 'WWW-Authenticate, DPoP-Nonce, Retry-After, Date' },
      forward: (to = target) =>
        new Promise((resolve, reject) => {
          const onward = ask({ host: '127.0.0.1', port: to, method: request.method, path: request.url, headers: request.headers }, resolve)
          onward.once('error', reject)
          response.once('close', () => onward.destroy())
          request.pipe(onward)
        }),
      pass(answer, headers = {}) {
        answer.once('error', () => response.destroy())
        response.writeHead(answer.statusCode ?? 502, { ...answer.headers, ...headers })
        response.flushHeaders()
        answer.pipe(response)
      },
    }
    if (request.method !== 'OPTIONS') seen.push({ from: origin, path, at: Date.now() })
    const rule = request.method === 'OPTIONS' ? undefined : [...rules].reverse().find(({ from, on }) => (from ?? origin) === origin && (on ?? /^/).test(path))
    rule?.hits.push(path)
    if (rule && rule.hits.length >= (rule.times ?? Number.POSITIVE_INFINITY)) rules.delete(rule)
    const fault: Fault = rule?.fault ?? (async ({ forward, pass }) => pass(await forward()))
    Promise.resolve(fault(exchange)).catch(() => response.destroy())
  }

  let server: Server
  const openAt = (at: number): Promise<number> => {
    server = createServer({ keepAliveTimeout: 60_000 }, handle)
    server.on('connection', (socket: Socket) => {
      sockets.add(socket)
      socket.once('close', () => sockets.delete(socket))
    })
    return listen(server, at)
  }
  const bound = await openAt(port)

  return {
    port: bound,
    seen,
    add(rule) {
      const standing = { ...rule, hits: [] }
      rules.add(standing)
      return { hits: standing.hits, lift: () => void rules.delete(standing) }
    },
    cut(from) {
      if (from === undefined) for (const socket of sockets) socket.resetAndDestroy()
      else for (const [response, origin] of answering) if (origin === from) response.socket?.resetAndDestroy()
    },
    refuse: () => void server.close(),
    accept: async () => void (await openAt(bound)),
    async close() {
      server.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}
