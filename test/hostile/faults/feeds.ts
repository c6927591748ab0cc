// What becomes of an event feed on its way: held back, cut, silent, closed, or another thing altogether.
import { html, json, page, say, stream, type About } from './fault.ts'
import type { Fault } from '../proxy.ts'

export interface FeedFault {
  /** Completes "a feed …". */
  readonly name: string
  readonly tags: string
  readonly make: (about: About) => Fault
  /** The stream begins well and then says nothing more; it is given up only after its silence. */
  readonly silent?: boolean
  /** Nothing comes at all, so it is not tried a second time for a while. */
  readonly hangs?: boolean
}

const event = (body: unknown): string => `event: session\nid: 1\ndata: ${typeof body === 'string' ? body : JSON.stringify(body)}\n\n`
/** Sends a text as a stream and leaves the stream open. */
const send = (text: string | Uint8Array): Fault => ({ response, readable }) => response.writeHead(200, { ...readable, ...stream }).write(text)
const close = (text: string | Uint8Array): Fault => say(200, text, stream)

export const feeds: readonly FeedFault[] = [
  { name: 'never answered', tags: 'F3 A13', hangs: true, make: () => () => undefined },
  { name: 'held back by a proxy that fills its buffer first', tags: 'F5', hangs: true, make: () => async ({ forward }) => void (await forward()).resume() },
  { name: 'opened and then held back', tags: 'F5', silent: true, make: () => async ({ forward, response, readable }) => {
    (await forward()).resume()
    response.writeHead(200, { ...readable, ...stream }).flushHeaders()
  } },
  { name: 'silent after its first event', tags: 'F3', silent: true, make: () => async ({ forward, response, readable }) => {
    const answer = await forward()
    response.writeHead(200, { ...readable, ...stream })
    answer.on('data', (chunk: Buffer) => void (String(chunk).includes('data:') && answer.removeAllListeners('data').resume() && response.write(chunk)))
  } },
  { name: 'kept alive by comments of a proxy that passes no event', tags: 'F5', silent: true, make: () => ({ response, readable }) => {
    response.writeHead(200, { ...readable, ...stream }).flushHeaders()
    const timer = setInterval(() => response.write(':\n\n'), 1_000)
    response.once('close', () => clearInterval(timer))
  } },
  { name: 'cut in the middle of an event', tags: 'F3', make: () => async ({ forward, response, readable }) => {
    const answer = await forward()
    response.writeHead(200, { ...readable, ...stream })
    answer.on('data', (chunk: Buffer) => {
      const at = String(chunk).indexOf('data:')
      response.write(at < 0 ? chunk : chunk.subarray(0, at + 20), () => void (at >= 0 && setImmediate(() => response.socket?.resetAndDestroy())))
    })
  } },
  { name: 'reset at once, again and again', tags: 'F3', make: () => ({ response }) => response.socket?.resetAndDestroy() },
  { name: 'closed at once, again and again', tags: 'F3', make: () => close('') },
  { name: 'closed after its first event, again and again', tags: 'F3', make: ({ sid }) => close(event({ active: true, sid })) },
  { name: 'told goodbye at once, again and again', tags: 'F3', make: () => close('event: bye\ndata: {}\n\n') },
  { name: 'refused with an empty 401', tags: 'F6 A5', make: () => say(401) },
  { name: 'refused with a 401 that names the token', tags: 'F6 A5', make: () => say(401, '', { 'www-authenticate': 'DPoP error="invalid_token"' }) },
  { name: 'answered with 204', tags: 'F3', make: () => say(204) },
  { name: 'refused with 403 and HTML', tags: 'F6 B4', make: () => say(403, page('Access denied'), html) },
  { name: 'not found', tags: 'F3', make: () => say(404, page('Not found'), html) },
  { name: 'refused with 429', tags: 'F3 A14', make: () => say(429, '', { 'retry-after': '2' }) },
  { name: 'refused with 503', tags: 'F3', make: () => say(503) },
  { name: 'of HTML instead of events', tags: 'B2', make: () => say(200, page('Welcome to our Wi-Fi'), html) },
  { name: 'of HTML that claims to be events', tags: 'B2', silent: true, make: () => send(page('Welcome to our Wi-Fi')) },
  { name: 'of JSON instead of events', tags: 'B2', make: ({ sid }) => say(200, JSON.stringify({ active: true, sid }), json) },
  { name: 'redirected to a login page', tags: 'B2', make: () => say(302, '', { location: 'http://127.0.0.1:9/login' }) },
  { name: 'packed as gzip that is none', tags: 'F3', make: () => say(200, 'no gzip', { ...stream, 'content-encoding': 'gzip' }) },
  { name: 'with an event of broken JSON', tags: 'F3', make: () => close(event('{"active":false,"sid":')) },
  { name: 'with an event of the wrong shape', tags: 'F3', make: () => close(event(['active', false])) },
  { name: 'with an event that knows no session', tags: 'F3 B2', make: () => close(event({ active: false })) },
  { name: 'with an event about the session of somebody else', tags: 'F3 E2', make: ({ issuer }) => close(event({ active: false, type: `${issuer}/problems/session-revoked`, sid: 'somebody-else' })) },
  { name: 'with an event larger than any', tags: 'F3', make: () => send(`data: ${'x'.repeat(200_000)}`) },
  { name: 'of bytes that are no text', tags: 'F3', make: () => close(Uint8Array.from({ length: 4_096 }, (_, index) => (index * 37) % 256)) },
  { name: 'that wishes to be asked again in a thousand years', tags: 'F3 C4', make: ({ sid }) => close(`retry: 31536000000000\n\n${event({ active: true, sid })}`) },
]
