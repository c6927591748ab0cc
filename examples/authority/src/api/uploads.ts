/** Uploads of sellers, tus 1.0: every request, every piece of a body and the last step only while the session lives. */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { join } from 'node:path'
import type { SessionServer } from '@3dimli/session-server'
import { FileStore } from '@tus/file-store'
import { Server } from '@tus/server'
import { Hono } from 'hono'
import type { AuthorityOptions } from '../options.ts'
import type { Assets } from './assets.ts'
import { type Guard, type Guarded, refusal } from './guard.ts'

/** The scope that allows uploads, and nothing else. */
export const uploadScope = 'uploads:write'

const path = '/api/uploads'
const largestBytes = 64 * 1024 ** 3
type Upload = Awaited<ReturnType<FileStore['getUpload']>>

/** What the uploads are made of. */
export interface UploadsSettings {
  readonly guard: Guard
  readonly server: SessionServer
  readonly assets: Assets
  readonly folder: string
  readonly observe: NonNullable<AuthorityOptions['observe']>
}

/** Makes the routes under `/api` for uploads and what became of them. */
export function createUploads({ guard, server, assets, folder, observe }: UploadsSettings): Hono<Guarded> {
  // Made with the first upload: the store makes its folder by itself, and cannot be waited for.
  let made: { readonly store: FileStore; readonly tus: Server } | undefined
  /** Who sends a request, and about which upload, for the functions that tus calls in the middle of it. */
  const senders = new WeakMap<object, { readonly sid: string; readonly subject: string; readonly id: string | undefined }>()

  const finish = async (upload: Upload, sid: string): Promise<void> => {
    const sha256 = await digestOf(join(folder, upload.id))
    const { filename, filetype } = upload.metadata ?? {}
    const expected = assets.expected(upload.id)
    if (expected !== undefined && expected !== sha256) {
      await parts().store.remove(upload.id)
      assets.forget(upload.id)
      // What the checksum extension of tus calls it.
      throw { status_code: 460, body: 'Checksum Mismatch\n' }
    }
    const at = Date.now()
    const finished = (await server.standing(sid)) === 'live' && assets.finish(sid, { id: upload.id, name: filename ?? 'untitled', type: filetype ?? undefined, size: upload.size ?? 0, sha256, at })
    observe({ type: 'upload', what: finished ? 'finished' : 'refused', id: upload.id, sid, bytes: upload.size ?? 0, at })
    if (!finished) throw { status_code: 401, body: 'The session is over.\n' }
  }

  const make = (store: FileStore): Server => new Server({
    path,
    datastore: store,
    relativeLocation: true,
    maxSize: largestBytes,
    allowedOrigins: () => false,
    disableTerminationForFinishedUploads: true,
    // tus would take what stands last in the whole address, be it in the query: an upload whose owner nobody looked at.
    getFileIdFromRequest: (request) => senders.get(request)?.id,
    async onUploadCreate(request, upload) {
      assets.begin(upload.id, senders.get(request)!.subject)
      return {}
    },
    async onUploadFinish(request, upload) {
      await finish(upload as Upload, senders.get(request)!.sid)
      return {}
    },
  })
  const parts = (): NonNullable<typeof made> => {
    if (made) return made
    const store = new FileStore({ directory: folder })
    return (made = { store, tus: make(store) })
  }

  /** Lets a body in piece by piece, none of them after the end of its session. */
  const admitted = (body: ReadableStream<Uint8Array>, id: string, sid: string): ReadableStream<Uint8Array> =>
    body.pipeThrough(new TransformStream<Uint8Array, Uint8Array>({
      transform(piece, controller) {
        if (!assets.isLive(sid)) return controller.error(new Error('The session is over.'))
        observe({ type: 'upload', what: 'received', id, sid, bytes: piece.length, at: Date.now() })
        controller.enqueue(piece)
      },
    }))

  const routes = new Hono<Guarded>()
  routes.get('/assets', guard(uploadScope), (c) => c.json(assets.of(c.get('access').subject)))
  // Hono takes a HEAD for a GET; a true GET is none of tus'.
  routes.on(['POST', 'GET', 'PATCH', 'DELETE'], ['/uploads', '/uploads/:id'], guard(uploadScope), async (c) => {
    const { sid, subject, scheme } = c.get('access')
    const id = c.req.param('id') as string | undefined
    if (c.req.raw.method === 'GET') return refusal(405, 'An upload is not read here.')
    if (id !== undefined && assets.owner(id) !== subject) return refusal(404, 'There is no such upload.')
    const { store, tus } = parts()
    const { method, url, headers, body } = c.req.raw
    const digest = digestIn(headers.get('repr-digest'))
    if (id !== undefined && digest !== undefined) assets.expect(id, digest)
    const request = new Request(url, { method, headers, ...(body && { body: admitted(body, id ?? '', sid), duplex: 'half' }) })
    senders.set(request, { sid, subject, id })
    // An upload whose last answer was lost, or whose session ended before its last step, is finished when it is next asked for.
    if (method === 'HEAD' && id !== undefined && !assets.isFinished(id)) {
      const upload = await store.getUpload(id).catch(() => undefined)
      const failed = upload?.offset === upload?.size && upload !== undefined && (await finish(upload, sid).then(() => undefined, (error: { status_code?: number }) => error))
      if (failed) return refusal(failed.status_code ?? 500, 'The upload could not be finished.')
    }
    const response = await tus.handleWeb(request)
    if (method === 'DELETE' && response.ok && id !== undefined) assets.forget(id)
    // Whatever came of it: a session that ended meanwhile is what the client must hear of.
    return (await server.problem(sid, scheme)) ?? response
  })
  return routes
}

/** The SHA-256 that a request gives for the whole file, RFC 9530 section 3. */
function digestIn(header: string | null): string | undefined {
  const found = /(?:^|,)\s*sha-256=:([A-Za-z0-9+/]{43}=):/.exec(header ?? '')?.[1]
  return found === undefined ? undefined : Buffer.from(found, 'base64').toString('hex')
}

async function digestOf(path: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const piece of createReadStream(path, { highWaterMark: 1024 * 1024 })) hash.update(piece as Uint8Array)
  return hash.digest('hex')
}
