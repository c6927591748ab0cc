/** Security event tokens, RFC 8417 as the Shared Signals Framework has them: checked, understood, and acted upon once. */
import { act } from './act.ts'
import { endFor, type EventClaims } from './events.ts'
import { positiveOr, type ReceiverOptions, type ReceiverSettings } from './options.ts'
import { readSubject } from './subject.ts'
import { createTokenCheck, isRefusal, malformed, objectClaim, type Refusal, toleranceSeconds } from './token.ts'

/** Options of receiving security event tokens. */
export interface SecurityEventOptions extends ReceiverOptions {
  /** Members of complex subjects without which an event must not be acted upon and that `sessions` does not look at: the sender's `critical_subject_members` without those. @default [] */
  readonly criticalMembers?: readonly string[]
  /** How old a token may be, ms: so long it is remembered, and an older one is refused. @default 604800000, seven days */
  readonly maxAgeMs?: number
}

/** The names of the options that only these have. */
export const securityEventOptions = ['criticalMembers', 'maxAgeMs'] as const

/** Takes one token: resolves to why it is refused, or to nothing when it is done. Rejects where it could not be done now. */
export type TakeSet = (token: string) => Promise<Refusal | undefined>

/** What RFC 9493 and SSF let a complex subject say that is understood here. */
const understood = ['user', 'session']

/** Makes what takes the tokens of one issuer. @throws TypeError naming the option that is wrong */
export function createTakeSet(options: SecurityEventOptions, settings: ReceiverSettings): TakeSet {
  const { criticalMembers = [] } = options
  if (!Array.isArray(criticalMembers) || !criticalMembers.every((name) => typeof name === 'string')) throw new TypeError('"criticalMembers" must be a list of names')
  const maxAgeMs = positiveOr('maxAgeMs', options.maxAgeMs, 7 * 86_400_000)
  const check = createTokenCheck(settings)

  return async (token) => {
    const verified = await check(token, { typ: 'secevent+jwt', requiredClaims: ['iat', 'jti', 'events', 'sub_id'], maxTokenAge: Math.ceil(maxAgeMs / 1000) })
    if (isRefusal(verified)) return verified
    const { payload } = verified
    const { jti, iat } = payload
    if (typeof jti !== 'string' || jti === '') return malformed('The "jti" is not as it should be.')
    // Whoever takes ID tokens must not take this for one, and the other way round (RFC 8417 section 4.2, SSF 1.0).
    if ('sub' in payload) return malformed('A security event token must not have a "sub".')
    const events = Object.entries(objectClaim(payload, 'events') ?? {})
    if (events.length === 0 || events.some(([, event]) => !isClaims(event))) return malformed('The "events" are not as they should be.')
    const about = readSubject(payload['sub_id'])
    if (about === 'malformed') return malformed('The "sub_id" is not as it should be.')

    const named = objectClaim(payload, 'sub_id')!
    const discarded = criticalMembers.some((member) => !understood.includes(member) && named['format'] === 'complex' && Object.hasOwn(named, member))
    const happenedAt = (event: EventClaims) => Math.min(...[iat!, payload['toe'], event['event_timestamp']].filter((time) => typeof time === 'number'))
    const ends = events.flatMap(([type, event]) => {
      const how = endFor(type, event as EventClaims)
      return how && !discarded ? [{ at: happenedAt(event as EventClaims), how }] : []
    })
    await act(settings, { jti, types: events.map(([type]) => type), about, ends, until: (iat! + toleranceSeconds) * 1000 + maxAgeMs })
    return undefined
  }
}

function isClaims(value: unknown): value is EventClaims {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
