/** The adapter between the SDK and the server of the model, over the network of the model. */
import type { Answer, Authority, AuthorityPorts, Connection, TokenAnswer } from '../../src/authority.ts'
import type { Fault, Line, Network } from './network.ts'
import type { Schedule } from './schedule.ts'
import { issuer, strangeEnd, type Login, type Said, type Server } from './server.ts'
import { grantOf } from './grant.ts'

export interface AuthorityParts {
  readonly owner: number
  readonly server: Server
  readonly network: Network
  readonly schedule: Schedule
  /** The wall clock of the device. */
  readonly wall: () => number
  /** What the server said reached a context. */
  readonly delivered: (owner: number, said: Said<unknown>) => void
  /** The sign-in this context comes back from. */
  readonly takePending: () => Login | undefined
  readonly revoking: (token: string) => void
  readonly refreshing: (token: string, attemptId: string, owner: number) => void
  /** A refresh was answered, or given up. */
  readonly refreshed: (token: string, attemptId: string, owner: number) => void
}

/** Makes the authority of one context. */
export function createAuthority({ owner, server, network, schedule, wall, delivered, takePending, revoking, refreshing, refreshed }: AuthorityParts): Authority {
  const exchange = async (line: Extract<Line, 'session' | 'revocation'>, what: string, signal: AbortSignal, serve: () => Said<Answer>, login: Login | undefined): Promise<Answer> => {
    try {
      return await network.send<Answer>({ owner, line, what, signal, serve, instead: (fault) => {
        if (fault === 'unknown-session' && login) login.slandered += 1
        return instead(line, fault, login)
      } })
    } catch {
      return { from: line, failed: signal.aborted ? 'timeout' : 'network' }
    }
  }

  const connect = (_ports: AuthorityPorts): Connection => ({
    features: () => schedule.later(owner, 'reads the metadata', () => server.traits, schedule.delay(20)),
    signIn: async () => {},
    async complete() {
      const login = takePending()
      if (!login) return undefined
      return schedule.later(owner, 'completes the sign-in', () => ({ grant: grantOf(server, login, wall()) }), schedule.delay(20))
    },
    async refresh({ tokens, attemptId, narrow, signal }) {
      const presented = tokens.refreshToken ?? ''
      refreshing(presented, attemptId, owner)
      try {
        return await network.send<TokenAnswer>({
          owner, line: 'token', what: `refresh with ${tokens.refreshToken} as ${attemptId}${narrow ? ` for ${narrow.scope}` : ''}`, signal,
          serve: () => server.refresh(tokens.refreshToken, attemptId, narrow),
          instead: (fault) => {
            const answer = instead('token', fault, server.loginOf(presented))
            const login = fault === 'invalid-grant' ? server.loginOf(presented) : undefined
            if (login) login.slandered += 1
            return answer && { answer }
          },
        })
      } catch {
        return { answer: { from: 'token', failed: signal.aborted ? 'timeout' : 'network' } }
      } finally {
        refreshed(presented, attemptId, owner)
      }
    },
    session: ({ tokens, signal }) => exchange('session', `asks where ${tokens.accessToken} stands`, signal, () => server.session(tokens.accessToken), server.loginOf(tokens.accessToken)),
    revoke({ token, signal }) {
      revoking(token)
      return exchange('revocation', `gives back ${token}`, signal, () => server.revoke(token), undefined)
    },
    feed: ({ tokens, signal, listener }) =>
      new Promise((resolve) => {
        const login = server.loginOf(tokens.accessToken)
        const over = (answer: Answer): void => {
          stop()
          resolve(answer)
        }
        const say = (changed: Login): void => {
          if (changed.sid !== login?.sid) return
          const fault = network.faults.get('feed')?.shift()
          if (fault) network.harmed += 1
          const strange = fault && strangeEnd(fault, changed)
          if (strange) schedule.add(owner, 'the feed says something strange', () => !signal.aborted && listener.event({ from: 'feed', status: 200, body: strange }, undefined))
          else if (fault === 'never-answered' || fault === 'never-arrives') silent = true
          else if (fault || network.offline) return void schedule.add(owner, 'the feed is cut', () => over({ from: 'feed', failed: 'closed' }), schedule.delay(40))
          if (silent) return
          const body = server.object(changed)
          const { proof } = server.proofOf(changed)
          schedule.add(owner, `the feed says ${changed.standing} of ${changed.sid}`, () => {
            if (signal.aborted) return
            delivered(owner, { answer: undefined, proof })
            listener.event({ from: 'feed', status: 200, body }, undefined)
          }, schedule.delay(40))
        }
        let beat = (): void => {}
        let silent = false
        const heartbeat = (): void => {
          beat = schedule.add(undefined, 'a comment of the feed', () => {
            if (network.offline || silent) return heartbeat()
            schedule.add(owner, 'hears the feed', () => !signal.aborted && listener.heard())
            heartbeat()
          }, 15_000)
        }
        const unwatch = server.watch(say)
        const stop = (): void => {
          unwatch()
          beat()
        }
        signal.addEventListener('abort', () => over({ from: 'feed', failed: 'closed' }), { once: true })
        if (signal.aborted) return over({ from: 'feed', failed: 'closed' })
        schedule.add(owner, 'the feed opens', () => {
          if (signal.aborted) return
          if (network.offline) return over({ from: 'feed', failed: 'network' })
          const fault = network.faults.get('feed')?.shift()
          const between = fault && instead('feed', fault)
          if (between) return over(between)
          if (!login) return over({ from: 'feed', status: 401 })
          heartbeat()
          listener.opened()
          say(login)
        }, schedule.delay(40))
      }),
    headers: ({ tokens }) => schedule.later(owner, 'makes headers', () => ({ authorization: `Bearer ${tokens.accessToken}` }), schedule.delay(10)),
    noteNonce: () => {},
  })

  return { issuer, connect }
}

/** What somebody between device and server says in the server's place. */
function instead(from: Exclude<Line, 'resource' | 'metadata'>, fault: Fault, login?: Login): Answer | undefined {
  const strange = login && strangeEnd(fault, login)
  if (strange) {
    return from === 'token' ? { from, status: 400, body: { ...strange, error: 'invalid_grant', error_uri: strange['type'] } } : { from, status: from === 'revocation' ? 503 : 200, body: strange }
  }
  if (fault === 'error-500' || fault === 'gateway-504') return { from, status: fault === 'error-500' ? 500 : 504 }
  if (fault === 'too-many') return { from, status: 429, retryAfterMs: 5_000 }
  // As a page is read: whoever wrote it is not the server that was asked.
  if (fault === 'html') return { from, status: 200, garbled: true }
  if (fault === 'bare-401') return { from, status: 401 }
  if (fault === 'forbidden') return { from, status: 403 }
  if (fault === 'invalid-grant' && from === 'token') return { from, status: 400, body: { error: 'invalid_grant' } }
  if (fault === 'unknown-session' && from === 'session') return { from, status: 200, body: { active: false } }
  return undefined
}
