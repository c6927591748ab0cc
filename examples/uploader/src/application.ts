/** The uploader without a face: one session, its uploads, and what the server knows of its seller. */
import { hash } from 'node:crypto'
import { createSession, isSessionError, type PurgeReport, type Session, type SessionEnd } from '@3dimli/session'
import { oauth } from '@3dimli/session/authorities/oauth'
import { desktop, openInBrowser } from '@3dimli/session-desktop'
import { createUploads, type Uploads } from '@3dimli/session-desktop/uploads'
import { unreachable } from './failures.ts'

/** Where the uploader works, and under which name. */
export interface Settings {
  /** The issuer, which also has the marketplace's API. */
  readonly server: string
  /** Two names are two sessions. */
  readonly name: string
  /** Where the session is kept. @default the person's data directory */
  readonly data?: string
  /** Shows an address of a sign-in. @default the system's browser */
  readonly browse?: (url: URL) => void | Promise<void>
}

/** An asset that the server has, as its API tells. */
export interface Asset {
  readonly id: string
  readonly name: string
  readonly size: number
  readonly sha256: string
}

/** How the last session of this process ended. */
export interface Ended {
  readonly end: SessionEnd
  readonly report: PurgeReport
}

/** One running uploader. */
export interface Application {
  readonly server: string
  readonly session: Session
  readonly uploads: Uploads
  /** The last end in this process, once its purge was seen through. */
  readonly ended: () => Ended | undefined
  /** Calls back after each end of a session; returns the remover. */
  onEnded(listener: (ended: Ended) => void): () => void
  /** The seller's name; the subject where the server does not tell. */
  seller(): Promise<string>
  /** What the seller has at the marketplace. */
  assets(): Promise<readonly Asset[]>
  /** Stops sending and lets go of everything; what was begun goes on the next time. */
  close(): void
}

/** Makes the uploader; nothing happens before `session.start()`. */
export function createApplication({ server, name, data, browse = openInBrowser }: Settings): Application {
  const platform = desktop({ name, title: '3DIMLI Uploader', open: browse, ...(data !== undefined && { directory: data }) })
  const session = createSession({
    authority: oauth({ issuer: server, clientId: 'uploader', redirectUri: 'http://127.0.0.1/', scope: 'openid offline_access profile uploads:write' }),
    platform,
    origins: [server],
  })
  const uploads = createUploads(session, { endpoint: `${server}/api/uploads`, platform })
  const listeners = new Set<(ended: Ended) => void>()
  let ended: Ended | undefined
  session.onEnd((end, report) => {
    ended = { end, report }
    for (const listener of [...listeners]) listener(ended)
  })

  const read = async (path: string): Promise<unknown> => {
    const failed = (error: unknown): never => {
      throw isSessionError(error) ? error : unreachable(error)
    }
    const response = await session.fetch(`${server}/api/${path}`, { cache: 'no-store' }).catch(failed)
    if (response.status >= 500 || response.status === 429) throw unreachable()
    if (!response.ok) throw new Error(`The marketplace answered ${response.status}.`)
    // What is no JSON comes from something between us and the marketplace, and must not be shown.
    return response.json().catch(failed)
  }

  return {
    server, session, uploads,
    ended: () => ended,
    onEnded(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    async seller() {
      const { state } = session
      const subject = 'session' in state ? state.session.subject : ''
      const found = (await read('me').catch(() => undefined)) as { name?: unknown } | undefined
      return typeof found?.name === 'string' ? found.name : subject
    },
    async assets() {
      const found = await read('assets')
      if (!Array.isArray(found) || !found.every(isAsset)) throw unreachable()
      return found
    },
    close() {
      uploads.close()
      session.stop()
    },
  }
}

/** The name of a server's session: those of two servers never share a record, whose token would go to both. */
export function nameFor(server: string, standard: string, name: string = 'uploader'): string {
  if (server === standard) return name
  const host = new URL(server).host.replaceAll(/[^\w-]/g, '-')
  return `${`${name}-${host}`.slice(0, 47)}-${hash('sha256', `${name} ${server}`).slice(0, 16)}`
}

function isAsset(given: unknown): given is Asset {
  const { id, name, size, sha256 } = (given ?? {}) as Partial<Asset>
  return typeof id === 'string' && typeof name === 'string' && typeof size === 'number' && typeof sha256 === 'string'
}
