// What an example may name without saying where it comes from: things that are the reader's own.
import type { Session } from '@3dimli/session'
import type { Identity, SessionServer } from '@3dimli/session-server'

declare global {
  const session: Session
  const server: SessionServer
  const form: HTMLFormElement
  const queries: { clear(): void }
  const sid: string
  const subject: string
  function identify(request: Request): Promise<Identity | undefined>
  function whoseToken(request: Request): Promise<Identity | undefined>
  function validToken(request: Request): Promise<Identity | Response>
  function verify(request: Request): Promise<Identity | Response>
  function revokeGrant(sid: string): void
  function signStatusList(claims: object): Promise<string>
  function sidOf(answer: unknown): string
  function tokenEndpoint(request: Request): Promise<Response>
  function api(request: Request): Promise<Response>
}
