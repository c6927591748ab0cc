/** Judges one answer of a server by the table in docs/contract.md: pure, no promise, no port. */
import type { Disposition, EndInitiator, EndReason } from './end.ts'
import type { Answer, Challenge } from './authority.ts'
import type { StatusReference } from './row.ts'

/** What is known of our own session while an answer is judged. */
export interface Known {
  readonly issuer: string
  readonly epochId: string
  readonly sid?: string
  /** Epoch ms by the server's clock. */
  readonly establishedAt?: number
  /** True when the refresh token's own lifetime is over. */
  readonly refreshOver?: boolean
}

/** What the server says about an end. */
export interface EndDetails {
  readonly by: EndInitiator
  readonly reason?: EndReason
  readonly reasonUser?: Readonly<Record<string, string>>
  readonly disposition: Disposition
  /** Epoch ms by the server's clock. */
  readonly serverAt?: number
}

/** What the server says about a session that lives; epoch ms by the server's clock. */
export interface Proof {
  readonly sid?: string
  readonly subject?: string
  readonly establishedAt?: number
  readonly expiresAt?: number
  /** When it was said. */
  readonly serverAt?: number
  /** Where a status list speaks of it. */
  readonly status?: StatusReference
  /** When this context asked for it, by its own time; absent where nobody asked. */
  readonly askedAt?: number
  /** Whether the record showed a suspension when it was asked for; absent where nobody asked. */
  readonly wasSuspended?: boolean
}

/** What one answer means. */
export type Verdict =
  | { readonly kind: 'alive'; readonly proof: Proof }
  | { readonly kind: 'revoked'; readonly details: EndDetails }
  | { readonly kind: 'expired'; readonly details: EndDetails }
  | { readonly kind: 'suspended' }
  | { readonly kind: 'suspect' }
  | { readonly kind: 'foreign' }
  | { readonly kind: 'access-expired' }
  | { readonly kind: 'grant-unknown' }
  | { readonly kind: 'step-up'; readonly acrValues?: string; readonly maxAgeMs?: number }
  | { readonly kind: 'needs-scope'; readonly scope?: string }
  | { readonly kind: 'nonce' }
  | { readonly kind: 'superseded' }
  | { readonly kind: 'hint' }
  | { readonly kind: 'done' }
  | { readonly kind: 'misconfigured'; readonly error: string }
  | { readonly kind: 'transient'; readonly retryAfterMs?: number }

/** The year 5138; what claims to be later is no time. */
const latestSecond = 100_000_000_000
const longestAddress = 2_000
const reasons: ReadonlySet<string> = new Set<EndReason>([
  'signed-out-elsewhere', 'password-changed', 'credential-compromised', 'token-reuse', 'suspicious-activity', 'access-removed',
  'payment-dispute', 'account-suspended', 'account-closed', 'session-limit', 'policy',
])
const refusals: ReadonlySet<string> = new Set([
  'invalid_client', 'invalid_dpop_proof', 'invalid_target', 'unauthorized_client', 'invalid_scope', 'invalid_request', 'unsupported_grant_type',
  'unsupported_token_type',
])

/** The token endpoint says when a session began, the session service when it ended: their clocks may be this far apart. */
const clocksMs = 30_000
/** A server that wants to be left alone is, but not for so long that an end could hide behind it. */
const longestQuietMs = 600_000

/**
 * Says what one answer means for our session. Every row of the contract's table is a named case of `verdict.test.ts`;
 * what is in no row is transient, so that nothing unforeseen ever ends a session.
 */
export function judge(answer: Answer, about: Known): Verdict {
  // Who is asked with this sign-in's own tokens speaks of it. All others may repeat what was so before, and have these two asked.
  const known = answer.from === 'session' || answer.from === 'token' ? { ...about, establishedAt: (about.establishedAt ?? 0) - clocksMs } : about
  if (answer.from === 'channel') return answer.epochId === known.epochId ? { kind: 'done' } : { kind: 'hint' }
  if (answer.from === 'list') return answer.value === 1 || answer.value === 2 ? { kind: 'suspect' } : { kind: 'done' }
  if ('failed' in answer) return answer.from === 'revocation' && answer.failed === 'unsupported' ? { kind: 'done' } : { kind: 'transient' }

  const transient: Verdict = { kind: 'transient', ...(answer.retryAfterMs !== undefined && { retryAfterMs: Math.min(answer.retryAfterMs, longestQuietMs) }) }
  const { status } = answer
  const body = isObject(answer.body) ? answer.body : undefined

  switch (answer.from) {
    case 'session':
      // This endpoint always answers 200, so that a proxy's 401 cannot be taken for its word.
      return (status === 200 ? judgeSession(body, known) : undefined) ?? transient
    case 'feed':
      return (status === 200 ? judgeSession(body, known) : judgeResource(status, body, answer.challenge, known)) ?? transient
    case 'resource':
      return judgeResource(status, body, answer.challenge, known) ?? transient
    case 'token':
      return judgeToken(status, body, known) ?? transient
    case 'revocation':
      if (status === 200) return answer.garbled ? transient : { kind: 'done' }
      return judgeToken(status, body, known) ?? transient
  }
}

/** Tells whether a verdict is the server's own word that this session is over, or held. */
export function isProof(verdict: Verdict): boolean {
  return verdict.kind === 'revoked' || verdict.kind === 'expired' || verdict.kind === 'suspended'
}

function judgeSession(body: Record<string, unknown> | undefined, known: Known): Verdict | undefined {
  if (body?.active === true) {
    if (isForeign(body, known)) return { kind: 'foreign' }
    return { kind: 'alive', proof: proofOf(body) }
  }
  if (body?.active !== false) return undefined
  if (isForeign(body, known)) return { kind: 'foreign' }
  return judgeProblem(body, known) ?? { kind: 'suspect' }
}

/** Reads the members that the session endpoint, the feed and a resource's problem share. */
function judgeProblem(body: Record<string, unknown>, known: Known): Verdict | undefined {
  const type = problemName(body.type, known.issuer)
  if (type === 'session-revoked' || type === 'session-expired' || type === 'account-suspended') {
    if (isForeign(body, known)) return { kind: 'foreign' }
    if (known.sid === undefined || body.sid !== known.sid) return { kind: 'suspect' }
    if (isOlder(body, known)) return { kind: 'foreign' }
    if (type === 'account-suspended') return { kind: 'suspended' }
    return { kind: type === 'session-revoked' ? 'revoked' : 'expired', details: detailsOf(body, type === 'session-expired') }
  }
  return undefined
}

function judgeResource(status: number, body: Record<string, unknown> | undefined, challenge: Challenge | undefined, known: Known): Verdict | undefined {
  if (status === 401) {
    const verdict = body && judgeProblem(body, known)
    if (verdict) return verdict
    const told = problemName(challenge?.errorUri, known.issuer)
    if (told === 'session-revoked' || told === 'session-expired') return { kind: 'suspect' }
    if (challenge?.error === 'insufficient_user_authentication' || problemName(body?.type, known.issuer) === 'step-up-required') {
      return {
        kind: 'step-up',
        ...(challenge?.acrValues !== undefined && { acrValues: challenge.acrValues }),
        ...(challenge?.maxAgeMs !== undefined && { maxAgeMs: challenge.maxAgeMs }),
      }
    }
    if (challenge?.error === 'use_dpop_nonce') return { kind: 'nonce' }
    if (challenge?.error === 'invalid_dpop_proof') return { kind: 'misconfigured', error: 'invalid_dpop_proof' }
    return { kind: 'access-expired' }
  }
  if (status === 403 && challenge?.error === 'insufficient_scope') {
    return { kind: 'needs-scope', ...(challenge.scope !== undefined && { scope: challenge.scope }) }
  }
  return undefined
}

function judgeToken(status: number, body: Record<string, unknown> | undefined, known: Known): Verdict | undefined {
  if (!body) return undefined
  const error = typeof body.error === 'string' ? body.error : ''
  if (status === 409) return { kind: 'superseded' }
  if (status === 422) return { kind: 'misconfigured', error: /^[\w-]{1,64}$/.test(error) ? error : 'unprocessable' }
  if (status !== 400 && status !== 401) return undefined
  if (error === 'use_dpop_nonce') return { kind: 'nonce' }
  if (error === 'invalid_grant') {
    if (isForeign(body, known)) return { kind: 'foreign' }
    const type = problemName(body.error_uri, known.issuer)
    if (type !== undefined && isOlder(body, known)) return { kind: 'foreign' }
    if (type === 'account-suspended') return { kind: 'suspended' }
    if (type === 'session-revoked') return { kind: 'revoked', details: detailsOf(body, false) }
    if (type === 'session-expired' || known.refreshOver === true) return { kind: 'expired', details: detailsOf(body, true) }
    return { kind: 'grant-unknown' }
  }
  return refusals.has(error) ? { kind: 'misconfigured', error } : undefined
}

function isForeign(body: Record<string, unknown>, known: Known): boolean {
  return typeof body.sid === 'string' && known.sid !== undefined && body.sid !== known.sid
}

/** An event from before this sign-in is about an earlier one. Both times are whole seconds of the server's clock. */
function isOlder(body: Record<string, unknown>, known: Known): boolean {
  return typeof body.event_timestamp === 'number' && body.event_timestamp < Math.floor((known.establishedAt ?? 0) / 1000)
}

function proofOf(body: Record<string, unknown>): Proof {
  const subject = isObject(body.sub_id) ? body.sub_id.id ?? body.sub_id.sub : undefined
  const establishedAt = timeOf(body.established_at)
  const expiresAt = timeOf(body.expires_at)
  const serverAt = timeOf(body.server_time)
  const status = statusOf(body.status)
  return {
    ...(typeof body.sid === 'string' && { sid: body.sid }),
    ...(typeof subject === 'string' && { subject }),
    ...(establishedAt !== undefined && { establishedAt }),
    ...(expiresAt !== undefined && { expiresAt }),
    ...(serverAt !== undefined && { serverAt }),
    ...(status && { status }),
  }
}

/** Reads the reference to a status list (Token Status List, section 6). */
function statusOf(status: unknown): StatusReference | undefined {
  const list = isObject(status) ? status.status_list : undefined
  if (!isObject(list) || typeof list.uri !== 'string' || list.uri.length > longestAddress) return undefined
  return Number.isSafeInteger(list.idx) && Number(list.idx) >= 0 ? { idx: Number(list.idx), uri: list.uri } : undefined
}

function detailsOf(body: Record<string, unknown>, expired: boolean): EndDetails {
  const by = body.initiating_entity
  const reason = body.reason
  const words = isObject(body.reason_user) ? Object.entries(body.reason_user).filter((entry): entry is [string, string] => typeof entry[1] === 'string') : []
  const serverAt = timeOf(body.event_timestamp)
  const disposition = body.disposition
  return {
    by: by === 'admin' || by === 'user' || by === 'policy' ? by : 'system',
    ...(typeof reason === 'string' && { reason: reasons.has(reason) ? (reason as EndReason) : 'policy' }),
    ...(words.length > 0 && { reasonUser: Object.fromEntries(words) }),
    disposition: disposition === 'lock' || disposition === 'retain' || disposition === 'wipe' ? disposition : expired ? 'lock' : 'wipe',
    ...(serverAt !== undefined && { serverAt }),
  }
}

/** Names a problem type of this issuer, given absolute or relative to it (RFC 9457 section 3.1.1); any other is none. */
function problemName(type: unknown, issuer: string): string | undefined {
  const base = issuer.endsWith('/') ? issuer : `${issuer}/`
  if (typeof type !== 'string' || !URL.canParse(type, base)) return undefined
  const url = new URL(type, base).href
  const problems = new URL('problems/', base).href
  return url.startsWith(problems) ? url.slice(problems.length) : undefined
}

function timeOf(seconds: unknown): number | undefined {
  return typeof seconds === 'number' && seconds > 0 && seconds < latestSecond ? seconds * 1000 : undefined
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
