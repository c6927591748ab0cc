/** Which other origins may read the answers, by an exact list. */

const exposed = 'WWW-Authenticate, DPoP-Nonce, Retry-After, Date'
const allowed = 'authorization, dpop, idempotency-key, last-event-id, content-type'

/** Answers a preflight for these methods. */
export function preflight(methods: string): Response {
  return new Response(null, {
    status: 204,
    headers: {
      'access-control-allow-methods': methods,
      'access-control-allow-headers': allowed,
      'access-control-max-age': '7200',
      'cache-control': 'no-store',
    },
  })
}

/** Returns the answer as the asking origin may read it, if it is on the list. */
export function readable(response: Response, request: Request, origins: readonly string[]): Response {
  const origin = request.headers.get('origin')
  if (origins.length === 0) return response
  const headers = new Headers(response.headers)
  headers.append('vary', 'Origin')
  if (origin !== null && origins.includes(origin)) {
    headers.set('access-control-allow-origin', origin)
    headers.set('access-control-expose-headers', exposed)
  }
  return new Response(response.body, { status: response.status, headers })
}
