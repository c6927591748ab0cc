/** Sends one file with tus-js-client: a token for each request, retries with back-off, and nothing after the signal. */
import { Upload, type HttpRequest, type HttpResponse, type HttpStack } from 'tus-js-client'
import { failed, failureOfStatus, mayPass } from './failure.ts'
import type { Authorize } from './options.ts'
import type { Source } from './source.ts'

/** What a transfer is made of. */
export interface Transfer {
  readonly source: Source
  readonly endpoint: string
  /** Where an earlier run left it. */
  readonly url: string | undefined
  readonly metadata: Record<string, string>
  readonly chunkBytes: number
  readonly retryDelays: readonly number[]
  readonly stack: HttpStack
  readonly authorize: Authorize
  /** Asks the same server in the session's own way, which judges what it answers. */
  readonly ask: (url: string) => Promise<void>
  readonly located: (url: string) => void
  readonly step: (state: 'hashing' | 'uploading') => void
  readonly sent: (bytes: number) => void
  readonly signal: AbortSignal
}

/** Resolves when the server has the whole file; rejects with a failure, with an error of the session, or with the signal's reason. */
export function transfer(input: Transfer): Promise<void> {
  const { source, endpoint, url, metadata, chunkBytes, retryDelays, stack, authorize, ask, located, step, sent, signal } = input
  /** The last part carries the digest of the whole file (RFC 9530), which is known by then without another read. */
  const described = async (request: HttpRequest): Promise<void> => {
    const isLast = request.getMethod() === 'PATCH' && Number(request.getHeader('Upload-Offset')) + chunkBytes >= source.size
    if (!isLast) return
    step('hashing')
    request.setHeader('Repr-Digest', `sha-256=:${(await source.digest(signal)).toString('base64')}:`)
    step('uploading')
  }
  /** By another upload's length a file would count as done, and by an offset that does not grow it would be sent for ever. */
  const believed = (request: HttpRequest, response: HttpResponse): void => {
    const [method, status] = [request.getMethod(), response.getStatus()]
    const [from, has, length] = [bytesIn(request, 'Upload-Offset'), bytesIn(response, 'Upload-Offset'), bytesIn(response, 'Upload-Length')]
    const isTold = method === 'POST' ? response.getHeader('Location') !== undefined : has !== undefined && (method !== 'HEAD' || length !== undefined)
    // Something between us and the server answers so.
    if (!isTold) throw failed({ code: 'unreachable', status })
    if (has === undefined || method === 'POST') return
    const isPossible = from === undefined ? length === source.size && has <= source.size : has > from && has <= Math.min(from + chunkBytes, source.size)
    if (!isPossible) throw failed({ code: 'integrity', status })
  }
  return new Promise((resolve, reject) => {
    signal.throwIfAborted()
    // Its types know browsers only; here the reader below is all that touches the file.
    const upload = new Upload(Buffer.alloc(0), {
      endpoint, metadata, chunkSize: chunkBytes, retryDelays: [...retryDelays], uploadSize: source.size, httpStack: stack,
      ...(url !== undefined && { uploadUrl: url }),
      storeFingerprintForResuming: false,
      fingerprint: async () => '',
      fileReader: { openFile: async () => source },
      async onBeforeRequest(request) {
        await described(request)
        await authorized(request, authorize, signal)
      },
      async onAfterResponse(request, response) {
        const status = response.getStatus()
        // Only these say that an upload is not there, and may begin anew.
        const begins = request.getMethod() === 'HEAD' && (status === 404 || status === 410)
        if (status >= 200 && status < 300) return believed(request, response)
        if (begins) return
        if (status === 401) await ask(request.getURL())
        throw failed(failureOfStatus(status))
      },
      onShouldRetry: mayPass,
      onUploadUrlAvailable: () => upload.url !== null && located(upload.url),
      onProgress: (bytes) => {
        if (!signal.aborted) sent(bytes)
      },
      onSuccess: () => resolve(),
      onError: reject,
    })
    signal.addEventListener('abort', () => {
      upload.abort().catch(() => undefined)
      reject(signal.reason as Error)
    }, { once: true })
    upload.start()
  })
}

/** Tells the server to throw away what it has of an upload. */
export async function terminate(url: string, stack: HttpStack, authorize: Authorize, signal: AbortSignal): Promise<void> {
  await Upload.terminate(url, { httpStack: stack, retryDelays: null, onBeforeRequest: (request) => authorized(request, authorize, signal) })
}

/** How much the server has of an upload, bytes; 0 where it has thrown it away, undefined where it does not tell. */
export async function offsetOf(url: string, stack: HttpStack, authorize: Authorize, signal: AbortSignal): Promise<number | undefined> {
  const request = stack.createRequest('HEAD', url)
  request.setHeader('Tus-Resumable', '1.0.0')
  await authorized(request, authorize, signal)
  const response = await request.send(null)
  const status = response.getStatus()
  if (status === 404 || status === 410) return 0
  return status < 300 ? bytesIn(response, 'Upload-Offset') : undefined
}

function bytesIn(message: Pick<HttpRequest | HttpResponse, 'getHeader'>, header: string): number | undefined {
  const text = message.getHeader(header) ?? ''
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined
}

async function authorized(request: HttpRequest, authorize: Authorize, signal: AbortSignal): Promise<void> {
  const headers = await authorize({ method: request.getMethod(), url: request.getURL(), signal })
  for (const [name, value] of Object.entries(headers)) request.setHeader(name, value)
}
