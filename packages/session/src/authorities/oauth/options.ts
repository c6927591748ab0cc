/** Options of the OAuth authority, and what is said when one is wrong. */
import type { SignInOptions } from '../../authority.ts'

/** Options of `oauth()`. */
export interface OAuthOptions {
  /** The server's issuer identifier; its metadata is found from it (OpenID Connect Discovery, RFC 8414). */
  readonly issuer: string
  readonly clientId: string
  /**
   * Where the server sends the person back to: a page of this application that calls `session.start()`; on a desktop `http://127.0.0.1/…`, where a free
   * port is taken when none is given (RFC 8252 section 7.3).
   */
  readonly redirectUri: string
  /** @default 'openid' */
  readonly scope?: string
  /** The session endpoint; wins over the metadata's `session_endpoint`. */
  readonly sessionEndpoint?: string
  /** The event feed; wins over the metadata's `session_events_endpoint`. */
  readonly eventsEndpoint?: string
  /** Whether the server repeats its answer to the same `Idempotency-Key`; wins over the metadata's `idempotency_supported`. */
  readonly idempotentRefresh?: boolean
  /** Whether tokens are bound to a key of this device where the server supports it. @default true */
  readonly dpop?: boolean
  /** More parameters of every authorization request; not those that protect it, such as `state` or `redirect_uri`. */
  readonly params?: Readonly<Record<string, string>>
}

const names: ReadonlySet<string> = new Set([
  'issuer', 'clientId', 'redirectUri', 'scope', 'sessionEndpoint', 'eventsEndpoint', 'idempotentRefresh', 'dpop', 'params',
])

/** Checks options; plain http is accepted for loopback only. */
export function readOAuthOptions(options: OAuthOptions): OAuthOptions {
  if (typeof options !== 'object' || options === null) throw new TypeError('oauth() needs an object of options')
  for (const name of Object.keys(options)) if (!names.has(name)) throw new TypeError(`"${name}" is not an option of oauth()`)
  if (typeof options.clientId !== 'string' || options.clientId === '') throw new TypeError('"clientId" must be a non-empty string')
  for (const name of ['issuer', 'redirectUri'] as const) readAddress(options[name], name)
  for (const name of ['sessionEndpoint', 'eventsEndpoint'] as const) if (options[name] !== undefined) readAddress(options[name], name)
  if (options.scope !== undefined && typeof options.scope !== 'string') throw new TypeError('"scope" must be a string of names separated by spaces')
  for (const name of ['idempotentRefresh', 'dpop'] as const) {
    if (options[name] !== undefined && typeof options[name] !== 'boolean') throw new TypeError(`"${name}" must be true or false`)
  }
  readParams(options.params)
  return options
}

/** What a link handed on by an application must not replace. */
const reserved: ReadonlySet<string> = new Set([
  'response_type', 'response_mode', 'client_id', 'redirect_uri', 'scope', 'state', 'nonce', 'code_challenge', 'code_challenge_method', 'request', 'request_uri',
])

/** Checks parameters of an authorization request; throws a `TypeError` that names one which is not the application's to give. */
function readParams(params: Readonly<Record<string, string>> | undefined): void {
  if (params === undefined) return
  if (typeof params !== 'object' || params === null) throw new TypeError('"params" must be an object of strings')
  for (const [name, value] of Object.entries(params)) {
    if (reserved.has(name)) throw new TypeError(`"params.${name}" is not the application's to give`)
    if (typeof value !== 'string') throw new TypeError(`"params.${name}" must be a string`)
  }
}

/** Checks what a sign-in was asked for with. */
export function readSignIn({ params, device, returnTo, signal: _signal, ...others }: SignInOptions): void {
  for (const name of Object.keys(others)) throw new TypeError(`"${name}" is not an option of signIn()`)
  if (returnTo !== undefined && typeof returnTo !== 'string') throw new TypeError('"returnTo" must be a path of this application')
  readParams(params)
  if (device !== undefined && typeof device !== 'function') throw new TypeError('"device" must be a function that shows a code')
}

function readAddress(value: unknown, name: string): void {
  const url = typeof value === 'string' && URL.canParse(value) ? new URL(value) : undefined
  if (!url || !/^https?:$/.test(url.protocol)) throw new TypeError(`"${name}" must be an absolute https address`)
  if (!isSecureAddress(url)) throw new TypeError(`"${name}" must be https; plain http is accepted for loopback only`)
}

/** Tells whether an address may be used: https, or this very machine. */
export function isSecureAddress(url: URL): boolean {
  return url.protocol === 'https:' || (url.protocol === 'http:' && /^(?:localhost|.+\.localhost|127(?:\.\d+){3}|\[::1\])$/.test(url.hostname))
}
