/** Reads a body that somebody else sent, and no more of it than is wanted. */

/** Reads the text of a request or an answer; `undefined` when it is longer than `maxBytes`, of which no more is kept. Rejects when `signal` aborts. */
export async function readText(message: Request | Response, maxBytes: number, signal?: AbortSignal): Promise<string | undefined> {
  if (Number(message.headers.get('content-length') ?? 0) > maxBytes) return abandon(message.body)
  const decoder = new TextDecoder()
  let text = ''
  let bytes = 0
  const body = signal && message.body ? message.body.pipeThrough(new TransformStream<Uint8Array, Uint8Array>(), { signal }) : message.body
  for await (const chunk of body?.values({ preventCancel: true }) ?? []) {
    bytes += chunk.byteLength
    if (bytes > maxBytes) break
    text += decoder.decode(chunk, { stream: true })
  }
  return bytes > maxBytes ? abandon(body) : text + decoder.decode()
}

/** Cancels what is left and does not wait for it: half of a clone is cancelled only together with the other half. */
function abandon(body: ReadableStream<Uint8Array> | null): undefined {
  body?.cancel().catch(() => undefined)
}

/** Whether the message says that it is of this media type, whatever parameters follow. */
export function isOfType(message: Request | Response, type: string): boolean {
  return (message.headers.get('content-type') ?? '').split(';', 1)[0]!.trim().toLowerCase() === type
}
