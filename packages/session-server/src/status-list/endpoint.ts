/** Answers for the lists so that a CDN can do it: public, with a strong validator, readable from every origin. */
import { problem } from '../problem.ts'
import type { Published } from './publication.ts'

const open = { 'access-control-allow-origin': '*', 'x-content-type-options': 'nosniff' }

/** Answers for one list (Token Status List, section 8). */
export function listAnswer(request: Request, { token, etag }: Published, maxAgeSeconds: number): Response {
  const headers = { ...open, etag, 'cache-control': `public, max-age=${maxAgeSeconds}` }
  if (new URL(request.url).searchParams.has('time')) return problem(501, { title: 'Lists of the past are not kept.' }, open)
  if (isKnown(request.headers.get('if-none-match'), etag)) return new Response(null, { status: 304, headers })
  return new Response(request.method === 'HEAD' ? null : token, { headers: { ...headers, 'content-type': 'application/statuslist+jwt' } })
}

/** Names all lists (Token Status List, section 9). */
export function aggregation(request: Request, uris: readonly string[], maxAgeSeconds: number): Response {
  const headers = { ...open, 'content-type': 'application/json', 'cache-control': `public, max-age=${maxAgeSeconds}` }
  return new Response(request.method === 'HEAD' ? null : JSON.stringify({ status_lists: uris }), { headers })
}

/** Refuses any other method. Nothing about a list is a secret, so nothing needs a preflight. */
export function refusedMethod(): Response {
  return problem(405, { title: 'This method is not offered here.' }, { ...open, allow: 'GET, HEAD' })
}

/** Says that the list cannot be had now; who asks keeps what it has. */
export function unavailable(): Response {
  return problem(503, { title: 'The list cannot be made now.' }, { ...open, 'retry-after': '2' })
}

/** Compares weakly, as RFC 9110 section 13.1.2 asks: a proxy that compresses makes our validator weak. */
function isKnown(asked: string | null, etag: string): boolean {
  return asked !== null && asked.split(',').some((tag) => tag.trim() === '*' || tag.trim().replace(/^W\//, '') === etag)
}
