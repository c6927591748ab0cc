/** The door of the API: a valid token of a live session, with the scope that is needed. */
import type { SessionServer } from '@3dimli/session-server'
import { createMiddleware } from 'hono/factory'
import type { Access, AccessCheck, Refused } from '../access.ts'

/** What the routes behind the door know. */
export interface Guarded {
  readonly Variables: { access: Access; sid: string | undefined }
}

/** Asks for a token with a scope. */
export type Guard = (scope?: string) => ReturnType<typeof createMiddleware<Guarded>>

/** Makes the door; a plain one says of a session that is over only that the token is no good. */
export function createGuard(access: AccessCheck, server: SessionServer, plain: boolean): Guard {
  return (scope) => createMiddleware<Guarded>(async (c, next) => {
    const found = await access.check(c.req.raw)
    if ('error' in found) return refused(found)
    c.set('sid', found.sid)
    const stopped = await server.problem(found.sid, found.scheme)
    if (stopped) return plain ? refused({ scheme: found.scheme, error: 'invalid_token', description: 'The token is not valid.' }) : stopped
    if (scope !== undefined && !found.scopes.has(scope)) {
      const challenge = `${found.scheme} error="insufficient_scope", error_description="This needs another scope.", scope="${scope}"`
      return answer(403, 'This token may not do that.', challenge)
    }
    c.set('access', found)
    await server.touch(found.sid)
    return next()
  })
}

/** The answer to a token that was refused, RFC 6750 section 3: no error is named where no token was sent. */
export function refused({ scheme, error, description }: Refused): Response {
  if (error === '') return answer(401, description, 'Bearer, DPoP algs="ES256 EdDSA"')
  return answer(401, description, `${scheme} error="${error}", error_description="${description}"`)
}

function answer(status: number, title: string, challenge: string): Response {
  const headers = { 'content-type': 'application/problem+json', 'cache-control': 'no-store', 'www-authenticate': challenge }
  return new Response(JSON.stringify({ type: 'about:blank', status, title }), { status, headers })
}

/** A request that cannot be done, as a problem. */
export function refusal(status: number, title: string): Response {
  return new Response(JSON.stringify({ type: 'about:blank', status, title }), { status, headers: { 'content-type': 'application/problem+json', 'cache-control': 'no-store' } })
}
