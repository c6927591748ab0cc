/** Windows of an application without Electron: a real channel for each, a session on a device in memory, and a real server. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished } from 'vitest'
import { createSession, isSessionError, type Session } from '@3dimli/session'
import { createDevice, scriptedAuthority, type ScriptedAuthority } from '@3dimli/session/testing'
import { serveSession, type MainPort, type ServedSession, type ServeOptions } from '../src/electron/index.ts'
import { connectSession, type WindowSession } from '../src/electron/renderer/index.ts'
import type { Tell } from '../src/electron/messages.ts'
import { eventually } from './eventually.ts'

export const page = 'app://uploader/index.html'

/** A server that answers by path, and remembers who asked. */
export async function serving(routes: Record<string, (request: IncomingMessage, response: ServerResponse) => void>): Promise<{ readonly origin: string; readonly asked: IncomingMessage[] }> {
  const asked: IncomingMessage[] = []
  const server = createServer((request, response) => {
    asked.push(request)
    const route = routes[new URL(request.url ?? '', 'http://x').pathname]
    if (route) route(request, response)
    else response.end('ok')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked }
}

/** A port as the main process has it, and everything that was posted into it. */
export function mainPort(port: MessagePort): { readonly port: MainPort; readonly told: Tell[] } {
  const told: Tell[] = []
  const main: MainPort = {
    on(event: 'message' | 'close', listener: (given: { data: unknown; ports: readonly MessagePort[] }) => void) {
      port.addEventListener(event, (given) => listener(given as MessageEvent))
    },
    postMessage(message) {
      told.push(message as Tell)
      port.postMessage(message)
    },
    start: () => port.start(),
    close: () => port.close(),
  }
  return { port: main, told }
}

/** One window: the page's end of the channel, and what it was told. */
export interface TestWindow {
  readonly session: WindowSession
  readonly told: Tell[]
}

/** The application. */
export interface Application {
  readonly session: Session
  readonly server: ScriptedAuthority
  readonly served: ServedSession
  /** Opens a window that asks as ours do. */
  open(): TestWindow
  /** Opens one that says what it likes: its bare port. */
  raw(): { readonly port: MessagePort; readonly told: Tell[] }
}

const ours: ServeOptions['allow'] = ({ protocol, host }) => {
  if (host === 'stumble') throw new Error('of the application')
  return protocol === 'app:' && host === 'uploader'
}

/** Starts an application in which somebody is signed in; the tokens are canaries. */
export async function application(origins: readonly string[], options: Partial<ServeOptions> = {}, signIn?: () => Promise<void>): Promise<Application> {
  const device = createDevice()
  const server = scriptedAuthority(() => device.clock.now())
  server.onSession = async () => ({ from: 'session', status: 200, body: { active: true, sid: 'sid-1' } })
  const authority: typeof server.authority = { issuer: server.authority.issuer, connect: (io) => ({ ...server.authority.connect(io), ...(signIn && { signIn }) }) }
  const context = device.context()
  context.fetch = (request) => globalThis.fetch(request)
  const session = createSession({ authority, platform: context.platform, origins: [...origins] })
  await session.start()
  await session.adopt({ accessToken: 'canary-access', refreshToken: 'canary-refresh', expiresAt: device.clock.now() + 3_600_000, subject: 'mira', sid: 'sid-1' })
  const served = serveSession(session, { allow: ours, ...options })
  onTestFinished(() => {
    served.close()
    session.stop()
  })
  const raw = (): { readonly port: MessagePort; readonly told: Tell[] } => {
    const { port1, port2 } = new MessageChannel()
    const { port, told } = mainPort(port1)
    served.connect({ ports: [port], senderFrame: { url: page, parent: null } })
    onTestFinished(() => port2.close())
    return { port: port2, told }
  }
  return {
    session, server, served, raw,
    open() {
      const { port, told } = raw()
      return { session: connectSession(port), told }
    },
  }
}

/** Has the server revoke the session, and this device learn of it. */
export async function revoke({ session, server }: Pick<Application, 'session' | 'server'>): Promise<void> {
  server.onSession = async () => ({
    from: 'session', status: 200,
    body: { active: false, type: 'https://id.test/problems/session-revoked', sid: 'sid-1', initiating_entity: 'admin', reason: 'password-changed' },
  })
  await session.confirm()
}

/** Waits until a window shows that somebody is signed in. */
export const active = (window: TestWindow): Promise<void> => eventually(() => expect(window.session.state.status).toBe('active'))
/** What a call failed with. */
export const failing = (promise: Promise<unknown>): Promise<unknown> => promise.then(() => 'answered', (error: unknown) => error)
/** The SDK's code of an error. */
export const codeOf = (error: unknown): unknown => (isSessionError(error) ? error.code : error)
