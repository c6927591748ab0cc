/** Reads the server's event feed with fetch, so that the token goes in a header and every attempt has its own. */
import { EventSourceParserStream } from 'eventsource-parser/stream'
import { readAnswer } from '../../answer.ts'
import type { Answer, AuthorityPorts, FeedListener } from '../../authority.ts'

/** Opens the stream and hands out its events; resolves when it is over, with what there is to judge. */
export async function readFeed(
  io: AuthorityPorts,
  request: Request,
  input: { readonly signal: AbortSignal; readonly listener: FeedListener; readonly noted: (response: Response) => void },
): Promise<Answer> {
  try {
    const response = await io.send(request, input.signal)
    input.noted(response)
    const isStream = /^text\/event-stream\b/i.test(response.headers.get('content-type') ?? '')
    if (response.status !== 200 || !isStream || !response.body) return response.status === 200 ? { from: 'feed', failed: 'closed' } : await readAnswer('feed', response)
    const heard = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
      transform(chunk, controller) {
        input.listener.heard()
        controller.enqueue(chunk)
      },
    })
    let retryMs = 0
    const events = response.body.pipeThrough(heard).pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream({ maxBufferSize: 65_536, onRetry: (ms) => (retryMs = ms) }))
    const reader = events.getReader()
    let opened = false
    for (;;) {
      const { done, value } = await reader.read()
      if (done) break
      if (value.event === 'bye') {
        input.listener.goodbye(retryMs)
        break
      }
      if (value.event !== 'session') continue
      // The server sends one event on connecting; a proxy's comments are not its word.
      if (!opened) input.listener.opened()
      opened = true
      input.listener.event({ from: 'feed', status: 200, body: parse(value.data) }, value.id)
    }
    await reader.cancel()
    return { from: 'feed', failed: 'closed' }
  } catch {
    return { from: 'feed', failed: 'closed' }
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
