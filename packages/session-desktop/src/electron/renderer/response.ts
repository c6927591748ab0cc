/** Makes a `Response` of what the main process sends: the head first, then the body, one piece for each that is asked for. */
import { errorOf } from '../failure.ts'
import type { Answer, Ask } from '../messages.ts'
import type { Call } from './calls.ts'

/** Pieces that are fetched before anybody reads, so that a small answer nobody reads is over by itself. */
const piecesAhead = 4

/** Waits for the answer to a request that is about to be sent. */
export function receive(call: Call, signal: AbortSignal, post: (ask: Ask) => void): Promise<Response> {
  const { id } = call
  const head = Promise.withResolvers<Response>()
  let body: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>> | undefined
  let piece: PromiseWithResolvers<void> | undefined

  const leave = (): void => {
    signal.removeEventListener('abort', abort)
    piece?.resolve()
  }
  const fail = (error: unknown): void => {
    leave()
    head.reject(error)
    body?.error(error)
  }
  const giveUp = (): void => {
    post({ type: 'abort', id })
    call.over()
  }
  const abort = (): void => {
    giveUp()
    fail(signal.reason)
  }
  signal.addEventListener('abort', abort)

  const stream = (): ReadableStream<Uint8Array<ArrayBuffer>> =>
    new ReadableStream<Uint8Array<ArrayBuffer>>({
      start(controller) {
        body = controller
      },
      pull() {
        piece = Promise.withResolvers()
        post({ type: 'pull', id })
        return piece.promise
      },
      cancel() {
        leave()
        giveUp()
      },
    }, { highWaterMark: piecesAhead })

  const answer = (given: Answer): void => {
    if (given.type === 'failed') fail(errorOf(given.failure))
    if (given.type === 'head') {
      const response = responseOf(given, given.hasBody ? stream() : null)
      if (response) head.resolve(response)
      else {
        giveUp()
        fail(new TypeError('The server answered what no page can be given.'))
      }
      if (!given.hasBody) leave()
    }
    if (given.type === 'chunk') {
      body?.enqueue(given.bytes)
      piece?.resolve()
    }
    if (given.type === 'last') {
      body?.close()
      leave()
    }
  }
  call.settle({ answer, fail })
  return head.promise
}

/** Node takes what a `Response` may not have: any status of three digits, and any words beside it. */
function responseOf({ status, statusText, headers }: Extract<Answer, { type: 'head' }>, body: ReadableStream<Uint8Array<ArrayBuffer>> | null): Response | undefined {
  if (status < 200 || status > 599) return undefined
  return new Response(body, { status, statusText: /^[\t -~\u0080-\u00ff]*$/.test(statusText) ? statusText : '', headers: headers.map(([name, value]) => [name, value]) })
}
