/** Which origins may read the provider's and the API's answers. */
import type { IncomingMessage, ServerResponse } from 'node:http'

/** Sets the headers; returns true when the request was a preflight and is answered. */
export function answerCors(request: IncomingMessage, response: ServerResponse, origins: readonly string[]): boolean {
  const { origin } = request.headers
  response.appendHeader('Vary', 'Origin')
  if (origin !== undefined && origins.includes(origin)) {
    response.setHeader('Access-Control-Allow-Origin', origin)
    response.setHeader('Access-Control-Expose-Headers', 'WWW-Authenticate, DPoP-Nonce, Retry-After, Date, Content-Disposition')
  }
  if (request.method !== 'OPTIONS' || request.headers['access-control-request-method'] === undefined) return false
  response.writeHead(204, {
    'Access-Control-Allow-Methods': 'GET, POST, PUT, DELETE, OPTIONS',
    'Access-Control-Allow-Headers': 'authorization, dpop, idempotency-key, last-event-id, content-type',
    'Access-Control-Max-Age': '7200',
    'Cache-Control': 'no-store',
  })
  response.end()
  return true
}
