/** Idempotent refresh: an answer that was lost on the way is given again, and asking again is never taken for theft. */
import { isOfType, readText } from './body.ts'
import { type Clock, systemClock } from './clock.ts'
import { positive } from './options.ts'
import { type GrantError, json } from './problem.ts'
import { type KeptAnswer, memoryReplayStore, type ReplayStore } from './replay-store.ts'
import { fingerprint, seal, unseal } from './seal.ts'

/** An answer of the token endpoint, RFC 6749 section 5.1. */
export type TokenAnswer = Readonly<Record<string, unknown>>

/** Options of {@link createRefreshReplay}. */
export interface RefreshReplayOptions {
  /**
   * Tells what to answer instead of a kept answer whose session is not live, as `grantError` of the session server does: success is never repeated into a
   * session that has ended. `undefined` lets the answer be repeated.
   */
  readonly refusal: (answer: TokenAnswer) => Promise<GrantError | undefined>
  /** @default memoryReplayStore() */
  readonly store?: ReplayStore
  /** How long an answer can be repeated, ms; after it the key is a new one. @default 86400000 (a day) */
  readonly maxAgeMs?: number
  readonly clock?: Pick<Clock, 'now'>
}

/** What {@link createRefreshReplay} makes. */
export interface RefreshReplay {
  /** Answers a request to the token endpoint, by `next` or from what was kept. Anything but a refresh goes to `next` untouched. */
  handle(request: Request, next: (request: Request) => Promise<Response>): Promise<Response>
}

/** A refresh as it was asked. */
interface Refresh {
  readonly token: string
  readonly client: string
  /** The `Idempotency-Key`; empty where none was sent. */
  readonly key: string
  readonly asked: string
}

/** Longer keys are refused: nobody needs them. */
const maxKeyLength = 255
/** Longer forms are refused: whoever sends them has not shown who they are. */
const formBytes = 65_536

/**
 * Makes the layer that goes in front of a token endpoint that rotates refresh tokens.
 *
 * It keeps the first answer that spent the grant until the token it gave out has been presented, and from then on answers the same key with 409.
 * A request with a key that was answered never reaches the token endpoint again, so a repeat does not count as reuse. Errors are not kept. Requests
 * with the same key wait for each other within one process; between processes the host must send them to the same one.
 * A form of more than 64 KiB is answered with 413.
 *
 * The repeat is not authenticated a second time: it must show the same refresh token, key, client and, where there is one, `Authorization` header.
 *
 * @throws TypeError naming the option that is wrong
 * @example
 * ```ts
 * import { createRefreshReplay } from '@3dimli/session-server'
 *
 * const replay = createRefreshReplay({ refusal: (answer) => server.grantError(sidOf(answer)) })
 * const handle = (request: Request) => replay.handle(request, tokenEndpoint)
 * ```
 * @see draft-ietf-httpapi-idempotency-key-header for the header; RFC 9700 section 4.14 for rotation
 */
export function createRefreshReplay(options: RefreshReplayOptions): RefreshReplay {
  const { refusal, store = memoryReplayStore(), clock = systemClock } = options
  const maxAgeMs = positive('maxAgeMs', options.maxAgeMs ?? 86_400_000)
  if (typeof refusal !== 'function') throw new TypeError('"refusal" must be a function')
  /** The last request of each key that is being answered. */
  const turns = new Map<string, Promise<Response>>()

  async function answer(id: string, refresh: Refresh, request: Request, next: (request: Request) => Promise<Response>): Promise<Response> {
    await store.forget(clock.now() - maxAgeMs)
    const earlier = await store.get(id)
    if (earlier) return repeat(earlier, refresh)
    await store.present(await fingerprint(refresh.token))
    const response = await next(request)
    const text = response.status === 200 ? await response.clone().text() : ''
    const successor = parsed(text)['refresh_token']
    // Nothing was spent where no other token was given out: asking again does no harm.
    if (typeof successor !== 'string' || successor === refresh.token) return response
    const sealed = await seal(refresh.token, refresh.key, text)
    const kept = { id, asked: refresh.asked, successor: await fingerprint(successor), at: clock.now(), sealed }
    // The grant is spent and this is its successor: it must not be lost because it could not be kept as well.
    await store.put(kept).catch(() => undefined)
    return response
  }

  async function repeat(kept: KeptAnswer, { token, key, asked }: Refresh): Promise<Response> {
    if (kept.asked !== asked) return invalid(422, 'This Idempotency-Key was used for another request.')
    if (!kept.sealed) return invalid(409, 'This refresh was answered, and its answer has been used.')
    const tokens = parsed(await unseal(token, key, kept.sealed))
    const refused = await refusal(tokens)
    if (refused) return json(refused, 400)
    // A lifetime counts from when it is read, not from when it was first said.
    const elapsed = Math.max(0, Math.floor((clock.now() - kept.at) / 1000))
    const lifetime = tokens['expires_in']
    return json(typeof lifetime === 'number' ? { ...tokens, expires_in: Math.max(0, lifetime - elapsed) } : tokens)
  }

  return {
    async handle(request, next) {
      const refresh = await refreshOf(request)
      if (!refresh) return next(request)
      if (refresh === 'too-long') return invalid(413, 'The request is too long.')
      if (refresh.key === '') {
        await store.present(await fingerprint(refresh.token))
        return next(request)
      }
      if (refresh.key.length > maxKeyLength) return invalid(400, 'The Idempotency-Key is too long.')
      const id = await fingerprint(refresh.client, refresh.key, refresh.token)
      const before = turns.get(id) ?? Promise.resolve()
      const turn = before.then(() => {}, () => {}).then(() => answer(id, refresh, request, next))
      turns.set(id, turn)
      try {
        return await turn
      } finally {
        if (turns.get(id) === turn) turns.delete(id)
      }
    },
  }
}

async function refreshOf(request: Request): Promise<Refresh | 'too-long' | undefined> {
  if (request.method !== 'POST' || !isOfType(request, 'application/x-www-form-urlencoded')) return undefined
  const text = await readText(request.clone(), formBytes)
  if (text === undefined) {
    request.body?.cancel().catch(() => undefined)
    return 'too-long'
  }
  const parameters = new URLSearchParams(text)
  const token = parameters.get('refresh_token')
  if (parameters.get('grant_type') !== 'refresh_token' || !token) return undefined
  const asked = [...parameters].filter(([name]) => name === 'scope' || name === 'resource').map((pair) => pair.join(' ')).sort()
  return {
    token,
    client: JSON.stringify([parameters.get('client_id'), parameters.get('client_secret'), basic(request)]),
    key: request.headers.get('idempotency-key')?.trim() ?? '',
    asked: await fingerprint(...asked),
  }
}

function basic(request: Request): string | null {
  const header = request.headers.get('authorization')
  return header !== null && /^basic /i.test(header) ? header : null
}

function parsed(text: string): TokenAnswer {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as TokenAnswer) : {}
  } catch {
    return {}
  }
}

function invalid(status: number, description: string): Response {
  return json({ error: 'invalid_request', error_description: description }, status)
}
