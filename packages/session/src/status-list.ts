/** Reads one entry of a Token Status List (IETF draft): only a hint, so its signature is not checked, and what is broken says nothing. */
import type { StatusReference } from './row.ts'

/** Encoded; a list of ten million sessions of which 1 % are over takes 0.3 MB. */
const mostTokenBytes = 4 * 2 ** 20
/** Inflated: 64 million entries of two bits. */
const mostListBytes = 16 * 2 ** 20
/** An engine may inflate all it was given at once, a thousand times its size: it is given little. */
const sliceBytes = 4_096
const defaultTtlMs = 300_000
/** A server's mistake must neither flood it nor make a device blind. */
const leastTtlMs = 5_000
const longestTtlMs = 3_600_000

/** What a list said of one session. */
export interface Reading {
  /** 0: valid. 1: invalid. 2: suspended. */
  readonly value: number
  /** How long until it should be read again, ms. */
  readonly ttlMs: number
  /** How long a cache on the way may hold it, ms. */
  readonly keptMs: number
  /** By the server's clock, epoch ms. */
  readonly issuedAt: number
  /** By the server's clock, epoch ms. */
  readonly expiresAt?: number
  readonly etag?: string
}

/** Asks for the list and reads one entry; `undefined` when it says nothing. No credential is sent, and the list is not kept. */
export async function readStatusList(
  reference: StatusReference,
  before: Reading | undefined,
  input: { readonly fetch: (request: Request) => Promise<Response>; readonly now: () => number; readonly signal: AbortSignal },
): Promise<Reading | undefined> {
  try {
    const isOver = (reading: Reading): boolean => reading.expiresAt !== undefined && reading.expiresAt <= input.now()
    const etag = before && !isOver(before) ? before.etag : undefined
    // The list's own times rule, not an HTTP cache's; where there is such a cache it asks whether its copy still stands.
    const request = new Request(reference.uri, {
      headers: { accept: 'application/statuslist+jwt', ...(etag !== undefined && { 'if-none-match': etag }) },
      cache: 'no-cache', credentials: 'omit', referrerPolicy: 'no-referrer', redirect: 'follow', signal: input.signal,
    })
    // With nothing beside it: options given to fetch would put the referrer back (Fetch standard).
    const response = await input.fetch(request)
    if (response.status === 304 && etag !== undefined) return before
    if (response.status !== 200 || !response.body) {
      await response.body?.cancel()
      return undefined
    }
    const reading = await readToken(await text(response.body), reference)
    const tag = response.headers.get('etag')
    return reading && !isOver(reading) ? { ...reading, ...(tag !== null && { etag: tag }) } : undefined
  } catch {
    return undefined
  }
}

async function readToken(token: string, { idx, uri }: StatusReference): Promise<Reading | undefined> {
  const [head = '', payload = '', signature = '', ...more] = token.trim().split('.')
  if (signature === '' || more.length > 0 || parse(head).typ !== 'statuslist+jwt') return undefined
  const { sub, iat, exp, ttl, status_list: list } = parse(payload)
  if (sub !== uri || typeof iat !== 'number' || (exp !== undefined && typeof exp !== 'number') || typeof list !== 'object' || list === null) return undefined
  const { bits, lst } = list as Record<string, unknown>
  if ((bits !== 1 && bits !== 2 && bits !== 4 && bits !== 8) || typeof lst !== 'string') return undefined
  const byte = await byteAt(decode(lst), Math.floor((idx * bits) / 8))
  if (byte === undefined) return undefined
  const keptMs = (isLength(ttl) && Math.round(ttl * 1000)) || defaultTtlMs
  return {
    value: (byte >> ((idx * bits) % 8)) & (2 ** bits - 1),
    ttlMs: Math.min(Math.max(keptMs, leastTtlMs), longestTtlMs),
    keptMs,
    issuedAt: iat * 1000,
    ...(exp !== undefined && { expiresAt: exp * 1000 }),
  }
}

/** One byte of the list. It is read to its end, where its checksum is, and no other byte is kept. */
async function byteAt(deflated: Uint8Array<ArrayBuffer>, index: number): Promise<number | undefined> {
  let at = 0
  const slices = new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull(controller) {
      if (at >= deflated.length) return controller.close()
      controller.enqueue(deflated.subarray(at, at + sliceBytes))
      at += sliceBytes
    },
  })
  let found: number | undefined
  let passed = 0
  await each(slices.pipeThrough(new DecompressionStream('deflate')), mostListBytes, (chunk) => {
    found ??= chunk[index - passed]
    passed += chunk.length
  })
  return found
}

async function text(stream: ReadableStream<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder()
  let whole = ''
  await each(stream, mostTokenBytes, (chunk) => {
    whole += decoder.decode(chunk, { stream: true })
  })
  return whole
}

async function each(stream: ReadableStream<Uint8Array>, most: number, take: (chunk: Uint8Array) => void): Promise<void> {
  const reader = stream.getReader()
  for (let left = most; ;) {
    const { done, value } = await reader.read()
    if (done) return
    left -= value.length
    if (left < 0) {
      reader.cancel().catch(() => undefined)
      throw new RangeError('too long')
    }
    take(value)
  }
}

function parse(part: string): Record<string, unknown> {
  return JSON.parse(new TextDecoder().decode(decode(part))) as Record<string, unknown>
}

function decode(base64url: string): Uint8Array<ArrayBuffer> {
  const binary = atob(base64url.replaceAll('-', '+').replaceAll('_', '/'))
  const bytes = new Uint8Array(binary.length)
  for (let at = 0; at < binary.length; at += 1) bytes[at] = binary.charCodeAt(at)
  return bytes
}

/** A length of time above nothing, s. Not that of the tokens: what loads later shares modules with the start only where bundlers make no file of them. */
function isLength(seconds: unknown): seconds is number {
  return typeof seconds === 'number' && seconds > 0 && seconds * 1000 <= Number.MAX_SAFE_INTEGER
}
