/** What an abort does to a connection, in the clear and under TLS. */
import { execFileSync, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { expect, it, onTestFinished } from 'vitest'
import { newFolder } from '../../test/folders.ts'
import { createConnections } from './stack.ts'

const MB = 1024 * 1024
const noTls = spawnSync('openssl', ['version']).status === 0 ? undefined : 'openssl is not installed'

function certificate(): { readonly key: Buffer; readonly cert: Buffer } {
  const folder = newFolder()
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')]
  execFileSync('openssl', [
    'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2',
    '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost', '-keyout', key, '-out', cert,
  ], { stdio: 'ignore' })
  return { key: readFileSync(key), cert: readFileSync(cert) }
}

const nothing = { size: 0, pieces: () => (async function* () {})() }
const pieces = (size: number) => async function* (): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < size; at += MB) yield new Uint8Array(MB)
}

it.for([['in the clear', false], ['under TLS', true]] as const)('P1 I2 an abort resets the connection %s, and what the system held back is not sent', async ([, isSecure], { skip }) => {
  if (isSecure && noTls) skip(noTls)
  const pair = isSecure ? certificate() : undefined
  if (pair) {
    const before = getCACertificates()
    setDefaultCACertificates([...before, pair.cert.toString()])
    onTestFinished(() => setDefaultCACertificates(before))
  }
  const begun = Promise.withResolvers<IncomingMessage>()
  const over = Promise.withResolvers<string>()
  let connections = 0
  const answer: Parameters<typeof createServer>[1] = (request, response) => {
    // A server that takes nothing: everything that is sent lies in buffers.
    if (request.method === 'PATCH') begun.resolve(request)
    else response.end(request.url)
  }
  const server = pair ? createSecureServer(pair, answer) : createServer(answer)
  server.on('connection', () => void (connections += 1))
  // A connection that was closed in good order, with all that was held back, would be called an end that came too early.
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    socket.destroy()
    over.resolve(error.code ?? '')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const address = `${isSecure ? 'https' : 'http'}://localhost:${(server.address() as AddressInfo).port}`

  const all = createConnections()
  onTestFinished(() => all.close())
  const { signal, abort } = ((controller) => ({ signal: controller.signal, abort: () => controller.abort(new Error('It is over.')) }))(new AbortController())
  const stack = all.stack(signal)
  for (const path of ['/a', '/b']) expect((await stack.createRequest('GET', address + path).send(null)).getBody()).toBe(path)
  expect(connections).toBe(1)

  const sending = stack.createRequest('PATCH', `${address}/c`).send({ size: 64 * MB, pieces: pieces(64 * MB) })
  const refused = expect(sending).rejects.toThrow('It is over.')
  const request = await begun.promise
  abort()
  await refused
  request.resume()
  expect(await over.promise).toBe('ECONNRESET')
  await expect(stack.createRequest('GET', address).send(null)).rejects.toThrow('It is over.')
  await expect(stack.createRequest('PATCH', address).send(nothing)).rejects.toThrow('It is over.')
})

it('an answer that is cut off, and one that comes before the body is sent, end their request', async () => {
  const server = createServer((request, response) => {
    if (request.url === '/early') return void response.writeHead(401).end('no')
    response.writeHead(200, { 'content-length': '10' }).write('half')
    setImmediate(() => request.socket.resetAndDestroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const all = createConnections()
  onTestFinished(() => all.close())
  const stack = all.stack(new AbortController().signal)
  await expect(stack.createRequest('GET', `${address}/cut`).send(null)).rejects.toThrow()
  let sent = 0
  const request = stack.createRequest('PATCH', `${address}/early`)
  request.setProgressHandler((bytes) => void (sent = bytes))
  const early = await request.send({ size: 4096 * MB, pieces: pieces(4096 * MB) })
  expect(early.getStatus()).toBe(401)
  expect(sent).toBeLessThan(4096 * MB)
})

/** A server that says what it was sent, and whether all of it came. */
async function listener(onRequest: (request: IncomingMessage) => void) {
  const server = createServer((request, response) => {
    onRequest(request)
    const hash = createHash('sha256')
    request.on('data', (piece: Buffer) => void hash.update(piece)).on('end', () => response.end(hash.digest('hex')))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const all = createConnections()
  onTestFinished(() => {
    all.close()
    server.closeAllConnections()
    server.close()
  })
  return all.stack(new AbortController().signal).createRequest('PATCH', `http://127.0.0.1:${(server.address() as AddressInfo).port}`)
}

it('P10 a body whose pieces lie in the same room one after another arrives as it was, however slowly it is taken', async () => {
  const [pieceBytes, count] = [4096, 4096]
  const request = await listener((incoming) => {
    incoming.pause()
    setImmediate(() => incoming.resume())
  })
  const room = Buffer.alloc(pieceBytes)
  const whole = createHash('sha256')
  const answer = await request.send({
    size: pieceBytes * count,
    async *pieces() {
      for (let at = 0; at < count; at += 1) {
        whole.update(room.fill(at))
        yield room
      }
      room.fill(255)
    },
  })
  expect(answer.getBody()).toBe(whole.digest('hex'))
})

it('a body that cannot be read to its end breaks its connection off', async () => {
  const broken = Promise.withResolvers<void>()
  const request = await listener((incoming) => void incoming.on('error', () => broken.resolve()))
  const sending = request.send({
    size: 2 * MB,
    async *pieces() {
      yield new Uint8Array(MB)
      throw new Error('It is gone.')
    },
  })
  await expect(sending).rejects.toThrow('It is gone.')
  await broken.promise
}, 20_000)

it('an answer without an end is given up', async () => {
  const server = createServer((_request, response) => {
    response.writeHead(200)
    const say = (): void => {
      while (!response.destroyed && response.write('x'.repeat(MB)));
    }
    response.on('drain', say).on('error', () => undefined)
    say()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const all = createConnections()
  onTestFinished(() => {
    all.close()
    server.closeAllConnections()
    server.close()
  })
  const request = all.stack(new AbortController().signal).createRequest('POST', `http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  await expect(request.send(null)).rejects.toThrow('too long')
})
