/** The status lists of the demo, signed with the provider's own key. */
import { createStatusLists, type StatusLists } from '@3dimli/session-server/status-list'
import { SignJWT } from 'jose'
import type { Keys } from './keys.ts'

/** Makes the lists. */
export function createLists(issuer: string, { jwk }: Keys, ttlSeconds: number): StatusLists {
  return createStatusLists({
    address: `${issuer}/status-lists`,
    ttlMs: ttlSeconds * 1000,
    sign: (claims) => new SignJWT({ ...claims }).setProtectedHeader({ alg: 'ES256', typ: 'statuslist+jwt', ...(jwk.kid && { kid: jwk.kid }) }).sign(jwk),
  })
}
