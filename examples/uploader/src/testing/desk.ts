/** An uploader in this very process, at a marketplace that answers nothing; who is signed in, and what the list says, are a test's own. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { hash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { onTestFinished } from 'vitest'
import { newFolder } from '../../../../packages/session-desktop/test/folders.ts'
import { createApplication, type Application, type Asset } from '../application.ts'

/** The desk. */
export interface Desk {
  /** Its list is empty until `onAsked` says otherwise. */
  readonly app: Application
  readonly signal: AbortSignal
  /** Signs somebody in, in whoever's place. */
  signIn(subject: string): Promise<void>
  /** What is done when the list is asked for, and what it says then. */
  onAsked: () => Promise<readonly Asset[]> | readonly Asset[]
  /** Every path that was ever in the queue. */
  readonly added: () => readonly string[]
}

/** Sets it up. */
export async function desk(): Promise<Desk> {
  const server = createServer((_request, response) => void response.writeHead(503).end())
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const app = createApplication({ server: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, name: 'desk', data: newFolder() })
  const stop = new AbortController()
  onTestFinished(() => {
    stop.abort()
    app.close()
    server.closeAllConnections()
    server.close()
  })
  const paths = new Set<string>()
  app.uploads.subscribe(({ uploads }) => uploads.forEach(({ path }) => paths.add(path)))
  await app.session.start()
  const made: Desk = {
    app: { ...app, assets: async () => made.onAsked() },
    signal: stop.signal,
    signIn: (subject) => app.session.adopt({ accessToken: `access of ${subject}`, refreshToken: `refresh of ${subject}`, expiresAt: Date.now() + 3_600_000, subject }),
    onAsked: () => [],
    added: () => [...paths],
  }
  return made
}

/** How a file stands in the marketplace's list. */
export function assetOf(path: string): Asset {
  const bytes = readFileSync(path)
  return { id: '1', name: basename(path), size: bytes.length, sha256: hash('sha256', bytes, 'hex') }
}
