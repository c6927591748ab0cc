/** One renderer behind its port: what it asks is read, bounded and done; what it sends beside that is counted. */
import { isSessionError, type Session } from '@3dimli/session'
import { feature } from '@3dimli/session/platform'
import { answerFetch, capture, type Running } from './answer.ts'
import { readAsk } from './asks.ts'
import { failureOf } from './failure.ts'
import type { Passes } from './headers.ts'
import { limits, type Meant, type PlainAsk, type Tell } from './messages.ts'

/** A port in the main process: Electron's `MessagePortMain`. */
export interface MainPort {
  on(event: 'message', listener: (event: { data: unknown; ports: readonly { close(): void }[] }) => void): unknown
  on(event: 'close', listener: () => void): unknown
  postMessage(message: unknown): void
  start(): void
  close(): void
}

/** A renderer that is connected. */
export interface ServedWindow {
  tell(tell: Tell): void
  close(): void
}

/** Serves one renderer until its port closes. */
export function serveWindow(input: {
  readonly port: MainPort
  readonly session: Session
  readonly passes: Passes
  /** Signs in; the same sign-in for all who ask while it is under way. */
  readonly signIn: () => Promise<void>
  readonly malformed: () => void
  readonly closed: () => void
}): ServedWindow {
  const { port, session, passes, malformed } = input
  const calls = new Map<number, Running>()
  let lastId = 0
  let open = true

  const tell = (what: Tell): void => {
    try {
      if (open) port.postMessage(what)
    } catch {
      close()
    }
  }
  const close = (): void => {
    if (!open) return
    open = false
    for (const call of [...calls.values()]) call.stop()
    port.close()
    input.closed()
  }

  const signOut = async (meant: Meant): Promise<unknown> => {
    await capture(session[feature], meant).catch((error: unknown) => {
      // One that ended by itself is what was asked for.
      if (!isSessionError(error, 'signed-out') && !isSessionError(error, 'session-ended')) throw error
    })
    return session.signOut()
  }
  const plain: { readonly [Type in PlainAsk['type']]: (meant: Meant) => Promise<unknown> } = {
    signIn: input.signIn,
    signOut,
    confirm: () => session.confirm(),
  }
  const doPlain = (ask: PlainAsk): void => {
    const { type, id } = ask
    const over = (what: Tell): void => {
      calls.delete(id)
      tell(what)
    }
    // What was begun for one window is finished for all; only a request can be given up.
    calls.set(id, { pull: () => false, stop: () => undefined })
    plain[type](ask).then((value) => over({ type: 'done', id, value }), (error: unknown) => over({ type: 'failed', id, failure: failureOf(error) }))
  }

  port.on('message', ({ data, ports }) => {
    for (const stray of ports) stray.close()
    const ask = ports.length === 0 ? readAsk(data) : undefined
    if (!open || !ask) return malformed()
    if (ask.type === 'abort') return calls.get(ask.id)?.stop()
    if (ask.type === 'pull') return void (calls.get(ask.id)?.pull() === false && malformed())
    if (ask.id <= lastId || calls.size >= limits.calls) return malformed()
    lastId = ask.id
    if (ask.type === 'fetch') calls.set(ask.id, answerFetch(session[feature], ask, passes, tell, () => calls.delete(ask.id)))
    else doPlain(ask)
  })
  port.on('close', close)
  tell({ type: 'state', state: session.state })
  port.start()
  return { tell, close }
}
