/** The answers that refuse: RFC 9457 problems, and the challenge that goes with a 401 (RFC 6750 section 3, RFC 9449 section 7.1). */
import { endOf, type ProblemName, type SessionRow, type Stop } from './session.ts'
import { problemType, stopMembers, type WireObject } from './wire.ts'

/** An error of the token endpoint, RFC 6749 section 5.2, with the members that say why. */
export interface GrantError {
  readonly error: 'invalid_grant'
  readonly error_description: string
  /** The problem type; absent where nothing is proven. */
  readonly error_uri?: string
  readonly [member: string]: unknown
}

/** The authentication scheme a challenge is written for. */
export type Scheme = 'Bearer' | 'DPoP'

const titles = {
  'session-revoked': 'This session was ended.',
  'session-expired': 'This session has expired.',
  'account-suspended': 'This account is suspended.',
} as const

/** Writes a problem. `about:blank` says no more than the status does. */
export function problem(status: number, members: WireObject, headers: Readonly<Record<string, string>> = {}): Response {
  const body = { type: 'about:blank', status, ...members }
  return new Response(JSON.stringify(body), {
    status,
    headers: { 'content-type': 'application/problem+json', 'cache-control': 'no-store', ...headers },
  })
}

/** Writes a JSON answer that nobody keeps. */
export function json(body: unknown, status = 200): Response {
  return new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/json', 'cache-control': 'no-store' } })
}

/** Writes the challenge of a refused token. */
export function challenge(scheme: Scheme, error: string, description: string, uri?: string): string {
  return `${scheme} error="${error}", error_description="${description}"${uri === undefined ? '' : `, error_uri="${uri}"`}`
}

/** Refuses a token that identifies nobody. It proves nothing about any session. */
export function unrecognised(scheme: Scheme): Response {
  const title = 'The token is not recognised.'
  return problem(401, { title }, { 'www-authenticate': challenge(scheme, 'invalid_token', title) })
}

/** Refuses for the sake of the session, with the proof; `undefined` when the session is live. */
export function sessionProblem(issuer: string, row: SessionRow, now: number, scheme: Scheme): Response | undefined {
  const found = stopOf(row, now)
  if (!found) return undefined
  const [name, stop] = found
  const challenged = challenge(scheme, 'invalid_token', titles[name], problemType(issuer, name))
  return problem(401, { ...stopMembers(issuer, row.sid, name, stop), title: titles[name] }, { 'www-authenticate': challenged })
}

/** Refuses a refresh for the sake of the session, with the proof and what the client should do; `undefined` when the session is live. */
export function grantError(issuer: string, row: SessionRow | undefined, now: number): GrantError | undefined {
  if (!row) return { error: 'invalid_grant', error_description: 'The session is not known.' }
  const found = stopOf(row, now)
  if (!found) return undefined
  const [name, stop] = found
  const { type: _, ...members } = stopMembers(issuer, row.sid, name, stop)
  return { ...members, error: 'invalid_grant', error_description: titles[name], error_uri: problemType(issuer, name) }
}

function stopOf(row: SessionRow, now: number): readonly [ProblemName, Stop] | undefined {
  const end = endOf(row, now)
  if (end) return [end.type ?? 'session-revoked', end]
  return row.suspension && ['account-suspended', row.suspension]
}

/** Says that the server cannot tell now; the client keeps its session and asks again. */
export function proofUnavailable(issuer: string): Response {
  const type = problemType(issuer, 'session-proof-unavailable')
  return problem(503, { type, title: 'The session cannot be checked now.' }, { 'retry-after': '2' })
}

/** Refuses one feed more; the client asks the session endpoint instead and comes back after 30 to 60 s. */
export function tooManyFeeds(random: number): Response {
  return problem(429, { title: 'Too many feeds are open.' }, { 'retry-after': String(30 + Math.floor(random * 30)) })
}
