// One node of a fleet, as a host would write it on node:http: the session server over a Redis that it shares with the others. Run by fleet.ts as a process.
import { rmSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { ReadableStream } from 'node:stream/web'
import { createSessionServer, isStoreUnavailable } from '@3dimli/session-server'
import { redisStore } from '@3dimli/session-server/redis'
import { createStatusLists } from '@3dimli/session-server/status-list'
import { Redis } from 'ioredis'
import { listOptions } from './list-options.ts'

const { socket, redis, issuer } = JSON.parse(process.argv[2]!) as { socket: string; redis: string; issuer: string }

const client = new Redis({ path: redis, lazyConnect: true })
const sidOf = (request: Request) => /^Bearer (.+)$/.exec(request.headers.get('authorization') ?? '')?.[1]
const lists = createStatusLists(listOptions(issuer))
const server = createSessionServer({
  issuer,
  store: lists.keep(redisStore({ client })),
  // None within a test, for a heartbeat looks at the row too: what the stream of changes did not tell, nothing tells.
  heartbeatMs: 600_000,
  authenticate: async (request) => {
    const sid = sidOf(request)
    return sid === undefined ? undefined : { sid, subject: `subject of ${sid}` }
  },
})

/** What an administrator asks: `POST /suspend/…`, `/resume/…`, `/end/…`. */
async function administer(path: string): Promise<Response> {
  const [, act, sid = ''] = path.split('/')
  try {
    if (act === 'suspend') await server.suspend(sid)
    else if (act === 'resume') await server.resume(sid)
    else return Response.json(await server.end(sid, { initiatingEntity: 'admin', reason: 'policy' }))
    return Response.json({})
  } catch (error) {
    if (isStoreUnavailable(error)) return new Response('Not done. Try again.', { status: 503 })
    throw error
  }
}

const feeds = new Set<ServerResponse>()
// A sign of life all the same: now and then nginx leaves a stream of HTTP/2 open whose node was killed.
setInterval(() => {
  for (const feed of feeds) feed.write(':\n\n')
}, 2_000)

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { method = 'GET', url = '/', headers } = request
  const asked = new Request(`http://node${url}`, { method, headers: Object.entries(headers).filter((pair): pair is [string, string] => typeof pair[1] === 'string') })
  const { status, headers: said, body } = method === 'POST' ? await administer(url) : ((await server.handle(asked)) ?? (await lists.handle(asked)) ?? new Response(null, { status: 404 }))
  response.writeHead(status, Object.fromEntries(said))
  response.flushHeaders()
  if (said.get('content-type') === 'text/event-stream') {
    feeds.add(response)
    response.once('close', () => feeds.delete(response))
  }
  if (body) await pipeline(Readable.fromWeb(body as ReadableStream<Uint8Array>), response)
  else response.end()
}

// What a killed process leaves of its socket is in the way of the next.
rmSync(socket, { force: true })
createServer((request, response) => {
  answer(request, response).catch(() => response.destroy())
}).listen(socket, () => console.log('ready'))
