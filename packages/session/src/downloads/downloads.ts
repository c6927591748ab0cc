/** Saves, lists, opens and removes a session's downloads. */
import { SessionError } from '../errors.ts'
import { feature, type Captured } from '../feature.ts'
import { lastingStore } from '../lasting.ts'
import type { Session } from '../shape.ts'
import { unlessAborted } from '../time.ts'
import type { Card } from './cards.ts'
import { inertHeaders, inertType } from './inert.ts'
import { permitted } from './permitted.ts'
import { openShelf, type Shelf } from './shelf.ts'
import { createTurns } from './turns.ts'

type Bytes = Uint8Array<ArrayBuffer>

/** How long a save that failed is held up by what it leaves. */
const removeMs = 2_000

/** Options of `createDownloads()`. */
export interface DownloadsOptions {
  /** The largest file that `url()` may bring into memory, bytes. @default 256 MiB */
  readonly largestUrlBytes?: number
}

/** How far a save is. */
export interface SaveProgress {
  readonly receivedBytes: number
  /** Absent when the server did not say. */
  readonly totalBytes?: number
}

/** Options of `save()`. */
export interface SaveOptions {
  /** What the person calls it. Default: the id. */
  readonly name?: string
  readonly signal?: AbortSignal
  /** Called as bytes arrive. */
  readonly onProgress?: (progress: SaveProgress) => void
  /** What the file must hash to, hexadecimal; anything else is not kept. */
  readonly sha256?: string
}

/** One saved download. */
export interface Download {
  readonly id: string
  readonly name: string
  readonly type: string
  /** Bytes. */
  readonly size: number
  /** Epoch ms. */
  readonly savedAt: number
}

/** One download that was opened; each read looks again whether the session still lives, and rejects with `integrity` once the file was replaced or removed. */
export interface OpenDownload extends Download {
  stream(): Promise<ReadableStream<Uint8Array<ArrayBuffer>>>
  response(): Promise<Response>
  /** Makes an object URL, revoked when the session ends; rejects with `too-large` beyond the limit. */
  url(): Promise<string>
}

/** The downloads of a session. */
export interface Downloads {
  /**
   * Fetches a file and keeps it, encrypted. An interrupted save leaves nothing that could be opened, and its bytes are removed, at the latest when downloads are next used; saving an id again replaces it when the new file is whole.
   * A request of another origin (a signed file link) is sent without credentials.
   *
   * Rejects with {@link SessionError}: `download-failed`, `integrity`, `quota`, `storage`, and those of `session.fetch`.
   */
  save(id: string, request: RequestInfo | URL, options?: SaveOptions): Promise<Download>
  /** Opens a saved download; `undefined` when there is none. */
  open(id: string): Promise<OpenDownload | undefined>
  list(): Promise<readonly Download[]>
  remove(id: string): Promise<void>
}

/**
 * Makes the downloads of a session; to be called before `session.start()`, or any time after.
 *
 * @example
 * ```ts
 * import type { Session } from '@3dimli/session'
 * import { createDownloads } from '@3dimli/session/downloads'
 * declare const session: Session
 *
 * const downloads = createDownloads(session)
 * await downloads.save('chair', '/api/library/chair/file', { onProgress: ({ receivedBytes }) => console.log(receivedBytes) })
 * const chair = await downloads.open('chair')
 * const bytes = await (await chair?.response())?.arrayBuffer()
 * ```
 */
export function createDownloads(session: Session, options: DownloadsOptions = {}): Downloads {
  for (const name of Object.keys(options)) if (name !== 'largestUrlBytes') throw new TypeError(`"${name}" is not an option of createDownloads()`)
  const largestUrlBytes = options.largestUrlBytes ?? 256 * 1024 * 1024
  if (typeof largestUrlBytes !== 'number' || !(largestUrlBytes > 0)) throw new TypeError('"largestUrlBytes" must be a number of bytes')
  const access = session[feature]
  const name = `3dimli.${access.name}.downloads`
  const targets = [{ kind: 'cache-storage', cache: `${name}.{content}` }, { kind: 'indexeddb', database: name, prefix: '{content}:' }] as const
  const rows = lastingStore(name, 'downloads')
  const turns = createTurns(name)
  const urls = new Set<string>()
  const saving = new Set<string>()
  let tidied: string | undefined

  for (const target of targets) session.register(target).catch(() => undefined)
  access.onForget('downloads', () => {
    for (const url of urls) URL.revokeObjectURL(url)
    urls.clear()
  })

  const capture = (signal?: AbortSignal): Promise<Captured> => access.capture(signal, 'downloads')
  const shelfOf = async (captured: Captured, signal?: AbortSignal): Promise<Shelf> => {
    await access.protect(targets)
    const content = await access.content(captured, signal)
    const shelf = await openShelf({ cacheName: `${name}.${content.id}`, rows, origin: access.resolve('/').origin }, content, access.random)
    if (tidied !== captured.epochId && saving.size === 0 && (await turns.tidy(() => shelf.tidy(saving)).catch(() => false))) tidied = captured.epochId
    return shelf
  }

  const request = async (captured: Captured, target: RequestInfo | URL, signal: AbortSignal): Promise<Response> => {
    const url = access.resolve(target instanceof Request ? target.url : target)
    // What is kept encrypted must not lie in the HTTP cache as well, in the clear (seen in Chromium 156).
    if (access.trusted(url)) return access.fetch(target instanceof Request ? target : url, { signal, cache: 'no-store' }, captured)
    const open = new Request(target instanceof Request ? target : url, { signal, credentials: 'omit', cache: 'no-store' })
    open.headers.delete('authorization')
    open.headers.delete('dpop')
    return access.fetchOpenly(open, signal)
  }

  const opened = (captured: Captured, card: Card): OpenDownload => {
    const permit = async (): Promise<void> => void (await access.pass(captured))
    const stream = async (): Promise<ReadableStream<Bytes>> => {
      // The key is taken from the record for each stream and held no longer than it lasts.
      const plain = await (await shelfOf(captured)).read(card)
      return plain.pipeThrough(permitted(permit), { signal: captured.signal })
    }
    const response = async (): Promise<Response> =>
      new Response(await stream(), { headers: { ...inertHeaders, 'content-type': card.type, 'content-length': String(card.size) } })
    return {
      ...described(card),
      stream,
      response,
      async url() {
        if (card.size > largestUrlBytes) throw new SessionError('too-large', { limitBytes: largestUrlBytes })
        const bytes = await (await response()).blob()
        const blob = bytes.slice(0, bytes.size, inertType(card.type))
        await permit()
        const url = URL.createObjectURL(blob)
        urls.add(url)
        return url
      },
    }
  }

  return {
    async save(id, from, { name: title, signal, onProgress, sha256, ...others } = {}) {
      for (const other of Object.keys(others)) throw new TypeError(`"${other}" is not an option of save()`)
      // The caller may use its URL again while this waits.
      const source = from instanceof Request ? from : String(from)
      if (typeof id !== 'string' || id === '') throw new TypeError('"id" must be a non-empty string')
      if (sha256 !== undefined && !/^[0-9a-f]{64}$/i.test(sha256)) throw new TypeError('"sha256" must be 64 hexadecimal digits')
      const captured = await capture(signal)
      const either = AbortSignal.any([captured.signal, ...(signal ? [signal] : []), ...(source instanceof Request ? [source.signal] : [])])
      return turns.save(either, async () => {
        const shelf = await shelfOf(captured, signal)
        const body = hex(access.random(16))
        saving.add(body)
        let put: Promise<void> | undefined
        try {
          // Before the file is asked for: while its bytes come in, WebKitGTK 2.50 answers nothing of IndexedDB (8 s for 300 MB).
          await unlessAborted(shelf.note(body), either)
          const response = await request(captured, source, either)
          if (!response.ok || !response.body) {
            await response.body?.cancel()
            throw new SessionError('download-failed', { status: response.status })
          }
          const announced = Number(response.headers.get('content-length') ?? Number.NaN)
          // What a content coding hides is not the size of the file.
          const totalBytes = Number.isFinite(announced) && !response.headers.has('content-encoding') ? announced : undefined
          const hash = sha256 === undefined ? undefined : (await import('@noble/hashes/sha2.js')).sha256.create()
          let receivedBytes = 0
          const counted = new TransformStream<Bytes, Bytes>({
            transform(chunk, controller) {
              receivedBytes += chunk.length
              hash?.update(chunk)
              onProgress?.({ receivedBytes, ...(totalBytes !== undefined && { totalBytes }) })
              controller.enqueue(chunk)
            },
          })
          put = shelf.putBody(body, counted.readable)
          // The cache has its own error for a body that breaks off: what broke is heard of here.
          await unlessAborted(Promise.all([response.body.pipeTo(counted.writable, { signal: either }), put]), either)
          const short = totalBytes !== undefined && receivedBytes !== totalBytes
          if (short || (hash && hex(hash.digest()) !== sha256?.toLowerCase())) throw new SessionError('integrity', {})
          await access.pass(captured, signal)
          const card: Card = {
            id, name: title ?? id, type: response.headers.get('content-type') ?? 'application/octet-stream', size: receivedBytes, savedAt: access.now(), body,
          }
          await shelf.putCard(card)
          return described(card)
        } catch (error) {
          // What cannot be removed now is noted as a body without a card, and tidied away another time.
          const removed = Promise.resolve(put).catch(() => undefined).then(() => shelf.removeBody(body))
          await unlessAborted(removed, AbortSignal.timeout(removeMs)).catch(() => undefined)
          throw either.aborted ? either.reason : error
        } finally {
          saving.delete(body)
        }
      })
    },

    async open(id) {
      const captured = await capture()
      const shelf = await shelfOf(captured)
      const card = await shelf.card(id)
      await access.pass(captured)
      return card && opened(captured, card)
    },

    async list() {
      const captured = await capture()
      const cards = await (await shelfOf(captured)).cards()
      await access.pass(captured)
      return cards.map(described).sort((a, b) => b.savedAt - a.savedAt)
    },

    async remove(id) {
      const captured = await capture()
      await (await shelfOf(captured)).remove(id)
    },
  }
}

function described({ id, name, type, size, savedAt }: Card): Download {
  return { id, name, type, size, savedAt }
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}
