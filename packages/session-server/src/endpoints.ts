/** The three endpoints through which clients learn where their session stands, by path and method. */
import type { Snapshot } from './audience.ts'
import { preflight, readable } from './cors.ts'
import { createFeeds } from './feed.ts'
import { liveness, readiness } from './health.ts'
import type { Life } from './life.ts'
import { createPlaces } from './limits.ts'
import { endOne, endOthers, type Identity, listSessions } from './list.ts'
import type { Settings } from './options.ts'
import { json, problem, proofUnavailable, type Scheme, sessionProblem, tooManyFeeds, unrecognised } from './problem.ts'
import { deadlineOf, endOf, type EndRequest, type SessionRow } from './session.ts'
import { sessionObject } from './wire.ts'

/** The addresses for the issuer's RFC 8414 metadata. */
export interface SessionMetadata {
  readonly session_endpoint: string
  readonly session_events_endpoint: string
  /** Only where the host gave `authorize`. */
  readonly sessions_endpoint?: string
}

/** What the endpoints offer to the server they belong to. */
export interface Endpoints {
  readonly metadata: SessionMetadata
  handle(request: Request): Promise<Response | undefined>
  drain(): void
  live(): Response
  ready(): Promise<Response>
}

type Methods = Readonly<Record<string, (request: Request) => Promise<Response>>>

/** Makes the endpoints. */
export function createEndpoints(settings: Settings, life: Life): Endpoints {
  const { issuer, store, authenticate, authorize, addressOf, onError, onFeeds, origins, clock } = settings
  const feeds = createFeeds({ ...settings, onCount: onFeeds, snapshot, subscribe: (sid, listener) => store.subscribe(sid, listener) })
  const places = createPlaces(settings.feedsPerSession, settings.feedsPerAddress)
  const source = { store, now: () => clock.now(), end: (sid: string, how: EndRequest) => life.end(sid, how, true) }
  const base = new URL(issuer).pathname.replace(/\/$/, '')
  let draining = false

  async function known(request: Request): Promise<SessionRow | undefined> {
    const who = await authenticate(request)
    const row = who && (await store.get(who.sid))
    return row?.subject === who?.subject ? row : undefined
  }

  async function snapshot(sid: string): Promise<Snapshot> {
    const [row, now] = [await store.get(sid), clock.now()]
    const over = row === undefined || endOf(row, now) !== undefined
    // An expiry is not written, so the version alone would not tell it.
    return { cursor: `${row?.version ?? 0}${over ? '-end' : ''}`, object: sessionObject(issuer, row, now), last: over, until: row ? deadlineOf(row) : Infinity }
  }

  async function openFeed(request: Request): Promise<Response> {
    const row = await known(request)
    if (!row) return unrecognised(schemeOf(request))
    // Asked last: whoever was on the way when the draining began would never be told goodbye.
    if (draining) return proofUnavailable(issuer)
    const onClose = places.take(row.sid, addressOf?.(request))
    if (!onClose) return tooManyFeeds(settings.random())
    try {
      return feeds.open({ sid: row.sid, signal: request.signal, onClose })
    } catch (error) {
      // A store that cannot subscribe: the feed was never open.
      onClose()
      throw error
    }
  }

  async function asOwner(request: Request, act: (who: Identity) => Promise<Response>): Promise<Response> {
    const who = await authorize!(request)
    if (who instanceof Response) return who
    const row = await store.get(who.sid)
    if (row?.subject !== who.subject) return unrecognised(schemeOf(request))
    return sessionProblem(issuer, row, clock.now(), schemeOf(request)) ?? act(who)
  }

  function methodsOf({ pathname, searchParams }: URL): Methods | undefined {
    if (pathname === `${base}/session`) return { GET: async (request) => json(sessionObject(issuer, await known(request), clock.now())) }
    if (pathname === `${base}/session/events`) return { GET: openFeed }
    if (!authorize) return undefined
    if (pathname === `${base}/sessions`) {
      const others = async (who: Identity) =>
        searchParams.get('except') === 'current' ? endOthers(source, who) : problem(400, { title: 'Say which: "?except=current", or one by its address.' })
      return { GET: (request) => asOwner(request, (who) => listSessions(source, who)), DELETE: (request) => asOwner(request, others) }
    }
    const one = pathname.startsWith(`${base}/sessions/`) ? decoded(pathname.slice(base.length + '/sessions/'.length)) : undefined
    return one === undefined ? undefined : { DELETE: (request) => asOwner(request, (who) => endOne(source, who, one)) }
  }

  async function answer(request: Request, methods: Methods): Promise<Response> {
    const offered = Object.keys(methods).join(', ')
    if (request.method === 'OPTIONS') return preflight(offered)
    const method = Object.hasOwn(methods, request.method) && methods[request.method]
    if (!method) return problem(405, { title: 'This method is not offered here.' }, { allow: offered })
    try {
      return await method(request)
    } catch (error) {
      onError?.(error)
      return proofUnavailable(issuer)
    }
  }

  return {
    metadata: {
      session_endpoint: `${issuer}/session`,
      session_events_endpoint: `${issuer}/session/events`,
      ...(authorize ? { sessions_endpoint: `${issuer}/sessions` } : {}),
    },
    async handle(request) {
      const methods = methodsOf(new URL(request.url))
      return methods && readable(await answer(request, methods), request, origins)
    },
    drain() {
      draining = true
      feeds.drain()
    },
    live: liveness,
    ready: () => readiness(store, draining),
  }
}

function schemeOf(request: Request): Scheme {
  return /^dpop /i.test(request.headers.get('authorization') ?? '') ? 'DPoP' : 'Bearer'
}

/** A segment that is not percent-encoded as it should be names nothing. */
function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch {
    return ''
  }
}
