/** The token and revocation endpoints in front of the provider: what they do to tokens also happens to sessions. */
import type { RefreshReplay, SessionServer } from '@3dimli/session-server'
import type { KoaContextWithOIDC, Provider } from 'oidc-provider'
import { formBytes } from './bounded.ts'
import { deviceOf } from './device.ts'
import type { AuthorityOptions, RefreshOutcome } from './options.ts'
import { createPace } from './pace.ts'
import type { ProviderStore } from './provider-store.ts'
import { createTurns } from './turns.ts'

/** What the endpoints are made of. */
export interface TokenSettings {
  readonly server: SessionServer
  readonly store: ProviderStore
  /** Absent where a lost answer stays lost. */
  readonly replay: RefreshReplay | undefined
  readonly sessionSeconds: number
  readonly idleSeconds: number
  readonly deviceIntervalSeconds: number
  /** Whether a refusal gives no reason. */
  readonly plain: boolean
  readonly observe: NonNullable<AuthorityOptions['observe']>
  readonly beforeRefreshAnswer: AuthorityOptions['beforeRefreshAnswer']
}

type Next = () => Promise<void>

/** Puts the endpoints in front of the provider's own. */
export function watchTokens(provider: Provider, settings: TokenSettings): void {
  const { server, observe } = settings
  const revoked = new WeakMap<object, string>()
  // The provider looks whether a token is spent and spends it in two steps: of two requests at once, neither would be reuse.
  const inTurn = createTurns()
  const pace = createPace(settings.deviceIntervalSeconds)
  provider.on('grant.revoked', (ctx, grantId) => void revoked.set(ctx.req, grantId))

  provider.use(async (ctx: KoaContextWithOIDC, next: Next) => {
    if (ctx.method !== 'POST') return next()
    if (ctx.path === '/token') return token(ctx, next)
    if (ctx.path === '/device/auth') return deviceCode(ctx, next)
    if (ctx.path === '/token/revocation') return revocation(ctx, next)
    return next()
  })

  /** A revoked refresh token is a sign-out. One that is not known, or was rotated, changes nothing. */
  async function revocation(ctx: KoaContextWithOIDC, next: Next): Promise<void> {
    await next()
    const sid = revoked.get(ctx.req)
    if (sid !== undefined) await settle(sid, { initiatingEntity: 'user', reason: 'signed-out-elsewhere' })
    observe({ type: 'revocation', status: ctx.status, known: sid !== undefined, at: Date.now() })
  }

  async function deviceCode(ctx: KoaContextWithOIDC, next: Next): Promise<void> {
    await next()
    if (ctx.status === 200) (ctx.body as Record<string, unknown>)['interval'] = settings.deviceIntervalSeconds
  }

  async function token(ctx: KoaContextWithOIDC, next: Next): Promise<void> {
    ctx.set('cache-control', 'no-store')
    const body = await read(ctx)
    if (!body) {
      ctx.status = 413
      ctx.set('connection', 'close')
      ctx.body = { error: 'invalid_request', error_description: 'The request is too long.' }
      return
    }
    const form = new URLSearchParams(body.toString())
    if (form.get('grant_type') === 'refresh_token') return refresh(ctx, next, body, form.get('refresh_token') ?? '')
    const code = form.get('device_code') ?? ''
    if (pace.tooSoon(code)) {
      ctx.status = 400
      ctx.body = { error: 'slow_down' }
      return
    }
    await next()
    if ((ctx.body as { error?: unknown } | undefined)?.error === 'authorization_pending') pace.waiting(code)
    const stolen = revoked.get(ctx.req)
    if (stolen !== undefined) await settle(stolen, { initiatingEntity: 'system', reason: 'token-reuse', disposition: 'lock' })
    if (ctx.status === 200) await begin(ctx)
  }

  async function begin(ctx: KoaContextWithOIDC): Promise<void> {
    const { AuthorizationCode, DeviceCode, Client } = ctx.oidc.entities
    const code = AuthorizationCode ?? DeviceCode
    if (!code?.grantId || !code.accountId) return
    const { grantId: sid, accountId: subject, sessionUid, authTime } = code
    if (sessionUid) settings.store.noteSignIn(sid, sessionUid)
    const { establishedAt: at } = await server.begin({
      sid,
      subject,
      client: Client?.clientName ?? code.clientId ?? '',
      device: Client?.applicationType === 'native' ? 'Desktop app' : deviceOf(ctx.get('user-agent')),
      ...(authTime === undefined ? {} : { authenticatedAt: authTime * 1000 }),
      expiresAt: Date.now() + settings.sessionSeconds * 1000,
      idleMs: settings.idleSeconds * 1000,
    })
    observe({ type: 'signed-in', sid, sub: subject, at })
  }

  async function refresh(ctx: KoaContextWithOIDC, next: Next, body: Buffer, presented: string): Promise<void> {
    const sid = settings.store.sidOf(presented)
    let rotated = false
    const ask = () => inTurn(presented, async () => {
      await next()
      rotated = ctx.status === 200
      return Response.json(ctx.body ?? {}, { status: ctx.status })
    })
    const before = sid === undefined ? undefined : await refusal(sid)
    const answered = before ?? (settings.replay ? await settings.replay.handle(asRequest(ctx, body), ask) : await ask())

    const reused = revoked.get(ctx.req)
    if (reused !== undefined) await settle(reused, { initiatingEntity: 'system', reason: 'token-reuse', disposition: 'lock' })
    // The session may have ended while its tokens were made: they never leave.
    const response = (sid !== undefined && (await refusal(sid))) || answered
    if (rotated && response !== answered && sid !== undefined) settings.store.dropSignIn(sid)

    const outcome = outcomeOf(response.status, rotated, reused !== undefined)
    observe({ type: 'refresh', outcome, sid, at: Date.now() })
    if (outcome === 'rotated' || outcome === 'replayed') {
      const idempotencyKey = ctx.get('idempotency-key') || undefined
      if ((await settings.beforeRefreshAnswer?.({ outcome, sid, idempotencyKey })) === 'drop') {
        ctx.respond = false
        ctx.req.socket.destroy()
        return
      }
    }
    ctx.status = response.status
    ctx.body = await response.json()
  }

  /** The refusal of a refresh whose session is not live, with the proof. */
  async function refusal(sid: string): Promise<Response | undefined> {
    const error = await server.grantError(sid)
    return error && Response.json(settings.plain ? { error: 'invalid_grant' } : error, { status: 400 })
  }

  /** Ends a session that the provider has already taken the grant from. A grant that never became a session has nothing to end. */
  async function settle(sid: string, how: Parameters<SessionServer['end']>[1]): Promise<void> {
    if (await server.get(sid)) await server.end(sid, how)
  }
}

function outcomeOf(status: number, rotated: boolean, reused: boolean): RefreshOutcome {
  if (reused) return 'reuse'
  if (status === 200) return rotated ? 'rotated' : 'replayed'
  return status === 409 ? 'superseded' : 'refused'
}

/** Reads the form and puts it back, for the provider reads it again by `req.iterator()`; `undefined` when it is longer than `formBytes`. */
async function read(ctx: KoaContextWithOIDC): Promise<Buffer | undefined> {
  const chunks: Buffer[] = []
  let bytes = 0
  // The connection is still needed for the answer.
  for await (const chunk of ctx.req.iterator({ destroyOnReturn: false })) {
    bytes += (chunk as Buffer).length
    if (bytes > formBytes) return undefined
    chunks.push(chunk as Buffer)
  }
  const body = Buffer.concat(chunks)
  async function* again() {
    yield body
  }
  Object.defineProperties(ctx.req, { readable: { value: true }, iterator: { value: again } })
  return body
}

function asRequest(ctx: KoaContextWithOIDC, body: Buffer): Request {
  const headers = new Headers()
  for (const name of ['content-type', 'authorization', 'idempotency-key', 'dpop']) if (ctx.get(name)) headers.set(name, ctx.get(name))
  return new Request(ctx.href, { method: 'POST', headers, body: new Uint8Array(body) })
}
