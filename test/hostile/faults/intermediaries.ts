// What answers in the server's place: captive portals, proxies, gateways that start, firewalls.
import { gzipSync } from 'node:zlib'
import { html, json, page, say, type NamedFault } from './fault.ts'

const portal = page('Welcome to our Wi-Fi')
const revoked = (issuer: string, sid: string) =>
  JSON.stringify({ active: false, type: `${issuer}/problems/session-revoked`, sid, initiating_entity: 'admin', event_timestamp: Math.ceil(Date.now() / 1000), error: 'invalid_grant' })

export const intermediaries: readonly NamedFault[] = [
  { name: 'a captive portal that says 200 and HTML', tags: 'B2', api: 200, make: () => say(200, portal, html) },
  { name: 'a captive portal that no page may read', tags: 'B2 B3', api: 'TypeError', make: () => ({ response }) => response.writeHead(200, html).end(portal) },
  { name: 'HTML that claims to be JSON', tags: 'B2', api: 200, make: () => say(200, portal, json) },
  { name: 'an empty 200', tags: 'B2', api: 200, make: () => say(200) },
  { name: 'a 204', tags: 'B2', api: 204, make: () => say(204) },
  { name: 'an empty 401', tags: 'B2 A5', api: 401, make: () => say(401) },
  { name: 'a 401 that no page may read', tags: 'B3', api: 'TypeError', make: () => ({ response }) => response.writeHead(401).end() },
  { name: 'a 401 of HTML that asks for a password', tags: 'B2', api: 401, make: () => say(401, page('Sign in'), { ...html, 'www-authenticate': 'Basic realm="proxy"' }) },
  { name: 'the 403 of an identity-aware proxy', tags: 'B2 B4', api: 403, make: () => say(403, page('Access denied'), html) },
  { name: 'a 403 of JSON', tags: 'B4', api: 403, make: () => say(403, '{"error":"access_denied"}', json) },
  { name: 'a redirect to a login page of the same origin', tags: 'B2', api: 200, make: () => ({ path, response, readable }) => (path === '/login' ? response.writeHead(200, { ...readable, ...html }).end(portal) : response.writeHead(302, { ...readable, location: '/login' }).end()) },
  { name: 'a redirect to a login page elsewhere', tags: 'B2', api: 'TypeError', make: () => say(302, '', { location: 'http://127.0.0.1:9/login' }) },
  { name: 'a redirect that keeps method and body', tags: 'B2', api: 'TypeError', make: () => say(307, '', { location: 'http://127.0.0.1:9/login' }) },
  { name: 'a redirect that no page may read', tags: 'B2 B3', api: 'TypeError', make: () => ({ response }) => response.writeHead(303, { location: 'http://127.0.0.1:9/login' }).end() },
  { name: 'a 400 of HTML', tags: 'B1 B2', api: 400, make: () => say(400, page('Bad request'), html) },
  { name: 'a 400 of JSON that says nothing', tags: 'B1', api: 400, make: () => say(400, '{"message":"blocked"}', json) },
  { name: 'a 404', tags: 'B2', api: 404, make: () => say(404, page('Not found'), html) },
  { name: 'a 407', tags: 'B2', api: 'TypeError', make: () => say(407, page('Proxy'), { ...html, 'proxy-authenticate': 'Basic realm="proxy"' }) },
  { name: 'a 409 of HTML', tags: 'B2', api: 409, make: () => say(409, page('Conflict'), html) },
  // Unless told otherwise a browser keeps a 410 for ever, which is the application's to know of its own requests.
  { name: 'a 410', tags: 'B2', api: 410, make: () => say(410, page('Gone'), { ...html, 'cache-control': 'no-store' }) },
  { name: 'a 422 of HTML', tags: 'B2', api: 422, make: () => say(422, page('Blocked'), html) },
  { name: 'a 451', tags: 'B2', api: 451, make: () => say(451, page('Not here'), html) },
  { name: 'a 500', tags: 'B1', api: 500, make: () => say(500, page('Error'), html) },
  { name: 'the 502 of a gateway whose server starts', tags: 'B1 B2', api: 502, make: () => say(502, page('Bad gateway'), html) },
  { name: 'a 504', tags: 'B1', api: 504, make: () => say(504, page('Timeout'), html) },
  { name: 'a 511 that wants a sign-in to the network', tags: 'B2', api: 511, make: () => say(511, portal, html) },
  { name: 'JSON that ends too early', tags: 'B1', api: 200, make: ({ sid }) => say(200, `{"active":false,"sid":"${sid}","access_token":"abc`, json) },
  { name: 'JSON of the wrong shape', tags: 'B1', api: 200, make: () => say(200, '{"active":"no","access_token":7,"token_type":[]}', json) },
  { name: 'JSON that is a list', tags: 'B1', api: 200, make: () => say(200, '[{"active":false}]', json) },
  { name: 'JSON that is null', tags: 'B1', api: 200, make: () => say(200, 'null', json) },
  { name: 'the words of a revocation as HTML', tags: 'B2', api: 401, make: ({ issuer, sid }) => say(401, revoked(issuer, sid), html) },
  { name: 'a revocation of another issuer', tags: 'B2', api: 401, make: ({ sid }) => say(401, revoked('https://portal.example', sid).replace('"error":"invalid_grant"', '"error":"denied"'), json) },
  { name: 'gzip that is none', tags: 'B1', api: 200, make: () => say(200, 'no gzip', { ...json, 'content-encoding': 'gzip' }) },
  { name: 'gzip that ends too early', tags: 'B1', api: 200, make: () => say(200, gzipSync('{"active":true}'.repeat(999)).subarray(0, 40), { ...json, 'content-encoding': 'gzip' }) },
]

/** What answers for the provider's metadata while a page is opened, and what a browser may keep of it. */
export const openings: readonly Pick<NamedFault, 'name' | 'make'>[] = [
  { name: 'a captive portal', make: () => say(200, portal, html) },
  { name: 'a captive portal that may be kept for a day', make: () => say(200, portal, { ...html, 'cache-control': 'max-age=86400' }) },
  { name: 'HTML that claims to be JSON', make: () => say(200, portal, json) },
  { name: 'metadata of another issuer', make: () => say(200, '{"issuer":"https://portal.example","token_endpoint":"https://portal.example/token"}', json) },
  { name: 'a redirect for a while', make: () => say(302, '', { location: 'http://127.0.0.1:9/login' }) },
  { name: 'a redirect for ever', make: () => say(308, '', { location: 'http://127.0.0.1:9/login' }) },
  { name: 'a 410, which browsers keep for ever', make: () => say(410, page('Gone'), html) },
  { name: 'a 503', make: () => say(503) },
]
