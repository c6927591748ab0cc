/** Tokens bound to a key (RFC 9449) on a desktop: the same key after a restart, and nothing that could export it. */
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { createSession, type Session } from '@3dimli/session'
import { oauth } from '@3dimli/session/authorities/oauth'
import { newFolder } from '../test/folders.ts'
import { secretsIn } from '../test/secrets.ts'
import { desktop } from './index.ts'

const algorithm = { name: 'ECDSA', namedCurve: 'P-256' }

async function listening(): Promise<{ readonly origin: string; readonly asked: IncomingHttpHeaders[] }> {
  const asked: IncomingHttpHeaders[] = []
  const server = createServer((request, response) => {
    const metadata = { issuer: origin, token_endpoint: `${origin}/token`, dpop_signing_alg_values_supported: ['ES256'] }
    if (request.url === '/api') asked.push(request.headers)
    response.setHeader('content-type', 'application/json').end(JSON.stringify(request.url?.includes('.well-known') ? metadata : {}))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { origin, asked }
}

const jwkOf = (headers: IncomingHttpHeaders | undefined): JsonWebKey =>
  (JSON.parse(Buffer.from(String(headers?.dpop).split('.')[0] ?? '', 'base64url').toString()) as { jwk: JsonWebKey }).jwk

it('P8 J10 a session keeps the key its tokens are bound to over a restart, and refuses one that it could not write down', async () => {
  const { origin, asked } = await listening()
  const directory = newFolder()
  const secrets = secretsIn(join(newFolder(), 'secret'))
  const open = async (): Promise<Session> => {
    const session = createSession({ authority: oauth({ issuer: origin, clientId: 'uploader', redirectUri: origin }), platform: desktop({ name: 'x', directory, secrets }), origins: [origin] })
    onTestFinished(() => session.stop())
    await session.start()
    return session
  }
  const first = await open()
  const tokens = { accessToken: 'at', tokenType: 'DPoP', subject: 'mira' } as const
  const hidden = await crypto.subtle.generateKey(algorithm, false, ['sign', 'verify'])
  await expect(first.adopt({ ...tokens, keys: hidden })).rejects.toThrow('"keys"')
  expect(first.state.status).toBe('signed-out')
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
  await first.adopt({ ...tokens, keys })
  await first.fetch(`${origin}/api`)
  first.stop()
  const second = await open()
  await second.fetch(`${origin}/api`)
  const { x, y } = await crypto.subtle.exportKey('jwk', keys.publicKey)
  expect(asked.map(({ authorization }) => authorization)).toEqual(['DPoP at', 'DPoP at'])
  for (const headers of asked) expect(jwkOf(headers)).toMatchObject({ kty: 'EC', x, y })
  for (const headers of asked) expect(Object.keys(jwkOf(headers))).not.toContain('d')
})
