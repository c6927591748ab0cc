/** Checks a signed token of somebody else: its signature, who it is from and for, and its times. */
import { createLocalJWKSet, createRemoteJWKSet, errors, type JSONWebKeySet, type JWTPayload, jwtVerify, type JWTVerifyGetKey, type JWTVerifyResult } from 'jose'
import type { ReceiverSettings } from './options.ts'

/** Why a token is refused, in the words of RFC 8935 section 2.4. The description is fixed and has no part of the token. */
export interface Refusal {
  readonly err: 'invalid_request' | 'invalid_key' | 'invalid_issuer' | 'invalid_audience' | 'authentication_failed'
  readonly description: string
}

/** How far the issuer's clock may be from ours, s. */
export const toleranceSeconds = 60

/** Only signatures that nobody can make who can check them. */
const algorithms = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519']

/** What may be checked beside signature, issuer and audience. */
export interface TokenRules {
  readonly typ?: string
  readonly requiredClaims: readonly string[]
  /** How long ago it may have been issued, s. */
  readonly maxTokenAge?: number
}

/** Checks tokens of one issuer. Rejects where its keys cannot be read, which is no fault of the token. */
export type CheckToken = (token: string, rules: TokenRules) => Promise<JWTVerifyResult | Refusal>

/** Makes the check. */
export function createTokenCheck({ issuer, audience, keys, clock }: Pick<ReceiverSettings, 'issuer' | 'audience' | 'keys' | 'clock'>): CheckToken {
  const remote = typeof keys === 'string' ? createRemoteJWKSet(new URL(keys)) : undefined
  const keyOf: JWTVerifyGetKey = remote ?? createLocalJWKSet(keys as JSONWebKeySet)
  return async (token, { requiredClaims, ...rules }) => {
    // Keys are not read again within half a minute, and a new one may have been put there meanwhile.
    const maybeStale = remote?.coolingDown === true
    try {
      const currentDate = new Date(clock.now())
      return await jwtVerify(token, keyOf, { ...rules, requiredClaims: [...requiredClaims], issuer, audience, algorithms, currentDate, clockTolerance: toleranceSeconds })
    } catch (error) {
      const refusal = maybeStale && error instanceof errors.JWKSNoMatchingKey ? undefined : refusalOf(error)
      if (refusal) return refusal
      // What jose throws may carry the token's claims: only the words leave.
      throw new Error(`The keys of the issuer cannot be used: ${error instanceof Error ? error.message : 'unknown'}`)
    }
  }
}

/** Whether this is a refusal. */
export function isRefusal(value: JWTVerifyResult | Refusal): value is Refusal {
  return 'err' in value
}

/** Refuses for a fault of the token's form. */
export function malformed(description: string): Refusal {
  return { err: 'invalid_request', description }
}

function refusalOf(error: unknown): Refusal | undefined {
  if (error instanceof errors.JWTClaimValidationFailed) {
    if (error.claim === 'iss') return { err: 'invalid_issuer', description: 'The token is of another issuer.' }
    if (error.claim === 'aud') return { err: 'invalid_audience', description: 'The token is for another audience.' }
    return malformed(`The token's "${known(error.claim)}" is missing or not as it should be.`)
  }
  if (error instanceof errors.JWTExpired) return malformed('The token is too old.')
  if (error instanceof errors.JWSInvalid || error instanceof errors.JWTInvalid) return malformed('This is not a signed token.')
  if (error instanceof errors.JOSENotSupported) return malformed('The token has a critical header that is not understood.')
  if (unfit.some((kind) => error instanceof kind)) return { err: 'invalid_key', description: 'The signature is not of a key of the issuer.' }
  return undefined
}

const unfit = [errors.JWSSignatureVerificationFailed, errors.JWKSNoMatchingKey, errors.JWKSMultipleMatchingKeys, errors.JOSEAlgNotAllowed]

const claims = ['typ', 'iat', 'exp', 'nbf', 'jti', 'events', 'sub_id']
const known = (claim: string): string => (claims.includes(claim) ? claim : 'claims')

/** A claim that is an object, or nothing. */
export function objectClaim(payload: JWTPayload, name: string): Readonly<Record<string, unknown>> | undefined {
  const value = payload[name]
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Readonly<Record<string, unknown>>) : undefined
}
