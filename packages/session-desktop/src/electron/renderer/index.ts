/**
 * The session in a window of an Electron application: the part of it that a page may have, through a port to the main process.
 *
 * @module `@3dimli/session-desktop/electron/renderer`
 */
import { SessionError, type Session, type SessionState } from '@3dimli/session'
import { errorOf } from '../failure.ts'
import { limits, type Answer, type Ask, type Meant, type PlainAsk, type Tell } from '../messages.ts'
import { createCalls } from './calls.ts'
import { createListeners } from '@3dimli/session/platform'
import { receive } from './response.ts'

/** What a window has of a session. State, ends and errors are those of the session in the main process. */
export interface WindowSession extends Pick<Session, 'state' | 'subscribe' | 'onEnd' | 'confirm'> {
  /** Shows the sign-in in the person's browser; one sign-in for all windows that ask meanwhile. */
  signIn(): Promise<void>
  /** Signs out whom this page shows; rejects with `session-changed` when somebody else is signed in by now. */
  signOut(): ReturnType<Session['signOut']>
  /**
   * Fetches with the session's token, which never comes here. A redirect is not followed: its answer is handed out as it is.
   *
   * Rejects as `Session.fetch` does, with `too-large` for a body beyond 8 MiB, and with a `TypeError` for a header that may not be sent.
   */
  fetch(input: RequestInfo | URL, init?: RequestInit): Promise<Response>
  /** Gives the port up; what is under way fails with `fenced`. */
  close(): void
}

/**
 * Connects a page to the session of the main process.
 *
 * @example
 * ```ts
 * import { connectSession } from '@3dimli/session-desktop/electron/renderer'
 *
 * addEventListener('message', ({ source, data, ports: [port] }) => {
 *   if (source !== window || data !== 'session' || !port) return
 *   const session = connectSession(port)
 *   session.subscribe(({ status }) => console.log(status))
 * })
 * ```
 */
export function connectSession(port: MessagePort): WindowSession {
  const states = createListeners<[SessionState]>()
  const ends = createListeners<Parameters<Parameters<Session['onEnd']>[0]>>()
  let state: SessionState = { status: 'restoring' }

  const post = (ask: Ask, transfer: Transferable[] = []): void => port.postMessage(ask, transfer)
  const calls = createCalls(limits.calls)
  const changed = (next: SessionState): void => {
    state = next
    states.tell(next)
  }
  const gone = (): void => {
    if (!calls.close(new SessionError('fenced', { reason: 'restoring' }))) return
    changed({ status: 'restoring' })
  }
  port.addEventListener('close', gone)
  port.onmessage = ({ data }: MessageEvent<Tell>) => {
    if (data.type === 'state') changed(data.state)
    else if (data.type === 'end') ends.tell(data.end, data.report)
    else calls.answer(data)
  }

  /** The session that this page shows is the one that is meant, however long the message takes. */
  const meant = (): Meant => {
    if ('session' in state) return { epochId: state.session.epochId }
    return state.status === 'restoring' ? {} : { epochId: null }
  }

  const ask = async (type: PlainAsk['type'], whom: Meant = {}): Promise<unknown> => {
    const { id, settle } = await calls.begin()
    const { promise, resolve, reject } = Promise.withResolvers<unknown>()
    settle({
      answer(answer: Answer) {
        if (answer.type === 'done') resolve(answer.value)
        else if (answer.type === 'failed') reject(errorOf(answer.failure))
      },
      fail: reject,
    })
    post({ type, id, ...whom })
    return promise
  }

  return {
    get state() {
      return state
    },
    subscribe: states.add,
    onEnd: ends.add,
    signIn: () => ask('signIn') as Promise<void>,
    signOut: () => ask('signOut', meant()) as ReturnType<Session['signOut']>,
    confirm: () => ask('confirm') as ReturnType<Session['confirm']>,
    async fetch(input, init) {
      const whom = meant()
      const request = new Request(input, init)
      request.signal.throwIfAborted()
      const body = await request.arrayBuffer()
      if (body.byteLength > limits.bodyBytes) throw new SessionError('too-large', { limitBytes: limits.bodyBytes })
      const call = await calls.begin(request.signal)
      const { url, method } = request
      const received = receive(call, request.signal, post)
      post({
        type: 'fetch', id: call.id, url, method, headers: [...request.headers], ...whom, ...(body.byteLength > 0 && { body }),
      }, body.byteLength > 0 ? [body] : [])
      return received
    },
    close() {
      port.close()
      gone()
    },
  }
}
