/**
 * The session for the windows of an Electron application: state, requests and ends through a port, and never a token.
 * This is the main process's side; the windows' is `@3dimli/session-desktop/electron/renderer`.
 *
 * @module `@3dimli/session-desktop/electron`
 */
import type { Session } from '@3dimli/session'
import { readPasses } from './headers.ts'
import { limits, type Tell } from './messages.ts'
import { serveWindow, type MainPort, type ServedWindow } from './window.ts'

export type { MainPort } from './window.ts'

/** What is read of Electron's `IpcMainEvent`. */
export interface ConnectEvent {
  readonly ports: readonly MainPort[]
  readonly senderFrame: { readonly url: string; readonly parent: unknown } | null
}

/** Options of `serveSession()`. */
export interface ServeOptions {
  /** Says whether the page at this address is the application's own. Asked for each port; only the page of a window itself may have one, never a frame in it. */
  readonly allow: (url: URL) => boolean
  /**
   * More headers that windows may send and see, beside the usual ones for content, conditions and ranges. Never a credential.
   * @default none
   */
  readonly headers?: readonly string[] | undefined
}

/** A session that windows share. */
export interface ServedSession {
  /** Takes the port of an IPC event; a sender that is not allowed has it closed. To be called as soon as the event arrives: a frame may go elsewhere. */
  connect(event: ConnectEvent): void
  /** Ports that were refused, and messages that no window of ours sends. */
  ignored(): { readonly refused: number; readonly malformed: number }
  /** Disconnects every window; the session goes on. */
  close(): void
}

/**
 * Serves a session to the windows of an Electron application. It works over ports with the shape of Electron's `MessagePortMain`, and imports nothing of Electron.
 *
 * Throws a `TypeError` that names a wrong option.
 *
 * @example
 * ```ts
 * import type { Session } from '@3dimli/session'
 * import { serveSession, type ConnectEvent } from '@3dimli/session-desktop/electron'
 * declare const session: Session
 * declare const ipcMain: { on(channel: string, listener: (event: ConnectEvent) => void): void }
 *
 * const windows = serveSession(session, { allow: ({ protocol, host }) => protocol === 'app:' && host === 'uploader' })
 * ipcMain.on('session', windows.connect)
 * ```
 */
export function serveSession(session: Session, given: ServeOptions): ServedSession {
  const { allow, headers } = given ?? {}
  if (typeof allow !== 'function') throw new TypeError('"allow" must be a function that is given an address')
  for (const option of Object.keys(given)) if (option !== 'allow' && option !== 'headers') throw new TypeError(`"${option}" is not an option of serveSession()`)
  const passes = readPasses(headers)
  const windows = new Set<ServedWindow>()
  let ignored = { refused: 0, malformed: 0 }
  let closed = false
  let signingIn: Promise<void> | undefined

  const tellAll = (tell: Tell): void => {
    for (const one of [...windows]) one.tell(tell)
  }
  const leave = [
    session.subscribe((state) => tellAll({ type: 'state', state })),
    session.onEnd((end, report) => tellAll({ type: 'end', end, report })),
  ]
  const isOurs = ({ senderFrame }: ConnectEvent): boolean => {
    try {
      // A promise would be a yes to everybody.
      return senderFrame !== null && senderFrame.parent === null && allow(new URL(senderFrame.url)) === true
    } catch {
      // No address, or a frame that is gone by now: Electron throws where one is looked at.
      return false
    }
  }

  return {
    connect(event) {
      const [port, ...others] = event.ports
      if (closed || !port || others.length > 0 || windows.size >= limits.renderers || !isOurs(event)) {
        for (const one of event.ports) one.close()
        ignored = { ...ignored, refused: ignored.refused + 1 }
        return
      }
      const served = serveWindow({
        port, session, passes,
        signIn: () => (signingIn ??= session.signIn().finally(() => (signingIn = undefined))),
        malformed: () => (ignored = { ...ignored, malformed: ignored.malformed + 1 }),
        closed: () => windows.delete(served),
      })
      windows.add(served)
    },
    ignored: () => ignored,
    close() {
      closed = true
      for (const stop of leave) stop()
      for (const one of [...windows]) one.close()
    },
  }
}
