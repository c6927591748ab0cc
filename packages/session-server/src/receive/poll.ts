/** RFC 8936: security event tokens that are fetched, and acknowledged with the next question. */
import ky, { HTTPError } from 'ky'
import { readText } from '../body.ts'
import { isSafe, positiveOr, receiverSettings } from './options.ts'
import { createTakeSet, type SecurityEventOptions, securityEventOptions } from './security-event-token.ts'
import { malformed, type Refusal } from './token.ts'

/** Options of {@link pollSecurityEvents}. */
export interface SecurityEventPollOptions extends SecurityEventOptions {
  /** The address that the sender gave for this stream. */
  readonly endpoint: string
  /** Makes the `Authorization` header of each question. */
  readonly authorization?: () => string | Promise<string>
  /** Ends the polling. */
  readonly signal: AbortSignal
  /** How many tokens are asked for at once. @default 100 */
  readonly maxEvents?: number
  /** How long to wait after an answer that brought nothing, ms, for senders that answer at once. @default 1000 */
  readonly pauseMs?: number
  /** How long a sender may take to answer, ms: longer than it holds a question. @default 120000 */
  readonly timeoutMs?: number
  /** How long an answer may be, bytes. @default 1048576 */
  readonly maxBytes?: number
}

const longestPauseMs = 60_000
/** Then begins anew. */
const mostRetries = 20

/**
 * Asks for security event tokens until `signal` aborts, then acknowledges what is done and resolves; nothing that happens on the way makes it
 * reject. Questions that fail are repeated after a growing pause. A token that could not be acted upon is not acknowledged and comes again.
 *
 * @throws TypeError naming the option that is wrong
 * @example
 * ```ts
 * import { pollSecurityEvents } from '@3dimli/session-server/receive'
 *
 * const stop = new AbortController()
 * const stopped = pollSecurityEvents({
 *   server,
 *   issuer: 'https://signals.example',
 *   audience: 'https://shop.example',
 *   keys: 'https://signals.example/jwks',
 *   endpoint: 'https://signals.example/streams/1',
 *   signal: stop.signal,
 * })
 * stop.abort()
 * await stopped
 * ```
 * @see RFC 8936 section 2, RFC 8417, OpenID Shared Signals Framework 1.0, OpenID CAEP 1.0
 */
export function pollSecurityEvents(options: SecurityEventPollOptions): Promise<void> {
  const settings = receiverSettings(options, [...securityEventOptions, 'endpoint', 'authorization', 'signal', 'maxEvents', 'pauseMs', 'timeoutMs', 'maxBytes'])
  const { endpoint, authorization, signal } = options
  if (!isSafe(endpoint)) throw new TypeError('"endpoint" must be an https address (http for loopback only)')
  if (authorization !== undefined && typeof authorization !== 'function') throw new TypeError('"authorization" must be a function')
  if (!(signal instanceof AbortSignal)) throw new TypeError('"signal" must be an AbortSignal')
  const maxEvents = positiveOr('maxEvents', options.maxEvents, 100)
  const pauseMs = positiveOr('pauseMs', options.pauseMs, 1000)
  const timeout = positiveOr('timeoutMs', options.timeoutMs, 120_000)
  const maxBytes = positiveOr('maxBytes', options.maxBytes, 1_048_576)
  const take = createTakeSet(options, settings)
  const acks = new Set<string>()
  const errors = new Map<string, Refusal>()

  async function ask(question: object, limit: number, stop?: AbortSignal): Promise<Readonly<Record<string, unknown>>> {
    const told = { ack: [...acks], setErrs: Object.fromEntries(errors) }
    const response = await ky.post(endpoint, {
      json: { ...question, ...told },
      headers: authorization ? { authorization: await authorization() } : {},
      timeout,
      redirect: 'error',
      retry: { limit, methods: ['post'], backoffLimit: longestPauseMs, maxRetryAfter: 10 * longestPauseMs, jitter: (ms) => ms * (0.5 + Math.random() / 2), shouldRetry: () => true },
      hooks: { beforeRetry: [againWithFreshToken] },
      ...(stop ? { signal: stop } : {}),
    })
    // One that begins to answer and goes silent must not hold the stream.
    const text = await readText(response, maxBytes, AbortSignal.any([AbortSignal.timeout(timeout), ...(stop ? [stop] : [])]))
    for (const jti of told.ack) acks.delete(jti)
    for (const jti of Object.keys(told.setErrs)) errors.delete(jti)
    return read(text)
  }

  /** A token may have run out meanwhile, and may be why the last question was refused. */
  async function againWithFreshToken({ request, error }: { readonly request: Request; readonly error: unknown }): Promise<void> {
    settings.onError?.(failure(error))
    if (authorization) request.headers.set('authorization', await authorization())
  }

  async function takeOne(jti: string, token: unknown): Promise<void> {
    try {
      const refusal = typeof token === 'string' ? await take(token) : malformed('This is not a signed token.')
      if (refusal) settings.onRefused?.(refusal.description)
      if (refusal) errors.set(jti, refusal)
      else acks.add(jti)
    } catch (error) {
      settings.onError?.(error)
    }
  }

  return poll()

  async function poll(): Promise<void> {
    while (!signal.aborted) {
      try {
        const sets = await ask({ maxEvents, returnImmediately: false }, mostRetries, signal)
        for (const [jti, token] of Object.entries(sets)) await takeOne(jti, token)
        // What brought nothing forward is not asked again at once: the sender may not hold questions, or our store may be down.
        if (acks.size + errors.size === 0) await pause(pauseMs, signal)
      } catch (error) {
        if (!signal.aborted) settings.onError?.(failure(error))
        await pause(pauseMs, signal)
      }
    }
    if (acks.size + errors.size > 0) await ask({ maxEvents: 0, returnImmediately: true }, 0).catch((error: unknown) => settings.onError?.(failure(error)))
  }
}

/** Reads the tokens of an answer; what is none counts as a failure. */
function read(text: string | undefined): Readonly<Record<string, unknown>> {
  const body = (text === undefined ? undefined : JSON.parse(text)) as { sets?: unknown } | null | undefined
  const sets = body?.sets
  if (typeof sets !== 'object' || sets === null || Array.isArray(sets)) throw new SyntaxError('The answer has no "sets"')
  return sets as Readonly<Record<string, unknown>>
}

/** What a failed question may say: an error of the library carries the request with its header, and one of a parser the text. */
function failure(error: unknown): Error {
  if (error instanceof HTTPError) return new Error(`The sender of security events answered ${error.response.status}`)
  return new Error(error instanceof SyntaxError ? 'The sender of security events answered no JSON with "sets"' : 'The sender of security events cannot be reached')
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve()
    const done = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    signal.addEventListener('abort', done)
  })
}
