/** Ends the sessions that a valid token is about, once for each token. */
import { seconds } from '../clock.ts'
import type { EndRequest } from '../session.ts'
import type { Received, ReceiverSettings } from './options.ts'
import { namesSession, sessionsOf, type Subject } from './subject.ts'
import { toleranceSeconds } from './token.ts'

/** What a valid token wants. */
export interface Wanted {
  readonly jti: string
  readonly types: readonly string[]
  readonly about: Subject | undefined
  /** What is to be done to every session that it is about, and when that came to pass, epoch s. */
  readonly ends: readonly { readonly at: number; readonly how: EndRequest }[]
  /** Until when it could come again, epoch ms. */
  readonly until: number
}

/** Does what a token wants. Rejects when it could not be done; then it is not remembered and may come again. */
export async function act(settings: ReceiverSettings, { jti, types, about, ends, until }: Wanted): Promise<void> {
  const { server, issuer, sessions, seen } = settings
  const id = JSON.stringify([issuer, jti])
  let ended = 0
  const repeated = await seen.has(id)
  if (!repeated) {
    const sids = about === undefined || ends.length === 0 ? [] : ((await sessions?.(about)) ?? (await sessionsOf(server, issuer, about)))
    for (const { at, how } of ends) for (const sid of sids) if (await endBegunBefore(sid, at, how)) ended += 1
    // Remembered only now: what was cut short in the middle is done when it comes again, for a session ends only once.
    await seen.add(id, until)
  }
  const received: Received = { jti, types, ...(about === undefined ? {} : { about }), ended, repeated }
  settings.onReceived?.(received)

  /**
   * A session that began in a later second than the event is another sign-in, which an event about a person knows nothing of: who changes a password
   * signs in again a moment later. One that is named itself cannot be older than its end; there only the clocks differ.
   */
  async function endBegunBefore(sid: string, at: number, how: EndRequest): Promise<boolean> {
    const row = await server.get(sid)
    const latest = about !== undefined && namesSession(about, sid) ? at + toleranceSeconds : at
    if (row === undefined || seconds(row.establishedAt) > latest) return false
    if ((await server.end(sid, how)).changed) return true
    // Another call is still telling the host, and may fail: this token must be able to come again.
    if ((await server.get(sid))?.untold) throw new Error('The host has not been told of the end yet')
    return false
  }
}
