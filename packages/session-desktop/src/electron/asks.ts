/** Reads what a renderer sent, which may be anything that can be cloned: an ask of exactly the right shape and size, or nothing. */
import { limits, type Ask, type FetchAsk } from './messages.ts'

/** Reads one message. */
export function readAsk(data: unknown): Ask | undefined {
  if (typeof data !== 'object' || data === null) return undefined
  const { type, id, epochId } = data as Record<string, unknown>
  if (typeof id !== 'number' || !Number.isSafeInteger(id) || id < 1) return undefined
  if (type === 'signIn' || type === 'confirm' || type === 'pull' || type === 'abort') return { type, id }
  if (type === 'signOut') return isMeant(epochId) ? { type, id, ...(epochId !== undefined && { epochId }) } : undefined
  return type === 'fetch' ? readFetch(id, data as Record<string, unknown>) : undefined
}

function readFetch(id: number, { epochId, url, method, headers, body }: Record<string, unknown>): FetchAsk | undefined {
  if (!isMeant(epochId)) return undefined
  if (typeof url !== 'string' || url.length > limits.urlLength || !URL.canParse(url)) return undefined
  if (typeof method !== 'string' || !/^[a-z]{1,16}$/i.test(method)) return undefined
  if (!Array.isArray(headers) || headers.length > limits.headers || !headers.every(isHeader)) return undefined
  if (body !== undefined && (!(body instanceof ArrayBuffer) || body.byteLength > limits.bodyBytes)) return undefined
  // Made anew: nothing that came along travels on.
  return {
    type: 'fetch', id, url, method, headers: headers.map(([name, value]) => [name, value] as const),
    ...(epochId !== undefined && { epochId }), ...(body !== undefined && { body }),
  }
}

function isMeant(epochId: unknown): epochId is string | null | undefined {
  return epochId === undefined || epochId === null || (typeof epochId === 'string' && epochId.length <= 64)
}

function isHeader(header: unknown): header is [string, string] {
  return Array.isArray(header) && header.length === 2 && header.every((part) => typeof part === 'string' && part.length <= limits.headerLength)
}
