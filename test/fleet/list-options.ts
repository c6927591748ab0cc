// The status lists of a fleet, for its nodes and for who begins its sessions: short-lived, so small that there are two of them, and signed by nobody.
import type { StatusListOptions } from '@3dimli/session-server/status-list'

export const ttlMs = 2_000

export function listOptions(issuer: string): StatusListOptions {
  const sign: StatusListOptions['sign'] = async (claims) => `.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.`
  return { address: `${issuer}/status-lists`, ttlMs, size: 1000, sign }
}
