/** An application that signs in at a real provider: a session on files, and a person with a browser. */
import { inspect } from 'node:util'
import { join } from 'node:path'
import { startAuthority, type Authority, type AuthorityOptions } from '@3dimli/example-authority'
import { createSession, type Session, type SignInOptions } from '@3dimli/session'
import { oauth } from '@3dimli/session/authorities/oauth'
import type { Clock, Platform, Ports } from '@3dimli/session/platform'
import { expect, onTestFinished } from 'vitest'
import { desktop, type DesktopOptions } from '../src/index.ts'
import { newFolder } from './folders.ts'
import { secretsIn } from './secrets.ts'

/** What the demo's own program asks for. */
export const scope = 'openid offline_access profile uploads:write'

/** Starts a provider that is closed when the test is over. */
export async function provider(options: AuthorityOptions = {}): Promise<Authority> {
  const authority = await startAuthority({ port: 0, ...options })
  onTestFinished(() => authority.close())
  return authority
}

/** The application in this process. */
export interface Application {
  readonly session: Session
  readonly directory: string
  /** What the person was shown, in this order. */
  readonly shown: readonly URL[]
  /** Begins to sign in; resolves with the address the person is shown. */
  begin(options?: SignInOptions): Promise<{ readonly url: URL; readonly over: Promise<void> }>
  /** The port that the answer of a sign-in goes to. */
  portOf(url: URL): number
  /** What the API answers with the session's token. */
  ping(): Promise<unknown>
}

/** Starts it. */
export async function application(authority: Authority, more: Partial<DesktopOptions> & { redirectUri?: string; clock?: Clock; fetched?: (url: string, status: number) => void } = {}): Promise<Application> {
  const { redirectUri = 'http://127.0.0.1/', clock, fetched, ...options } = more
  const directory = newFolder()
  const shown: URL[] = []
  let next = Promise.withResolvers<URL>()
  const made = desktop({
    name: 'shared', title: 'Sela\'s Uploader', directory, secrets: secretsIn(join(newFolder(), 'secret')),
    open(url) {
      shown.push(url)
      next.resolve(url)
    },
    ...options,
  })
  const open = (): Ports => {
    const ports = made.open()
    const fetch = async (request: Request, signal?: AbortSignal): Promise<Response> => {
      const response = await ports.fetch(request, signal)
      fetched?.(request.url, response.status)
      return response
    }
    return { ...ports, fetch, ...(clock && { clock }) }
  }
  const platform: Platform = { ...made, open }
  const session = createSession({ authority: oauth({ issuer: authority.issuer, clientId: 'uploader', redirectUri, scope }), platform, origins: [authority.issuer] })
  onTestFinished(() => session.stop())
  await session.start()
  return {
    session, directory, shown,
    async begin(given) {
      next = Promise.withResolvers()
      const over = session.signIn(given)
      over.catch(() => undefined)
      const url = await Promise.race([next.promise, over.then(() => Promise.reject(new Error('nothing was shown')))])
      return { url, over }
    },
    portOf: (url) => Number(new URL(url.searchParams.get('redirect_uri') ?? '').port),
    ping: async () => (await session.fetch(`${authority.issuer}/api/ping`)).json(),
  }
}

/** What a promise rejects with; fails when it resolves. Nothing secret may be in it, however deep one looks. */
export async function rejection(promise: Promise<unknown>, secrets: readonly string[] = []): Promise<{ code?: string; details?: { error?: string }; message: string; cause?: unknown }> {
  const error: unknown = await promise.then(() => expect.unreachable('it resolved'), (reason: unknown) => reason)
  const everything = inspect(error, { depth: 10, showHidden: true })
  for (const secret of secrets) expect(everything).not.toContain(secret)
  expect(everything).not.toMatch(/[?&](?:code|state|device_code|code_challenge)=/)
  return error as { code?: string; message: string }
}
