/** What a sign-in brings to the device. */
import type { Grant } from '../../src/authority.ts'
import { mergeTokens } from '../../src/tokens.ts'
import { issuer, type Login, type Server } from './server.ts'

/** Reads the first tokens of a sign-in, as they arrive at this wall time. */
export function grantOf(server: Server, login: Login, wall: number): Grant {
  const [access = ''] = login.access.keys()
  const [refresh = ''] = login.issued
  return {
    tokens: mergeTokens(undefined, { access_token: access, token_type: 'Bearer', expires_in: server.traits.accessSeconds, refresh_token: refresh }, wall),
    issuer,
    subject: login.subject,
    ...(server.traits.sid && { sid: login.sid }),
    establishedAt: login.establishedAt,
  }
}
