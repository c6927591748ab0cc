/** Sends the application's requests: fence, attach, send, judge, and at most one retry with a newer token. */
import { isJson, readAnswer, readChallenge } from './answer.ts'
import { SessionError, isSessionError } from './errors.ts'
import type { Captured } from './feature.ts'
import type { Gate } from './gate.ts'
import type { Answer, Connection } from './authority.ts'
import type { Ports } from './ports.ts'
import type { SessionRecord } from './record.ts'
import type { Revocation } from './revocation.ts'
import type { Row } from './row.ts'
import type { Ready, TokenSource, Tokens } from './source.ts'
import { unlessAborted, type Time } from './time.ts'
import { judge, type Known, type Verdict } from './verdict.ts'

/** A server that keeps asking for the same thing prompts the person no more often than this. */
const promptMs = 60_000

/** What a server asks for when a sign-in is too weak or too old (RFC 9470). */
export interface StepUpChallenge {
  readonly acrValues?: string
  readonly maxAgeMs?: number
}

/** Requests with tokens of one source. */
export interface Sending {
  fetch(input: RequestInfo | URL, init?: RequestInit, captured?: Captured): Promise<Response>
  authorize(target: { readonly method: string; readonly url: string | URL; readonly signal?: AbortSignal }): Promise<Record<string, string>>
}

/** Requests under the session. */
export interface Requests extends Sending {
  /** The same with tokens from elsewhere. */
  by(source: TokenSource): Sending
  /** Tells whether an address may get a token. */
  trusted(url: URL): boolean
}

/** Makes the requests of one context. */
export function createRequests(input: {
  readonly origins: () => readonly string[]
  readonly ports: Pick<Ports, 'fetch' | 'address'>
  readonly time: Time
  readonly gate: Gate
  readonly record: SessionRecord
  readonly connection: Connection
  readonly tokens: Tokens
  readonly revocation: Revocation
  readonly known: (row: Row) => Known
  readonly stepUp?: (challenge: StepUpChallenge) => Promise<void>
}): Requests {
  const { ports, time, gate, record, connection, revocation, tokens: { own, ready, renew } } = input

  const resolve = (url: string | URL): URL => new URL(url, ports.address.current()?.href)
  const trusted = (url: URL): boolean => input.origins().includes(url.origin)
  const guard = (url: URL): URL => {
    if (!trusted(url)) throw new SessionError('origin-not-allowed', { origin: url.origin })
    return url
  }

  const judged = async (response: Response): Promise<Verdict | undefined> => {
    const { status } = response
    if (status !== 401 && status !== 403) return undefined
    if (response.url !== '' && !trusted(new URL(response.url))) return undefined
    const row = record.view()
    if (!row?.live) return undefined
    const challenge = readChallenge(response.headers.get('www-authenticate'))
    const answer: Answer = isJson(response) && !response.bodyUsed
      ? await readAnswer('resource', response.clone())
      : { from: 'resource', status, ...(challenge && { challenge }) }
    return judge(answer, input.known(row))
  }

  let prompt: { readonly challenge: string; readonly promise: Promise<void>; endedAt: number } | undefined
  /** Prompts the person once for each challenge, however many requests meet it, and not again right after. */
  const stepUp = ({ acrValues, maxAgeMs }: StepUpChallenge): Promise<void> => {
    const asked: StepUpChallenge = { ...(acrValues !== undefined && { acrValues }), ...(maxAgeMs !== undefined && { maxAgeMs }) }
    const challenge = JSON.stringify(asked)
    if (prompt?.challenge !== challenge || time.now() - prompt.endedAt > promptMs) {
      const own = { challenge, endedAt: Number.POSITIVE_INFINITY, promise: Promise.resolve(input.stepUp?.(asked)) }
      prompt = own
      const ended = (): void => {
        own.endedAt = time.now()
      }
      own.promise.then(ended, ended)
    }
    return prompt.promise
  }

  /** Has the sign-in made stronger: by new tokens of the same person, whose session the call then goes on in, or by a refresh of these. */
  const strengthened = async (challenge: StepUpChallenge, captured: Captured, { row, tokens }: Ready, source: TokenSource, signal: AbortSignal): Promise<Captured> => {
    try {
      await unlessAborted(stepUp(challenge), signal, captured.signal)
    } catch (error) {
      const now = record.view()
      if (!isSessionError(error, 'session-changed') || now?.live?.content.id !== row.live.content.id) throw error
      return { ...(await gate.capture(signal)), ...(captured.sending && { sending: captured.sending }) }
    }
    await unlessAborted(renew(source, captured, row, tokens), signal, captured.signal)
    return captured
  }

  const send = async (source: TokenSource, first: Captured, make: () => Request, once: boolean, caller: AbortSignal | undefined): Promise<Response> => {
    const retried = new Set<string>()
    let captured = first
    for (;;) {
      const request = make()
      const { row, tokens } = await ready(source, captured, request.signal)
      const { keys } = row.live
      const authorization = await connection.headers({ tokens, ...(keys && { keys }), method: request.method, url: new URL(request.url) })
      let timely: (() => boolean) | undefined
      do {
        timely = await captured.sending?.()
        await gate.opened(captured, request.signal)
      } while (timely && !timely())
      const headers = new Headers(request.headers)
      for (const [name, value] of Object.entries(authorization)) headers.set(name, value)
      const signal = caller ? AbortSignal.any([caller, captured.signal]) : captured.signal
      // WebKit rejects with an error of its own, whatever the reason of the abort.
      const response = await ports.fetch(new Request(request, { headers, signal }), signal).catch((error: unknown) => {
        throw signal.aborted ? signal.reason : error
      })
      connection.noteNonce(response)

      const verdict = await judged(response)
      const again = (why: string): boolean => {
        if (retried.has(why)) return false
        retried.add(why)
        return true
      }
      if (verdict?.kind === 'nonce' && again('nonce')) {
        if (once) throw await unreplayable(response)
        await response.body?.cancel()
        continue
      }
      if (verdict?.kind === 'access-expired') {
        if (again('token')) {
          if ((await unlessAborted(renew(source, captured, row, tokens), request.signal, captured.signal)) === 'ready') {
            if (once) throw await unreplayable(response)
            await response.body?.cancel()
            continue
          }
        } else {
          await unlessAborted(revocation.confirm(captured.epochId), request.signal, captured.signal)
        }
      } else if (verdict?.kind === 'step-up' && input.stepUp && again('step-up')) {
        captured = await strengthened(verdict, captured, { row, tokens }, source, request.signal)
        if (once) throw await unreplayable(response)
        await response.body?.cancel()
        continue
      } else if (verdict) {
        await unlessAborted(revocation.act(captured.epochId, verdict), request.signal, captured.signal)
      }
      // Withheld while fenced, and never handed out once the session is over.
      await gate.pass(captured, request.signal)
      return response
    }
  }

  const by = (source: TokenSource): Sending => ({
    async fetch(target, init, given) {
      const isRequest = target instanceof Request
      const url = guard(isRequest ? new URL(target.url) : resolve(target))
      const once = isStream(init?.body)
      const caller = init?.signal ?? (isRequest ? target.signal : undefined)
      const captured = given ?? (await gate.capture(caller))
      const first = isRequest ? new Request(target, init) : new Request(url, init)
      let unsent: Request | undefined = first
      const make = (): Request => {
        // A body in hand is built anew for a retry; a Request's own body can only be copied.
        if (once) return first
        if (isRequest) return first.clone()
        const request = unsent ?? new Request(url, init)
        unsent = undefined
        return request
      }
      return send(source, captured, make, once, caller)
    },

    async authorize({ method, url, signal }) {
      const address = guard(resolve(url))
      const captured = await gate.capture(signal)
      const { row, tokens } = await ready(source, captured, signal)
      const { keys } = row.live
      const headers = await connection.headers({ tokens, ...(keys && { keys }), method, url: address })
      await gate.opened(captured, signal)
      return headers
    },
  })

  return { trusted, by, ...by(own) }
}

/** What can be read only once: Node takes its own streams and generators for a body, too. */
function isStream(body: unknown): boolean {
  return body instanceof ReadableStream || (typeof body === 'object' && body !== null && Symbol.asyncIterator in body)
}

async function unreplayable(response: Response): Promise<SessionError> {
  await response.body?.cancel()
  return new SessionError('not-replayable', {})
}
