/** The session server: begins and ends sessions, and answers for them. */
import { createEndpoints, type SessionMetadata } from './endpoints.ts'
import { type BeginRequest, type Commit, createLife } from './life.ts'
import { type SessionServerOptions, settingsOf } from './options.ts'
import { grantError, type GrantError, type Scheme, sessionProblem, unrecognised } from './problem.ts'
import { type EndRequest, type SessionRow, type Standing, standingOf, type SuspendRequest } from './session.ts'

/** What {@link createSessionServer} makes. */
export interface SessionServer {
  /** The endpoints' addresses, for the issuer's metadata. */
  readonly metadata: SessionMetadata
  /** Remembers a sign-in. Rejects with a `RangeError` when the `sid` is taken. */
  begin(session: BeginRequest): Promise<SessionRow>
  get(sid: string): Promise<SessionRow | undefined>
  /** The sessions of one subject, or all, ended ones included. */
  list(subject?: string): Promise<readonly SessionRow[]>
  /** Where a session stands now. */
  standing(sid: string): Promise<Standing>
  /**
   * Ends a session for good. Rejects with a `RangeError` for a `sid` it does not know, with a `StoreUnavailableError` when it may not have been written, and
   * with what `onEnd` rejected with: call it again until it resolves, for then the end is written, and the host has been told or another call on this node is
   * telling it. That one is not waited for: it may be the one whose `onEnd` has called this.
   */
  end(sid: string, how: EndRequest): Promise<Commit>
  /** Stops a session until it is resumed; a session that has ended stays ended. Rejects like {@link SessionServer.end}. */
  suspend(sid: string, why?: SuspendRequest): Promise<void>
  /** Lets a suspended session go on. Rejects like {@link SessionServer.end}. */
  resume(sid: string): Promise<void>
  /** Notes that a live session was used; call it for what a person does, not for polls. Written at most 20 times in an idle limit, or once a minute. */
  touch(sid: string): Promise<void>
  /** The 401 that a resource answers when the session is not live; `undefined` when it is. @see RFC 9457 */
  problem(sid: string, scheme?: Scheme): Promise<Response | undefined>
  /** The body, for status 400, that a token endpoint answers when the session is not live; `undefined` when it is. @see RFC 6749 section 5.2 */
  grantError(sid: string): Promise<GrantError | undefined>
  /** Answers one of the server's own endpoints; `undefined` for any other address. */
  handle(request: Request): Promise<Response | undefined>
  /** Says goodbye on every feed, and to each client when to be back, and opens no more; before a node stops. */
  drain(): void
  /** Answers a liveness probe: 200 while the process can. */
  live(): Response
  /** Answers a readiness probe: 503 while the node drains, or its store does not answer within two seconds. */
  ready(): Promise<Response>
}

/**
 * Makes a session server from a store and the host's own token check.
 *
 * @throws TypeError naming the option that is wrong
 * @example
 * ```ts
 * import { createSessionServer, memoryStore } from '@3dimli/session-server'
 *
 * const server = createSessionServer({
 *   issuer: 'https://id.example',
 *   store: memoryStore(),
 *   authenticate: identify,
 * })
 * await server.begin({ sid, subject, client: 'Storefront' })
 * const handle = async (request: Request) => (await server.handle(request)) ?? new Response(null, { status: 404 })
 * await server.end(sid, { initiatingEntity: 'admin', reason: 'password-changed' })
 * ```
 * @see RFC 8414 for the metadata, OpenID CAEP 1.0 for the words of an end
 */
export function createSessionServer(options: SessionServerOptions): SessionServer {
  const settings = settingsOf(options)
  const { issuer, store, clock, onEnd } = settings
  const life = createLife(store, clock, onEnd)
  return {
    ...life,
    ...createEndpoints(settings, life),
    get: (sid) => store.get(sid),
    list: (subject) => store.list(subject),
    standing: async (sid) => standingOf(await store.get(sid), clock.now()),
    async problem(sid, scheme = 'Bearer') {
      const row = await store.get(sid)
      return row ? sessionProblem(issuer, row, clock.now(), scheme) : unrecognised(scheme)
    },
    grantError: async (sid) => grantError(issuer, await store.get(sid), clock.now()),
  }
}
