/** What a call was given, as it stood when the call was made: `fetch` reads its arguments before it returns, and callers use theirs again. */
import type { Narrow } from './narrow.ts'
import type { Sending } from './request.ts'
import { unlessAborted } from './time.ts'

/** Makes calls that wait for `start()`. */
export function onceRunning<Runtime>(running: () => Promise<Runtime>, by: (runtime: Runtime) => Sending): Narrow {
  return {
    async fetch(input, init) {
      const call = asCalled(input, init)
      return by(await unlessAborted(running(), init?.signal ?? undefined)).fetch(...call)
    },
    async authorize({ method, url, signal }) {
      const target = { method, url: String(url), ...(signal && { signal }) }
      return by(await unlessAborted(running(), signal)).authorize(target)
    },
  }
}

/** Copies what the caller may still change. A `Request`, a blob and a stream are handed over as they are. */
export function asCalled(target: RequestInfo | URL, init?: RequestInit): readonly [string | Request, RequestInit?] {
  const fixed = target instanceof Request ? target : String(target)
  if (!init || init instanceof Request) return [fixed, init]
  const { headers, body } = init
  return [fixed, { ...init, ...(headers && { headers: new Headers(headers) }), ...(body && { body: copied(body) }) }]
}

function copied(body: BodyInit): BodyInit {
  if (body instanceof URLSearchParams) return new URLSearchParams(body)
  if (body instanceof ArrayBuffer) return body.slice(0)
  if (ArrayBuffer.isView(body)) return new Uint8Array(body.buffer, body.byteOffset, body.byteLength).slice()
  if (!(body instanceof FormData)) return body
  const form = new FormData()
  for (const [name, value] of body) form.append(name, value as string)
  return form
}
