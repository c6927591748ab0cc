/** What the server says of itself: fetched once, kept for the life of the page. */
import { allowInsecureRequests, customFetch, discoveryRequest, processDiscoveryResponse, type AuthorizationServer } from 'oauth4webapi'
import { SessionError } from '../../errors.ts'
import type { AuthorityPorts, Features } from '../../authority.ts'
import { deadline, unlessAborted } from '../../time.ts'
import { isSecureAddress, type OAuthOptions } from './options.ts'

const answerMs = 10_000

/** A server's metadata and what follows from it. */
export interface Server {
  readonly metadata: AuthorizationServer
  readonly features: Features
  readonly dpop: boolean
  readonly sessionEndpoint?: URL
  readonly eventsEndpoint?: URL
}

/** Makes `server()`: rejects with {@link SessionError} `unreachable` while the metadata cannot be had, and asks again next time. */
export function createDiscovery(options: OAuthOptions, io: AuthorityPorts): () => Promise<Server> {
  let known: Promise<Server> | undefined
  /** What the browser's cache holds may be a portal's: its 301 and 410 are fresh for ever there. */
  let doubted = false

  const ask = async (algorithm: 'oidc' | 'oauth2', signal: AbortSignal): Promise<AuthorizationServer> => {
    const issuer = new URL(options.issuer)
    const response = await discoveryRequest(issuer, {
      algorithm,
      [customFetch]: (url, init) => io.send(new Request(url, { headers: init.headers, redirect: 'follow', ...(doubted && { cache: 'reload' }) }), signal),
      [allowInsecureRequests]: isSecureAddress(issuer),
    })
    return processDiscoveryResponse(issuer, response)
  }

  const discover = async (): Promise<Server> => {
    const { signal, done } = deadline(io.clock, answerMs)
    try {
      return read(await unlessAborted(ask('oidc', signal).catch(() => ask('oauth2', signal)), signal), options)
    } catch {
      doubted = true
      // The library's errors carry the response; none of it may travel on.
      throw new SessionError('unreachable', {})
    } finally {
      done()
    }
  }

  return () => {
    known ??= discover().catch((error: unknown) => {
      known = undefined
      throw error
    })
    return known
  }
}

function read(metadata: AuthorizationServer, options: OAuthOptions): Server {
  const sessionEndpoint = endpoint(options.sessionEndpoint ?? metadata.session_endpoint)
  const eventsEndpoint = endpoint(options.eventsEndpoint ?? metadata.session_events_endpoint)
  const algorithms = metadata.dpop_signing_alg_values_supported
  return {
    metadata,
    dpop: options.dpop !== false && Array.isArray(algorithms) && algorithms.includes('ES256'),
    ...(sessionEndpoint && { sessionEndpoint }),
    ...(eventsEndpoint && { eventsEndpoint }),
    features: {
      idempotent: options.idempotentRefresh ?? metadata.idempotency_supported === true,
      session: sessionEndpoint !== undefined,
      feed: eventsEndpoint !== undefined,
      revocation: endpoint(metadata.revocation_endpoint) !== undefined,
    },
  }
}

function endpoint(value: unknown): URL | undefined {
  if (typeof value !== 'string' || !URL.canParse(value)) return undefined
  const url = new URL(value)
  return isSecureAddress(url) ? url : undefined
}
