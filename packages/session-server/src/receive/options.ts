/** What a host says when it lets somebody else's word end its sessions, and the check that it said it right. */
import type { JSONWebKeySet } from 'jose'
import { type Clock, systemClock } from '../clock.ts'
import { isAddress, positive } from '../options.ts'
import type { SessionServer } from '../server.ts'
import { memorySeenTokens, type SeenTokens } from './seen.ts'
import type { Subject } from './subject.ts'

/** Options of everything that receives. */
export interface ReceiverOptions {
  /** The server whose sessions are ended. */
  readonly server: Pick<SessionServer, 'get' | 'list' | 'end'>
  /** Whose word it is: the `iss` of every token, exactly. */
  readonly issuer: string
  /** Who we are to the issuer: the `aud` of every token. For logout tokens the client identifier. */
  readonly audience: string
  /** The issuer's keys: the address of its JWKS, which is read again when a key is not in it, or the set itself. */
  readonly keys: string | JSONWebKeySet
  /**
   * Tells which sessions are meant, by `sid`. `undefined` leaves it to the rule that applies without it: a session's identifier is a `sid`, and a
   * user's, if it is `opaque` or an `iss_sub` of this issuer, is a subject. What names neither means no session.
   */
  readonly sessions?: (about: Subject) => Promise<readonly string[] | undefined>
  /** Where tokens that have been acted upon are remembered. @default memorySeenTokens() */
  readonly seen?: SeenTokens
  /** Told of each valid token once it has been acted upon. */
  readonly onReceived?: (received: Received) => void
  /** Told why a token was refused, in words without any part of it. */
  readonly onRefused?: (why: string) => void
  /** Told what was thrown where a token could neither be accepted nor refused; its sender is asked to send it again. */
  readonly onError?: (error: unknown) => void
  readonly clock?: Pick<Clock, 'now'>
}

/** A valid token, and what it did. */
export interface Received {
  readonly jti: string
  /** The types of its events. */
  readonly types: readonly string[]
  /** Whom it was about; `undefined` where that was said in a format that is not known. */
  readonly about?: Subject
  /** How many sessions it ended. */
  readonly ended: number
  /** True when it had been received before, and nothing was done. */
  readonly repeated: boolean
}

/** The options with every default filled in. */
export type ReceiverSettings = ReceiverOptions & Required<Pick<ReceiverOptions, 'seen' | 'clock'>>

const names = ['server', 'issuer', 'audience', 'keys', 'sessions', 'seen', 'onReceived', 'onRefused', 'onError', 'clock']

/** Checks the options; `more` are those of one way of receiving alone. @throws TypeError that names the one that is wrong */
export function receiverSettings<O extends ReceiverOptions>(options: O, more: readonly (keyof O & string)[] = []): O & ReceiverSettings {
  for (const name of Object.keys(options)) if (!names.includes(name) && !(more as readonly string[]).includes(name)) throw new TypeError(`"${name}" is not an option`)
  const { server, issuer, audience, keys, clock = systemClock, seen = memorySeenTokens({ now: () => clock.now() }) } = options
  if (typeof server?.end !== 'function') throw new TypeError('"server" must be a session server')
  if (!isAddress(issuer)) throw new TypeError('"issuer" must be an http(s) address')
  if (typeof audience !== 'string' || audience === '') throw new TypeError('"audience" must be a string that is not empty')
  if (typeof keys === 'string' ? !isSafe(keys) : !Array.isArray(keys?.keys)) throw new TypeError('"keys" must be an https address (http for loopback only) or a JSON Web Key Set')
  if (typeof seen?.has !== 'function' || typeof seen.add !== 'function') throw new TypeError('"seen" must have "has" and "add"')
  for (const name of ['sessions', 'onReceived', 'onRefused', 'onError'] as const) {
    if (options[name] !== undefined && typeof options[name] !== 'function') throw new TypeError(`"${name}" must be a function`)
  }
  return { ...options, seen, clock }
}

/** Checks an address that secrets are sent to, or keys are read from. */
export function isSafe(address: unknown): address is string {
  return isAddress(address) && (address.startsWith('https:') || /^(localhost|127(\.\d+){3}|\[::1\])$/.test(new URL(address).hostname))
}

/** Checks a number of bytes, milliseconds or things, or takes the default. @throws TypeError that names it */
export function positiveOr(name: string, value: number | undefined, fallback: number): number {
  return positive(name, value ?? fallback)
}
