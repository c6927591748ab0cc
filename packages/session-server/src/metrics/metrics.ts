/** Counts what a session server does, and traces it. No label, name or attribute holds a session, a subject, an address or a token. */
import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { SessionServerOptions } from '../options.ts'
import type { ReceiverOptions } from '../receive/options.ts'
import type { SessionServer } from '../server.ts'
import { spanned } from './span.ts'

/** Options of {@link createSessionMetrics}. */
export interface SessionMetricsOptions {
  /** Where the numbers are kept, of `prom-client`. @default a new one */
  readonly registry?: Registry
}

/** The numbers of one node. */
export interface SessionMetrics {
  readonly registry: Registry
  /** Adds what is counted to a server's options; the host's own `onFeeds`, `onEnd` and `onError` are called as before. */
  options(options: SessionServerOptions): SessionServerOptions
  /** Returns the server with its requests and ends timed and traced. */
  server(server: SessionServer): SessionServer
  /** Adds what is counted to the options of whatever receives tokens, named by `source`. */
  receiver<O extends ReceiverOptions>(source: string, options: O): O
  /** The answer to a scrape, in Prometheus' text format. */
  response(): Promise<Response>
}

/**
 * Makes the numbers of a node: `session_feeds_open`, `session_ends_total` by type, reason and who began it, `session_requests_total` by endpoint,
 * method and status, `session_request_seconds`, `session_end_seconds`, `session_tokens_received_total` by source and outcome, `session_errors_total`.
 * Spans are `session.end` and `session.request`, of the tracer `@3dimli/session-server`.
 *
 * @throws TypeError naming the option that is wrong
 * @example
 * ```ts
 * import { createSessionServer, memoryStore } from '@3dimli/session-server'
 * import { createSessionMetrics } from '@3dimli/session-server/metrics'
 *
 * const metrics = createSessionMetrics()
 * const watched = metrics.server(createSessionServer(metrics.options({ issuer: 'https://id.example', store: memoryStore(), authenticate: identify })))
 * const scraped = (_request: Request) => metrics.response()   // at an address that only Prometheus reaches
 * ```
 */
export function createSessionMetrics(options: SessionMetricsOptions = {}): SessionMetrics {
  for (const name of Object.keys(options)) if (name !== 'registry') throw new TypeError(`"${name}" is not an option`)
  const { registry = new Registry() } = options
  if (typeof registry?.registerMetric !== 'function') throw new TypeError('"registry" must be a registry of prom-client')
  const registers = [registry]
  const feeds = new Gauge({ name: 'session_feeds_open', help: 'Feeds that are open on this node.', registers })
  const ends = new Counter({ name: 'session_ends_total', help: 'Sessions that this node has ended.', labelNames: ['type', 'reason', 'by'], registers })
  const errors = new Counter({ name: 'session_errors_total', help: 'Requests and tokens that could only be answered with an error.', registers })
  const requests = new Counter({ name: 'session_requests_total', help: 'Requests to the session endpoints.', labelNames: ['endpoint', 'method', 'status'], registers })
  const requestSeconds = new Histogram({ name: 'session_request_seconds', help: 'Time to the headers of an answer.', labelNames: ['endpoint'], registers })
  const endSeconds = new Histogram({ name: 'session_end_seconds', help: 'Time to an end that is written and of which the host was told.', registers })
  const tokens = new Counter({ name: 'session_tokens_received_total', help: 'Logout and security event tokens.', labelNames: ['source', 'outcome'], registers })

  return {
    registry,
    options: (given) => ({
      ...given,
      onFeeds(open) {
        feeds.set(open)
        given.onFeeds?.(open)
      },
      onEnd(row) {
        const { type = 'session-revoked', reason = 'none', initiatingEntity } = row.end!
        ends.inc({ type, reason, by: initiatingEntity })
        return given.onEnd?.(row)
      },
      onError(error) {
        errors.inc()
        given.onError?.(error)
      },
    }),
    server: (server) => ({
      ...server,
      async handle(request) {
        const endpoint = endpointOf(request)
        const stop = requestSeconds.startTimer({ endpoint })
        const response = await spanned('session.request', { 'http.request.method': methodOf(request), 'session.endpoint': endpoint }, async (note) => {
          const answer = await server.handle(request)
          if (answer) note('http.response.status_code', answer.status)
          return answer
        })
        if (!response) return undefined
        stop()
        requests.inc({ endpoint, method: methodOf(request), status: response.status })
        return response
      },
      async end(sid, how) {
        const stop = endSeconds.startTimer()
        const commit = await spanned('session.end', { 'session.reason': how.reason ?? 'none', 'session.initiating_entity': how.initiatingEntity }, async (note) => {
          const done = await server.end(sid, how)
          note('session.changed', done.changed)
          return done
        })
        stop()
        return commit
      },
    }),
    receiver: (source, given) => ({
      ...given,
      onReceived(received) {
        tokens.inc({ source, outcome: received.repeated ? 'repeated' : 'accepted' })
        given.onReceived?.(received)
      },
      onRefused(why) {
        tokens.inc({ source, outcome: 'refused' })
        given.onRefused?.(why)
      },
      onError(error) {
        tokens.inc({ source, outcome: 'failed' })
        errors.inc()
        given.onError?.(error)
      },
    }),
    response: async () => new Response(await registry.metrics(), { headers: { 'content-type': registry.contentType, 'cache-control': 'no-store' } }),
  }
}

/** Names the endpoint, of which there are three: an address holds the `sid` of a session. */
function endpointOf(request: Request): string {
  return /\/(session\/events|sessions|session)(?:\/[^/]*)?$/.exec(new URL(request.url).pathname)?.[1] ?? 'other'
}

function methodOf(request: Request): string {
  return ['GET', 'DELETE', 'OPTIONS'].includes(request.method) ? request.method : 'other'
}
