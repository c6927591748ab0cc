/** The authority's answers, one function per question; each comes back unjudged. */
import type { Client } from 'oauth4webapi'
import { SessionError } from '../../errors.ts'
import type { AuthorityPorts, Connection, Credentials } from '../../authority.ts'
import { unlessAborted } from '../../time.ts'
import { readFeed } from './feed.ts'
import type { Means } from './grant.ts'
import { readSignIn, type OAuthOptions } from './options.ts'
import { createProofs } from './proof.ts'
import { createDiscovery } from './server.ts'
import { readOrFail, refreshTokens, revokeToken } from './token-endpoint.ts'

/** Connects to one OAuth server. */
export function connect(options: OAuthOptions, io: AuthorityPorts): Connection {
  const find = createDiscovery(options, io)
  const proofs = createProofs()
  const client: Client = { client_id: options.clientId, token_endpoint_auth_method: 'none' }
  const means: Means = { options, io, proofs, client }
  let waiting = new AbortController()

  const ask = async (credentials: Credentials, url: URL, headers: Record<string, string>): Promise<Request> => {
    const { tokens, keys } = credentials
    const authorization = await proofs.headers({ tokens, ...(keys && { keys }), method: 'GET', url })
    return new Request(url, { headers: { ...headers, ...authorization }, redirect: 'manual', credentials: 'omit', cache: 'no-store' })
  }

  return {
    features: async () => (await find()).features,
    headers: (input) => proofs.headers(input),
    noteNonce: (response) => void proofs.note(undefined, response),

    async signIn(given, again, begin) {
      readSignIn(given)
      const server = await unlessAborted(find(), given.signal)
      const { listen } = io.address
      if (!given.device && !listen) {
        const { leave } = await import('./sign-in.ts')
        return leave(means, server, given, again)
      }
      // One wait at a time: whoever begins again has closed the window of the one before.
      waiting.abort(new SessionError('sign-in-failed', { error: 'superseded' }))
      waiting = new AbortController()
      const wish = { ...given, signal: AbortSignal.any([waiting.signal, ...(given.signal ? [given.signal] : [])]) }
      if (wish.device) {
        const { signInByDevice } = await import('./device.ts')
        return begin(await signInByDevice(means, server, { ...wish, device: wish.device }, again))
      }
      const { signInByLoopback } = await import('./loopback.ts')
      return signInByLoopback(means, server, listen!, wish, { again, begin })
    },

    async complete(signal) {
      const here = io.address.current()
      if (!here?.searchParams.has('state')) return undefined
      const { comeBack } = await import('./sign-in.ts')
      return comeBack(means, find, signal)
    },

    async refresh(input) {
      const server = await find().catch(() => undefined)
      return server ? refreshTokens(io, proofs, server, client, input) : { answer: { from: 'token', failed: 'network' } }
    },

    async session(input) {
      const { sessionEndpoint } = await find()
      if (!sessionEndpoint) return { from: 'session', failed: 'unsupported' }
      try {
        const send = async () => io.send(await ask(input, sessionEndpoint, { accept: 'application/json' }), input.signal)
        let response = await send()
        if (proofs.note(sessionEndpoint, response) && response.status === 401) response = await send()
        return await readOrFail('session', response)
      } catch {
        return { from: 'session', failed: input.signal.aborted ? 'timeout' : 'network' }
      }
    },

    async feed(input) {
      const { eventsEndpoint } = await find()
      if (!eventsEndpoint) return { from: 'feed', failed: 'unsupported' }
      const resume: Record<string, string> = isCarried(input.lastEventId) ? { 'last-event-id': input.lastEventId } : {}
      const request = await ask(input, eventsEndpoint, { accept: 'text/event-stream', ...resume })
      return readFeed(io, request, { signal: input.signal, listener: input.listener, noted: (response) => void proofs.note(eventsEndpoint, response) })
    },

    async revoke(input) {
      const server = await find().catch(() => undefined)
      return server ? revokeToken(io, proofs, server, client, input) : { from: 'revocation', failed: 'network' }
    },
  }
}

/** Any text may be an event's id; one that no request can carry would keep the feed shut, and every connection begins with how things stand. */
function isCarried(id: string | undefined): id is string {
  return id !== undefined && /^[\x20-\x7e]{1,1000}$/.test(id)
}
