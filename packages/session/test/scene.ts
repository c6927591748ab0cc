/** A device with some tabs and a scripted server: what most tests of the session begin with. */
import { expect } from 'vitest'
import { createSession, type Session, type SessionState } from '../src/index.ts'
import type { SessionOptions } from '../src/options.ts'
import type { Answer, Authority, Grant } from '../src/authority.ts'
import type { Ports } from '../src/ports.ts'
import { createDevice, scriptedAuthority, type Device, type DeviceContext, type ScriptedAuthority } from '../src/testing/index.ts'
import { eventually } from './eventually.ts'

export const api = 'https://api.test'
export const problems = 'https://id.test/problems'

/** One tab and what the application in it saw. */
export interface Tab {
  readonly context: DeviceContext
  readonly session: Session
  readonly states: SessionState[]
  /** The cause of each end the application was told of. */
  readonly ends: string[]
  /** The access token of each request that left this tab, `none` for one without. */
  readonly sent: string[]
}

export interface Scene {
  readonly device: Device
  readonly server: ScriptedAuthority
  readonly tabs: readonly Tab[]
  readonly first: Tab
  readonly second: Tab
  open(): Tab
}

export interface SceneOptions {
  readonly tabs?: number
  readonly options?: Partial<SessionOptions>
  /** Changes the ports of the tab with this number. */
  readonly ports?: (ports: Ports, tab: number) => Ports
  readonly authority?: (authority: Authority) => Authority
}

/** Makes the tabs; none is started. */
export function scene({ tabs: count = 1, options = {}, ports = (given) => given, authority = (given) => given }: SceneOptions = {}): Scene {
  const device = createDevice()
  const server = scriptedAuthority(() => device.clock.now())
  const tabs: Tab[] = []
  const open = (): Tab => {
    const number = tabs.length
    const context = device.context()
    const platform = { name: context.platform.name, open: () => ports(context.platform.open(), number) }
    const session = createSession({ authority: authority(server.authority), platform, origins: [api], ...options })
    const tab: Tab = { context, session, states: [], ends: [], sent: [] }
    context.fetch = async (request) => {
      tab.sent.push(request.headers.get('authorization')?.replace('Bearer ', '') ?? 'none')
      return new Response('ok')
    }
    session.subscribe((state) => tab.states.push(state))
    session.onEnd((end) => tab.ends.push(end.cause))
    tabs.push(tab)
    return tab
  }
  for (let index = 0; index < count; index += 1) open()
  return { device, server, tabs, open, get first() { return tabs[0]! }, get second() { return tabs[1]! } }
}

/** Signs in through one tab, as an answer in its address would. */
export async function signIn({ server }: Scene, tab: Tab, subject = 'mira', lifetimeSeconds = 300): Promise<Grant> {
  const grant = server.grant(subject, lifetimeSeconds)
  server.pending = grant
  tab.session.stop()
  await tab.session.start()
  return grant
}

/** A scene whose every tab knows that mira is signed in. */
export async function signedIn({ lifetimeSeconds = 300, ...given }: SceneOptions & { readonly lifetimeSeconds?: number } = {}): Promise<Scene & { readonly sid: string }> {
  const made = scene(given)
  for (const { session } of made.tabs) await session.start()
  const { sid } = await signIn(made, made.first, 'mira', lifetimeSeconds)
  await statuses(made.tabs, 'active')
  return Object.assign(made, { sid: sid ?? '' })
}

/** Waits until every tab has this status. */
export async function statuses(tabs: readonly Tab[], status: SessionState['status']): Promise<void> {
  await eventually(() => expect(tabs.map(({ session }) => session.state.status)).toEqual(tabs.map(() => status)))
}

/** The server's word that a session was ended. */
export function revoked(sid: string | undefined, more: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    active: false, type: `${problems}/session-revoked`, ...(sid !== undefined && { sid }), initiating_entity: 'admin', reason: 'password-changed',
    event_timestamp: 4_000_000_000, ...more,
  }
}

/** A problem as a resource answers it (RFC 9457). */
export function problem(members: Record<string, unknown>, status = 401): Response {
  return Response.json(members, { status, headers: { 'content-type': 'application/problem+json' } })
}

/** The code of the SDK's error, or what else came. */
export async function outcome(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    (value) => (value instanceof Response ? value.status : value),
    // A DOMException has a code too, a number.
    (error: unknown) => (typeof (error as { code?: unknown }).code === 'string' ? (error as { code: string }).code : error),
  )
}

/** Lets everything run that waits for nothing but its turn. */
export async function turns(count = 10): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await new Promise<void>((resolve) => setTimeout(resolve, 0))
}

/** What became of a promise so far. */
export function watched(call: Promise<unknown>): { readonly result: unknown } {
  const seen: { result: unknown } = { result: 'pending' }
  outcome(call).then((value) => (seen.result = value), () => undefined)
  return seen
}

/** An answer of the session endpoint. */
export function sessionAnswer(body: Record<string, unknown>): () => Promise<Answer> {
  return async () => ({ from: 'session', status: 200, body })
}

/** A store whose reads can be held back after they have looked; what they saw is then old. */
export function slowReads(ports: Ports, slow: { held?: Promise<void> | undefined }): Ports {
  const read = (): Promise<unknown> => {
    const { held } = slow
    const seen = ports.store.read()
    return held ? seen.then((row) => held.then(() => row)) : seen
  }
  return { ...ports, store: { ...ports.store, read } }
}
