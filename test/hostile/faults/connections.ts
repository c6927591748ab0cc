// What a connection does on a bad network: nothing, too little, too late, or the wrong thing.
import { json, type NamedFault } from './fault.ts'

const body = '{"active":true,"padding":"'

export const connections: readonly NamedFault[] = [
  { name: 'a connection reset at once', tags: 'B1', api: 'TypeError', make: () => ({ response }) => response.socket?.resetAndDestroy() },
  { name: 'a connection closed without an answer', tags: 'B1', api: 'TypeError', make: () => ({ response }) => response.destroy() },
  { name: 'an answer reset in its headers', tags: 'B1', api: 'TypeError', make: () => ({ response }) => response.socket?.write('HTTP/1.1 200 OK\r\ncontent-ty', () => response.socket?.resetAndDestroy()) },
  { name: 'an answer reset in its body', tags: 'B1', api: 200, make: () => ({ response, readable }) => {
    response.writeHead(200, { ...readable, ...json, 'content-length': 500 }).write(body, () => setImmediate(() => response.socket?.resetAndDestroy()))
  } },
  { name: 'an answer closed in its body', tags: 'B1', api: 200, make: () => ({ response, readable }) => {
    response.writeHead(200, { ...readable, ...json, 'content-length': 500 }).write(body, () => setImmediate(() => response.socket?.end()))
  } },
  { name: 'something that speaks no HTTP', tags: 'B1', api: 'TypeError', make: () => ({ response }) => response.socket?.end('SSH-2.0-OpenSSH_9.2\r\n') },
  { name: 'headers longer than a browser takes', tags: 'B1', api: 'TypeError', make: () => ({ response, readable }) => response.writeHead(200, { ...readable, 'x-long': 'x'.repeat(600_000) }).end() },
  { name: 'a black hole: accepted and never answered', tags: 'A13', api: 'TimeoutError', hangs: true, make: () => () => undefined },
  { name: 'headers, and no body ever', tags: 'A13', api: 200, hangs: true, make: () => ({ response, readable }) => response.writeHead(200, { ...readable, ...json, 'content-length': 500 }).flushHeaders() },
  { name: 'a body of one byte in a while', tags: 'A13', api: 200, hangs: true, make: () => ({ response, readable }) => {
    response.writeHead(200, { ...readable, ...json }).write('{')
    const timer = setInterval(() => response.write(' '), 500)
    response.once('close', () => clearInterval(timer))
  } },
  { name: 'a body without an end', tags: 'A13', api: 200, hangs: true, make: () => ({ response, readable }) => {
    response.writeHead(200, { ...readable, ...json }).write('{"active":true,"padding":"')
    const timer = setInterval(() => response.write('x'.repeat(65_536)), 100)
    response.once('close', () => clearInterval(timer))
  } },
  { name: 'the answer lost after the server acted', tags: 'A11', api: 'TypeError', acted: true, make: () => async ({ forward, response }) => {
    await forward()
    response.socket?.resetAndDestroy()
  } },
  { name: 'the answer cut after 20 bytes, after the server acted', tags: 'A11', api: 200, acted: true, make: () => async ({ forward, response }) => {
    const answer = await forward()
    const { 'transfer-encoding': _, ...headers } = answer.headers
    response.writeHead(answer.statusCode ?? 502, { ...headers, 'content-length': 5_000 })
    const reset = () => void setImmediate(() => response.socket?.resetAndDestroy())
    answer.once('end', reset).once('data', (chunk: Buffer) => response.write(chunk.subarray(0, 20), reset))
  } },
  { name: 'the answer kept for ever after the server acted', tags: 'A11 A13', api: 'TimeoutError', hangs: true, acted: true, make: () => async ({ forward }) => void (await forward()) },
]
