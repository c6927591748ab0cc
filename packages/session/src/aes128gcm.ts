/** Encrypted content-encoding for HTTP, `aes128gcm` (RFC 8188), as streams: a file larger than memory passes through record by record. */

/**
 * Each record is 512 KiB of cipher text: 17 bytes of it are tag and delimiter.
 * Chromium's WebCrypto is several times slower with buffers of 1 MiB than with these (seen in Chromium 156).
 */
export const recordSize: number = 512 * 1024
const overhead = 17
const saltSize = 16
const headerSize = saltSize + 5
/** A record is held in memory whole, so a header may not ask for any size. */
const largestRecord = 16 * 1024 * 1024
const lastRecord = 2
const moreFollow = 1

type Bytes = Uint8Array<ArrayBuffer>

/** Encrypts with a key derived from `key` and a fresh salt. */
export function encrypt(plain: ReadableStream<Bytes>, key: CryptoKey, salt: Bytes, size: number = recordSize): ReadableStream<Bytes> {
  const source = cut(plain)
  return handedOut(source, async function* seal() {
    const header = new Uint8Array(headerSize)
    header.set(salt)
    new DataView(header.buffer).setUint32(saltSize, size)
    yield header
    const { contentKey, nonce } = await derive(key, salt)
    const record = new Uint8Array(size - overhead + 1)
    for (let sequence = 0, last = false; !last; sequence += 1) {
      const part = await source.fill(record.subarray(0, -1))
      last = part.last
      record[part.filled] = last ? lastRecord : moreFollow
      yield new Uint8Array(await crypto.subtle.encrypt(gcm(nonce, sequence), contentKey, record.subarray(0, part.filled + 1)))
    }
  })
}

/** Decrypts; errors when a record was changed or is missing. */
export function decrypt(sealed: ReadableStream<Bytes>, key: CryptoKey): ReadableStream<Bytes> {
  const source = cut(sealed)
  return handedOut(source, async function* open() {
    const header = new Uint8Array(headerSize)
    if ((await source.fill(header)).last) throw new TypeError('the encrypted content is cut')
    const size = new DataView(header.buffer).getUint32(saltSize)
    // No key id is written; a record must hold its tag, its delimiter and something more.
    if (size <= overhead || size > largestRecord || header[headerSize - 1] !== 0) throw new TypeError('the encrypted content has no valid header')
    const { contentKey, nonce } = await derive(key, header.slice(0, saltSize))
    const record = new Uint8Array(size)
    for (let sequence = 0, last = false; !last; sequence += 1) {
      const part = await source.fill(record)
      last = part.last
      const padded = new Uint8Array(await crypto.subtle.decrypt(gcm(nonce, sequence), contentKey, record.subarray(0, part.filled)))
      const end = padded.findLastIndex((byte) => byte !== 0)
      if (padded[end] !== (last ? lastRecord : moreFollow)) throw new TypeError('the encrypted content is cut')
      yield padded.subarray(0, end)
    }
  })
}

/** Makes a stream of what is in hand. */
export function streamOf(bytes: Bytes): ReadableStream<Bytes> {
  return new ReadableStream({
    start(controller) {
      controller.enqueue(bytes)
      controller.close()
    },
  })
}

interface Derived {
  readonly contentKey: CryptoKey
  readonly nonce: Bytes
}

async function derive(key: CryptoKey, salt: Bytes): Promise<Derived> {
  const info = (text: string): Bytes => new TextEncoder().encode(`Content-Encoding: ${text}\0`)
  const parameters = (text: string): HkdfParams => ({ name: 'HKDF', hash: 'SHA-256', salt, info: info(text) })
  const [contentKey, nonce] = await Promise.all([
    crypto.subtle.deriveKey(parameters('aes128gcm'), key, { name: 'AES-GCM', length: 128 }, false, ['encrypt', 'decrypt']),
    crypto.subtle.deriveBits(parameters('nonce'), key, 96),
  ])
  return { contentKey, nonce: new Uint8Array(nonce) }
}

function gcm(base: Bytes, sequence: number): AesGcmParams {
  const iv = base.slice()
  const view = new DataView(iv.buffer)
  view.setUint32(8, (view.getUint32(8) ^ sequence) >>> 0)
  return { name: 'AES-GCM', iv }
}

/** A stream that is read in parts of one's own size. */
interface Cut {
  /** Fills a buffer, or less of it at the end of the stream; `last` where nothing follows. */
  fill(buffer: Bytes): Promise<{ readonly filled: number; readonly last: boolean }>
  cancel(reason: unknown): Promise<void>
}

function cut(stream: ReadableStream<Bytes>): Cut {
  const reader = stream.getReader()
  let chunk: Bytes = new Uint8Array(0)
  return {
    async fill(buffer) {
      for (let filled = 0; ; ) {
        while (chunk.length === 0) {
          const { done, value } = await reader.read()
          if (done) return { filled, last: true }
          chunk = value
        }
        if (filled === buffer.length) return { filled, last: false }
        const part = chunk.subarray(0, buffer.length - filled)
        buffer.set(part, filled)
        filled += part.length
        chunk = chunk.subarray(part.length)
      }
    },
    cancel: (reason) => reader.cancel(reason),
  }
}

/** Makes the next record when it is asked for, and lets go of the source when nobody asks any more. */
function handedOut(source: Cut, make: () => AsyncGenerator<Bytes>): ReadableStream<Bytes> {
  const records = make()
  return new ReadableStream<Bytes>({
    async pull(controller) {
      try {
        const { done, value } = await records.next()
        if (done) controller.close()
        else controller.enqueue(value)
      } catch (error) {
        source.cancel(error).catch(() => undefined)
        throw error
      }
    },
    cancel: (reason) => source.cancel(reason),
  }, { highWaterMark: 0 })
}
