/** The authority, assembled: one HTTP server with the provider, the session endpoints, the API and the administration. */
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as after } from 'node:timers/promises'
import { createRefreshReplay, createSessionServer, type TokenAnswer } from '@3dimli/session-server'
import { getRequestListener, type HttpBindings } from '@hono/node-server'
import { serveStatic } from '@hono/node-server/serve-static'
import { Hono } from 'hono'
import { HTTPException } from 'hono/http-exception'
import { decodeJwt } from 'jose'
import { createAccessCheck } from './access.ts'
import { createAdmin } from './admin/admin.ts'
import { createAdminLogins } from './admin/logins.ts'
import { createApi } from './api/api.ts'
import { createAssets } from './api/assets.ts'
import { createGuard, refused } from './api/guard.ts'
import { createShop } from './api/shop.ts'
import { createUploads } from './api/uploads.ts'
import { bounded } from './bounded.ts'
import { answerCors } from './cors.ts'
import { openDatabase } from './database.ts'
import { loadKeys } from './keys.ts'
import type { Authority, AuthorityOptions } from './options.ts'
import { pageHeaders } from './pages/headers.ts'
import { homePage } from './pages/pages.ts'
import { createProvider } from './provider.ts'
import { createProviderStore } from './provider-store.ts'
import { sqliteReplayStore, sqliteSessionStore } from './session-store.ts'
import { createSignIn } from './sign-in.ts'
import { createLists } from './status-lists.ts'
import { watchTokens } from './token-endpoint.ts'

const day = 86_400

/**
 * Starts an authority on 127.0.0.1.
 *
 * @example
 * ```ts
 * const authority = await startAuthority({ port: 0, storefront: 'http://localhost:4401' })
 * await authority.close()
 * ```
 */
export async function startAuthority(options: AuthorityOptions = {}): Promise<Authority> {
  const { port: wanted = 4400, storefront = 'http://localhost:4401', dataDir = ':memory:', idempotentRefresh = true, dpop = true, dpopNonce = false } = options
  const { accessTokenSeconds = 300, sessionSeconds = 30 * day, idleSeconds = 14 * day, deviceIntervalSeconds = 5, observe = () => {}, contract = 'full' } = options
  const plain = contract === 'plain'
  const origins = [storefront].flat()
  let answer = (_request: IncomingMessage, response: ServerResponse): unknown => response.writeHead(503, { 'Retry-After': '1' }).end()
  const http = createServer((request, response) => void answer(request, response))
  const port = await listen(http, wanted)
  const issuer = `http://localhost:${port}`

  let feeds = 0

  const database = openDatabase(dataDir)
  const keys = await loadKeys(database)
  const store = createProviderStore(database)
  const access = createAccessCheck(issuer, keys.publicKey)
  const lists = createLists(issuer, keys, options.statusListSeconds ?? 60)
  const sessions = lists.keep(sqliteSessionStore(database))
  const server = createSessionServer({
    issuer,
    store: sessions,
    authenticate: access.identify,
    authorize: async (request) => {
      const found = await access.check(request)
      return 'error' in found ? refused(found) : found
    },
    onEnd(row) {
      store.dropSignIn(row.sid)
      observe({ type: 'ended', sid: row.sid, at: row.end!.at })
    },
    onFeeds(open) {
      feeds = open
      observe({ type: 'feed', open })
    },
    onError: (error) => console.error(error),
    origins,
    ...(options.heartbeatMs === undefined ? {} : { heartbeatMs: options.heartbeatMs }),
  })

  const refusal = (answer: TokenAnswer) => server.grantError(String(decodeJwt(String(answer['access_token']))['sid']))
  const replay = idempotentRefresh ? createRefreshReplay({ refusal, store: sqliteReplayStore(database) }) : undefined
  const provider = createProvider({ issuer, origins, store, keys, metadata: plain ? {} : { ...server.metadata, ...lists.metadata }, accessTokenSeconds, idleSeconds, idempotentRefresh, dpop, dpopNonce })
  provider.on('server_error', (_ctx, error) => console.error(error))
  watchTokens(provider, { server, store, replay, sessionSeconds, idleSeconds, deviceIntervalSeconds, plain, observe, beforeRefreshAnswer: options.beforeRefreshAnswer })

  const app = new Hono<{ Bindings: HttpBindings }>()
  app.use('/static/*', serveStatic({ root: `${import.meta.dirname}/../public`, rewriteRequestPath: (path) => path.slice('/static'.length) }))
  app.get('/', (c) => c.html(homePage(origins[0]!), 200, pageHeaders()))
  for (const path of ['/admin/*', '/interaction/*', '/api/cart', '/api/orders']) app.use(path, bounded)
  const guard = createGuard(access, server, plain)
  const files = dataDir === ':memory:' ? mkdtempSync(join(tmpdir(), '3dimli-uploads-')) : join(dataDir, 'uploads')
  app.route('/api', createApi({
    guard, shop: createShop(database), uploads: createUploads({ guard, server, assets: createAssets(database), folder: files, observe }), observe, downloadBytesPerSecond: options.downloadBytesPerSecond,
  }))
  app.route('/admin', createAdmin(server, createAdminLogins(database), port))
  app.route('/interaction', createSignIn(provider, origins))
  app.onError((error, c) => {
    if (error instanceof HTTPException) return error.getResponse()
    console.error(error)
    return c.text('Something went wrong.', 500)
  })

  const ours = getRequestListener(async (request, env) => (await server.handle(request)) ?? (await lists.handle(request)) ?? app.fetch(request, env), { overrideGlobalObjects: false })
  const theirs = provider.callback()
  answer = (request, response) => {
    const path = (request.url ?? '/').split('?', 1)[0]!
    if (!plain && /^\/(sessions?|status-lists)(\/|$)/.test(path)) return ours(request, response)
    if (answerCors(request, response, origins)) return undefined
    return /^\/(api|admin|interaction|static)(\/|$)|^\/$/.test(path) ? ours(request, response) : theirs(request, response)
  }

  const stop = async (): Promise<void> => {
    const listeners = feeds
    server.drain()
    // The goodbyes are on their way; closing the connections at once would overtake them.
    if (listeners > 0) await after(20)
    const closed = once(http, 'close')
    http.close()
    http.closeAllConnections()
    await closed
    database.close()
    if (dataDir === ':memory:') rmSync(files, { recursive: true, force: true })
  }
  let stopping: Promise<void> | undefined

  return {
    issuer,
    port,
    sessions: () => server.list(),
    end: (sid, how = {}) => server.end(sid, { initiatingEntity: 'admin', ...how }),
    suspend: server.suspend,
    resume: server.resume,
    close: () => (stopping ??= stop()),
  }
}

async function listen(http: ReturnType<typeof createServer>, port: number): Promise<number> {
  http.listen(port, '127.0.0.1')
  try {
    await once(http, 'listening')
  } catch (cause) {
    const taken = (cause as NodeJS.ErrnoException).code === 'EADDRINUSE'
    throw new Error(taken ? `Port ${port} is taken by another program.` : `Port ${port} cannot be listened on.`, { cause })
  }
  return (http.address() as AddressInfo).port
}
