/** The server of a test: rotates refresh tokens, repeats an answer to the same attempt, ends a session when told. */
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'

/** What it was asked, and what it says. */
export interface TestServer {
  readonly origin: string
  readonly refreshes: { readonly token: string; readonly attempt: string }[]
  readonly revoked: string[]
  /** Token endpoints that do not answer before this is told to. */
  holdRefresh: boolean
  /** What the session endpoint says. */
  session: unknown
}

/** Starts it. */
export async function startServer(): Promise<TestServer> {
  const repeated = new Map<string, unknown>()
  const held: ServerResponse[] = []
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://x')
    const say = (body: unknown): void => void response.setHeader('content-type', 'application/json').end(JSON.stringify(body))
    if (pathname === '/refresh') {
      const [token, attempt] = [searchParams.get('token') ?? '', searchParams.get('attempt') ?? '']
      made.refreshes.push({ token, attempt })
      if (!repeated.has(attempt)) {
        const serial = repeated.size + 1
        repeated.set(attempt, { tokens: { accessToken: `canary-at-${serial}`, tokenType: 'Bearer', refreshToken: `canary-rt-${serial}`, receivedAt: Date.now(), expiresAt: Date.now() + 300_000 } })
      }
      if (made.holdRefresh) held.push(response)
      else say(repeated.get(attempt))
    } else if (pathname === '/session') say(made.session)
    else if (pathname === '/revoke') {
      made.revoked.push(searchParams.get('token') ?? '')
      say({ from: 'revocation', status: 200 })
    } else response.end(request.headers.authorization ?? 'none')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const made: TestServer = {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, refreshes: [], revoked: [], holdRefresh: false,
    session: { from: 'session', status: 200, body: { active: true, sid: 'sid-1' } },
  }
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return made
}
