/** An authority whose every answer a test writes: what it was asked, and what it says. */
import { mergeTokens, type Narrowing } from '../tokens.ts'
import type { Answer, Authority, Connection, Features, FeedListener, Grant, TokenAnswer } from '../authority.ts'

/** One refresh that reached the authority. */
export interface ScriptedRefresh {
  readonly refreshToken: string | undefined
  readonly attemptId: string
  readonly narrow?: Narrowing
}

/** The authority of a test. */
export interface ScriptedAuthority {
  readonly authority: Authority
  features: Features
  /** Answers a refresh; the default rotates, and grants any job. */
  onRefresh: (refresh: ScriptedRefresh, signal: AbortSignal) => Promise<TokenAnswer>
  /** Answers the session endpoint; the default says that the session lives. */
  onSession: () => Promise<Answer>
  onRevoke: (token: string) => Promise<Answer>
  readonly refreshes: ScriptedRefresh[]
  readonly revoked: string[]
  /** The open feeds. */
  readonly feeds: Set<FeedListener>
  /** A grant as a sign-in would bring it. */
  grant(subject?: string, lifetimeSeconds?: number): Grant
  /** Makes the next `start()` complete this sign-in. */
  pending: Grant | undefined
  now: () => number
}

/** Makes an authority that rotates refresh tokens and says that every session lives. */
export function scriptedAuthority(now: () => number): ScriptedAuthority {
  const issuer = 'https://id.test'
  let serial = 0
  const tokens = (lifetimeSeconds: number) => {
    serial += 1
    return { access_token: `at-${serial}`, token_type: 'Bearer', expires_in: lifetimeSeconds, refresh_token: `rt-${serial}` }
  }
  let sid = 'sid-0'

  const scripted: ScriptedAuthority = {
    now,
    authority: { issuer, connect: () => connection },
    features: { idempotent: true, session: true, feed: false, revocation: true },
    onRefresh: async ({ narrow }) => ({ tokens: mergeTokens(undefined, { ...tokens(300), scope: narrow?.scope }, scripted.now()) }),
    onSession: async () => ({ from: 'session', status: 200, body: { active: true, sid } }),
    onRevoke: async () => ({ from: 'revocation', status: 200 }),
    refreshes: [],
    revoked: [],
    feeds: new Set(),
    pending: undefined,
    grant(subject = 'mira', lifetimeSeconds = 300) {
      const response = tokens(lifetimeSeconds)
      sid = `sid-${serial}`
      return { tokens: mergeTokens(undefined, response, scripted.now()), issuer, subject, sid, establishedAt: scripted.now() }
    },
  }

  const connection: Connection = {
    features: async () => scripted.features,
    signIn: async () => {},
    async complete() {
      const grant = scripted.pending
      scripted.pending = undefined
      return grant && { grant }
    },
    async refresh({ tokens: held, attemptId, narrow, signal }) {
      const refresh = { refreshToken: held.refreshToken, attemptId, ...(narrow && { narrow }) }
      scripted.refreshes.push(refresh)
      return scripted.onRefresh(refresh, signal)
    },
    session: () => scripted.onSession(),
    feed: ({ signal, listener }) =>
      new Promise((resolve) => {
        scripted.feeds.add(listener)
        signal.addEventListener('abort', () => {
          scripted.feeds.delete(listener)
          resolve({ from: 'feed', failed: 'closed' })
        })
        listener.opened()
      }),
    async revoke({ token }) {
      scripted.revoked.push(token)
      return scripted.onRevoke(token)
    },
    headers: async ({ tokens: held }) => ({ authorization: `${held.tokenType} ${held.accessToken}` }),
    noteNonce: () => {},
  }

  return scripted
}
