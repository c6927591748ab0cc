/** Encrypted content-encoding for HTTP, `aes128gcm` (RFC 8188), as streams: a file larger than memory passes through record by record. */

/** Each record is 1 MiB of cipher text: 17 bytes of it are tag and delimiter. */
export const recordSize: number = 1024 * 1024
const overhead = 17
const saltSize = 16
const headerSize = saltSize + 5
/** A record is held in memory whole, so a header may not ask for any size. */
const largestRecord = 16 * 1024 * 1024
const lastRecord = 2
const moreFollow = 1

type Bytes = Uint8Array<ArrayBuffer>

/** Says before each record whether it may still be opened; throws when not. */
export type Permit = () => Promise<void> | void

/** Makes the transform that encrypts with a key derived from `key` and a fresh salt. */
export function encrypt(key: CryptoKey, salt: Bytes, size: number = recordSize): TransformStream<Bytes, Bytes> {
  const records = collect(size - overhead)
  let derived: Promise<Derived> | undefined
  let sequence = 0
  const seal = async (plain: Bytes, delimiter: number): Promise<Bytes> => {
    derived ??= derive(key, salt)
    const { contentKey, nonce } = await derived
    const padded = new Uint8Array(plain.length + 1)
    padded.set(plain)
    padded[plain.length] = delimiter
    return new Uint8Array(await crypto.subtle.encrypt({ name: 'AES-GCM', iv: nonceOf(nonce, sequence++) }, contentKey, padded))
  }
  return new TransformStream<Bytes, Bytes>({
    start(controller) {
      const header = new Uint8Array(headerSize)
      header.set(salt)
      new DataView(header.buffer).setUint32(saltSize, size)
      controller.enqueue(header)
    },
    async transform(chunk, controller) {
      for (const record of records.push(chunk)) controller.enqueue(await seal(record, moreFollow))
    },
    async flush(controller) {
      controller.enqueue(await seal(records.rest(), lastRecord))
    },
  })
}

/** Makes the transform that decrypts; errors when a record was changed, is missing, or may not be opened any more. */
export function decrypt(key: CryptoKey, permit: Permit = () => {}): TransformStream<Bytes, Bytes> {
  let header: Bytes | undefined
  let early: Bytes = new Uint8Array(0)
  let records: Collector | undefined
  let derived: Promise<Derived> | undefined
  let sequence = 0
  const open = async (sealed: Bytes, delimiter: number): Promise<Bytes> => {
    await permit()
    const { contentKey, nonce } = await (derived as Promise<Derived>)
    const padded = new Uint8Array(await crypto.subtle.decrypt({ name: 'AES-GCM', iv: nonceOf(nonce, sequence++) }, contentKey, sealed))
    const end = padded.findLastIndex((byte) => byte !== 0)
    if (padded[end] !== delimiter) throw new TypeError('the encrypted content is cut')
    return padded.subarray(0, end)
  }
  return new TransformStream<Bytes, Bytes>({
    async transform(chunk, controller) {
      let rest = chunk
      if (!header || !records) {
        early = join(early, chunk)
        if (early.length < headerSize) return
        const size = new DataView(early.buffer, early.byteOffset).getUint32(saltSize)
        // No key id is written; a record must hold its tag, its delimiter and something more.
        if (size <= overhead || size > largestRecord || early[headerSize - 1] !== 0) throw new TypeError('the encrypted content has no valid header')
        header = early.slice(0, headerSize)
        records = collect(size)
        derived = derive(key, header.slice(0, saltSize))
        rest = early.subarray(headerSize)
      }
      for (const record of records.push(rest)) controller.enqueue(await open(record, moreFollow))
    },
    async flush(controller) {
      if (!records) throw new TypeError('the encrypted content is cut')
      controller.enqueue(await open(records.rest(), lastRecord))
    },
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

/** Says how large a file of `plain` bytes is once encrypted. */
export function encryptedSize(plain: number): number {
  return headerSize + plain + overhead * Math.max(1, Math.ceil(plain / (recordSize - overhead)))
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

function nonceOf(base: Bytes, sequence: number): Bytes {
  const nonce = base.slice()
  const view = new DataView(nonce.buffer)
  view.setUint32(8, (view.getUint32(8) ^ sequence) >>> 0)
  return nonce
}

interface Collector {
  push(chunk: Bytes): Generator<Bytes>
  rest(): Bytes
}

/** Cuts chunks into records of `size`; a full last record is held back, since only the end says that it is the last. */
function collect(size: number): Collector {
  let buffer: Bytes = new Uint8Array(size)
  let filled = 0
  return {
    *push(chunk) {
      let from = 0
      while (from < chunk.length) {
        if (filled === size) {
          yield buffer
          buffer = new Uint8Array(size)
          filled = 0
        }
        const part = Math.min(size - filled, chunk.length - from)
        buffer.set(chunk.subarray(from, from + part), filled)
        filled += part
        from += part
      }
    },
    rest: () => buffer.slice(0, filled),
  }
}

function join(a: Bytes, b: Bytes): Bytes {
  const whole = new Uint8Array(a.length + b.length)
  whole.set(a)
  whole.set(b, a.length)
  return whole
}
