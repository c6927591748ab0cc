/** One request of a renderer: sent under the session it was asked in, answered piece by piece as the renderer takes it, over the moment the session is. */
import { SessionError, isSessionError } from '@3dimli/session'
import type { Captured, FeatureAccess } from '@3dimli/session/platform'
import { failureOf } from './failure.ts'
import type { Passes } from './headers.ts'
import { limits, type Answer, type FetchAsk, type Meant } from './messages.ts'

/** A request that is under way. */
export interface Running {
  /** Sends one more piece of the body; false when it was not due. */
  pull(): boolean
  /** Gives it up without a word. */
  stop(): void
}

/** Begins it. `over` is called once, before the last thing is told. */
export function answerFetch(access: FeatureAccess, ask: FetchAsk, passes: Passes, tell: (answer: Answer) => void, over: () => void): Running {
  const { id } = ask
  const own = new AbortController()
  let reader: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>> | undefined
  let rest: Uint8Array<ArrayBuffer> = new Uint8Array()
  let reading = false
  let finished = false

  const finish = (last?: Answer): void => {
    if (finished) return
    finished = true
    over()
    if (last) tell(last)
    own.abort()
    reader?.cancel().catch(() => undefined)
  }
  const fail = (error: unknown): void => finish({ type: 'failed', id, failure: failureOf(error) })

  const begin = async (): Promise<void> => {
    const refused = passes.refused(ask.headers)
    if (refused !== undefined) return finish({ type: 'failed', id, failure: { message: `"${refused.slice(0, 64)}" is not a header that a window may send.` } })
    const captured = await capture(access, ask, own.signal)
    captured.signal.throwIfAborted()
    captured.signal.addEventListener('abort', () => fail(captured.signal.reason), { signal: own.signal })
    // A redirect is the renderer's to follow: nobody else's address is opened from here.
    const init: RequestInit = {
      method: ask.method, headers: ask.headers.map(([name, value]) => [name, value]), redirect: 'manual', signal: own.signal, ...(ask.body && { body: ask.body }),
    }
    const response = await access.fetch(ask.url, init, captured)
    if (finished) return void response.body?.cancel().catch(() => undefined)
    const { status, statusText, body } = response
    const head: Answer = { type: 'head', id, status, statusText, headers: passes.response(response.headers), hasBody: body !== null }
    if (!body) return finish(head)
    reader = body.getReader() as typeof reader
    tell(head)
  }

  const next = async (from: NonNullable<typeof reader>): Promise<void> => {
    while (rest.length === 0) {
      const { done, value } = await from.read()
      if (finished) return
      if (done) return finish({ type: 'last', id })
      rest = value
    }
    // A copy: what is cloned of a view is all the memory behind it, which other requests share.
    const bytes = new Uint8Array(rest.subarray(0, limits.chunkBytes))
    rest = rest.subarray(bytes.length)
    reading = false
    tell({ type: 'chunk', id, bytes })
  }

  begin().catch(fail)
  return {
    stop: () => finish(),
    pull() {
      if (!reader || reading) return false
      reading = true
      next(reader).catch(fail)
      return true
    },
  }
}

/** Takes hold of the session that the renderer meant, which may be over, or another's by now. */
export async function capture(access: FeatureAccess, { epochId: meant }: Meant, signal?: AbortSignal): Promise<Captured> {
  const captured = await access.capture(signal).catch((error: unknown) => {
    const end = isSessionError(error, 'signed-out') ? error.details.end : undefined
    throw end && end.epochId === meant ? new SessionError('session-ended', { end }) : error
  })
  if (meant !== undefined && captured.epochId !== meant) throw new SessionError('session-changed', {})
  return captured
}
