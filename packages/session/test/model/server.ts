/** A server by the contract: rotation with reuse detection, sessions by `sid`, and a memory of everything that reached it. */
import type { Disposition } from '../../src/end.ts'
import type { Answer, TokenAnswer } from '../../src/authority.ts'
import { mergeTokens, type Narrowing } from '../../src/tokens.ts'

export const issuer = 'https://id.test'
export const api = 'https://api.test'

/** A scope that the server grants to nobody. */
export const refusedScope = 'refused'

export type Standing = 'alive' | 'revoked' | 'expired' | 'suspended'

/** What a server of this run can do. */
export interface ServerTraits {
  readonly idempotent: boolean
  /** Whether a spent token that comes again ends the grant. */
  readonly reuseKills: boolean
  readonly session: boolean
  readonly feed: boolean
  readonly revocation: boolean
  /** Whether giving back any token of a grant ends the grant, or only that token. */
  readonly revokesGrant: boolean
  /** Whether its APIs say why they refuse. */
  readonly problems: boolean
  /** Whether a sign-in names the session. */
  readonly sid: boolean
  readonly accessSeconds: number
}

/** One sign-in as the server knows it. */
export interface Login {
  readonly sid: string
  readonly subject: string
  /** Server's clock, epoch ms. */
  readonly establishedAt: number
  /** Whether the device was never told when it was established. */
  adopted: boolean
  standing: Standing
  disposition: Disposition
  /** When its standing last changed, server's clock. */
  changedAt: number
  /** The refresh token that works; none when the grant is over. */
  current: string | undefined
  /** When each access token stops working, server's clock. */
  readonly access: Map<string, number>
  /** The access tokens that are good for one job only, and for which. */
  readonly narrow: Map<string, string>
  /** Every refresh token, in order. */
  readonly issued: string[]
  readonly kept: Map<string, { readonly presented: string; readonly job: string | undefined; readonly answer: { readonly access: string; readonly refresh: string } }>
  /** The attempts seen for each refresh token, with their time. */
  readonly attempts: Map<string, { readonly id: string; readonly at: number }[]>
  /** The attempts that asked for what nobody gets: they spent nothing. */
  readonly refused: Set<string>
  thefts: number
  /** How often somebody in between spoke against it. */
  slandered: number
}

/** An answer and what it proves. */
export interface Said<A> {
  readonly answer: A
  readonly proof?: { readonly sid: string; readonly standing: Standing; readonly changedAt: number }
  /** A refresh token that only this answer carries. */
  readonly brings?: string
}

export interface Server {
  readonly traits: ServerTraits
  readonly logins: Map<string, Login>
  /** How often somebody asked where a session stands. */
  readonly asked: number
  signIn(subject: string): Login
  /** Sets where a session stands. */
  change(sid: string, standing: Standing, disposition?: Disposition): void
  refresh(presented: string | undefined, attemptId: string, narrow?: Narrowing): Said<TokenAnswer>
  session(accessToken: string): Said<Answer>
  object(login: Login): Record<string, unknown>
  proofOf(login: Login): Required<Pick<Said<unknown>, 'proof'>>
  revoke(token: string): Said<Answer>
  resource(accessToken: string | undefined): Said<{ readonly status: number; readonly body?: Record<string, unknown>; readonly challenge?: string }>
  loginOf(token: string): Login | undefined
  watch(listener: (login: Login) => void): () => void
}

/** Makes a server; `now` is its clock, `device` the clock of the device that reads lifetimes. */
export function createServer(traits: ServerTraits, now: () => number, device: () => number): Server {
  const logins = new Map<string, Login>()
  const watchers = new Set<(login: Login) => void>()
  let asked = 0
  const type = (name: string): string => `${issuer}/problems/${name}`
  const seconds = (ms: number): number => Math.floor(ms / 1000)

  const mint = (login: Login): { access: string; refresh: string } => {
    const number = login.issued.length + 1
    const access = `AT~${login.sid}~${number}`
    const refresh = `RT~${login.sid}~${number}`
    login.access.set(access, now() + traits.accessSeconds * 1000)
    login.issued.push(refresh)
    login.current = refresh
    return { access, refresh }
  }

  const tokensOf = ({ access, refresh }: { access: string; refresh: string }) =>
    mergeTokens(undefined, { access_token: access, token_type: 'Bearer', expires_in: traits.accessSeconds, refresh_token: refresh }, device())

  const object = (login: Login): Record<string, unknown> => {
    if (login.standing === 'alive') {
      return { active: true, sid: login.sid, sub_id: { format: 'opaque', id: login.subject }, established_at: seconds(login.establishedAt), server_time: seconds(now()) }
    }
    const name = login.standing === 'suspended' ? 'account-suspended' : `session-${login.standing}`
    return {
      active: false, type: type(name), sid: login.sid, initiating_entity: 'admin', event_timestamp: Math.ceil(login.changedAt / 1000), reason: 'policy',
      ...(login.standing === 'revoked' && { disposition: login.disposition }), server_time: seconds(now()),
    }
  }

  const proofOf = (login: Login) => ({ proof: { sid: login.sid, standing: login.standing, changedAt: login.changedAt } })

  const refuse = (login: Login | undefined): Said<TokenAnswer> => {
    const why = login && traits.problems && login.standing !== 'alive' ? object(login) : undefined
    return {
      answer: { answer: { from: 'token', status: 400, body: { error: 'invalid_grant', ...(why && { ...why, error_uri: why['type'] }) } } },
      ...(login && why && proofOf(login)),
    }
  }

  const server: Server = {
    traits, logins, object, proofOf,
    signIn(subject) {
      const sid = `s${logins.size + 1}`
      const login: Login = {
        sid, subject, establishedAt: now(), adopted: false, standing: 'alive', disposition: 'wipe', changedAt: now(), current: undefined,
        access: new Map(), narrow: new Map(), issued: [], kept: new Map(), attempts: new Map(), refused: new Set(), thefts: 0, slandered: 0,
      }
      logins.set(sid, login)
      mint(login)
      return login
    },
    change(sid, standing, disposition = 'wipe') {
      const login = logins.get(sid)
      if (!login || login.standing === 'revoked' || login.standing === 'expired') return
      Object.assign(login, { standing, disposition, changedAt: now() })
      if (standing === 'revoked' || standing === 'expired') login.current = undefined
      for (const listener of watchers) listener(login)
    },
    loginOf: (token) => logins.get(token.split('~')[1] ?? ''),
    refresh(presented = '', attemptId, narrow) {
      const job = narrow && JSON.stringify(narrow)
      const login = server.loginOf(presented)
      if (!login) return refuse(undefined)
      const seen = login.attempts.get(presented) ?? []
      login.attempts.set(presented, [...seen, { id: attemptId, at: now() }])
      if (login.standing !== 'alive') return refuse(login)
      // As oidc-provider does: what is asked for is looked at before the token is spent, or found to be.
      if (narrow?.scope === refusedScope) {
        login.refused.add(attemptId)
        return { answer: { answer: { from: 'token', status: 400, body: { error: 'invalid_scope' } } } }
      }
      const kept = traits.idempotent ? login.kept.get(attemptId) : undefined
      if (kept?.presented === presented && kept.job !== job) return { answer: { answer: { from: 'token', status: 422, body: { error: 'invalid_request' } } } }
      if (kept?.presented === presented) {
        if (login.current === kept.answer.refresh) return { answer: { tokens: tokensOf(kept.answer) }, brings: kept.answer.refresh }
        return { answer: { answer: { from: 'token', status: 409, body: {} } } }
      }
      if (presented !== login.current) {
        if (login.current !== undefined) login.thefts += 1
        if (traits.reuseKills) login.current = undefined
        return refuse(login)
      }
      const answer = mint(login)
      if (job !== undefined) login.narrow.set(answer.access, job)
      login.kept.set(attemptId, { presented, job, answer })
      return { answer: { tokens: tokensOf(answer) }, brings: answer.refresh }
    },
    get asked() {
      return asked
    },
    session(accessToken) {
      asked += 1
      const login = server.loginOf(accessToken)
      if (!login) return { answer: { from: 'session', status: 200, body: { active: false } } }
      return { answer: { from: 'session', status: 200, body: object(login) }, ...proofOf(login) }
    },
    revoke(token) {
      const login = server.loginOf(token)
      if (login && (traits.revokesGrant || token === login.current)) {
        login.current = undefined
        login.access.clear()
      }
      return { answer: { from: 'revocation', status: 200 } }
    },
    resource(accessToken = '') {
      const login = server.loginOf(accessToken)
      if (login && login.standing !== 'alive' && traits.problems) return { answer: { status: 401, body: object(login) }, ...proofOf(login) }
      const valid = login?.standing === 'alive' && (login.access.get(accessToken) ?? 0) > now()
      return valid ? { answer: { status: 200 } } : { answer: { status: 401, challenge: 'Bearer error="invalid_token"' } }
    },
    watch(listener) {
      watchers.add(listener)
      return () => watchers.delete(listener)
    },
  }
  return server
}

/** The end of another session, or of an earlier one: true words that are not about this session. */
export function strangeEnd(fault: string, login: Login): Record<string, unknown> | undefined {
  const end = { active: false, type: `${issuer}/problems/session-revoked`, initiating_entity: 'admin', reason: 'policy' }
  if (fault === 'other-session') return { ...end, sid: 'somebody-else', event_timestamp: Math.ceil(login.establishedAt / 1000) + 60 }
  // Without the time of the sign-in nothing tells an old event from a new one.
  if (fault === 'old-event' && !login.adopted) return { ...end, sid: login.sid, event_timestamp: Math.floor(login.establishedAt / 1000) - 60 }
  return undefined
}
