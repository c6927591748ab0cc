/** Encrypted content coding (RFC 8188): its own examples, every size, and everything that is not what was written. */
import { describe, expect, it } from 'vitest'
import { turns } from '../test/scene.ts'
import { decrypt, encrypt, recordSize, streamOf } from './aes128gcm.ts'

type Bytes = Uint8Array<ArrayBuffer>
const fromBase64 = (text: string): Bytes => new Uint8Array(Buffer.from(text, 'base64url'))
const text = (bytes: Bytes) => new TextDecoder().decode(bytes)
const keyOf = (bytes: Bytes) => crypto.subtle.importKey('raw', bytes, 'HKDF', false, ['deriveKey', 'deriveBits'])
const salt = fromBase64('I1BsxtFttlv3u_Oo94xnmw')
const key = await keyOf(fromBase64('yqdlZ-tYemfogSmv7Ws5PQ'))
const walrus = 'I am the walrus'
const plain = (length: number): Bytes => Uint8Array.from({ length }, (_, index) => (index * 31 + (index >> 8)) % 256)

async function collect(stream: ReadableStream<Bytes>): Promise<Bytes> {
  return new Uint8Array(await new Response(stream).arrayBuffer())
}

const cut = (bytes: Bytes, size: number): ReadableStream<Bytes> =>
  new ReadableStream({
    start(controller) {
      for (let from = 0; from < bytes.length; from += size) controller.enqueue(bytes.slice(from, from + size))
      controller.close()
    },
  })

const sealed = (bytes: Bytes, size?: number, chunk = 7): Promise<Bytes> => collect(encrypt(cut(bytes, chunk), key, salt, size))
const opened = (bytes: Bytes, { chunk = 11, by = key }: { chunk?: number; by?: CryptoKey } = {}): Promise<Bytes> =>
  collect(decrypt(cut(bytes, chunk), by))

/** What comes out before it fails, in one text, and whether it failed. */
async function attempted(bytes: Bytes): Promise<{ readonly plain: number[]; readonly failed: boolean }> {
  const got: number[] = []
  try {
    for await (const chunk of decrypt(cut(bytes, 64), key)) got.push(...chunk)
    return { plain: got, failed: false }
  } catch {
    return { plain: got, failed: true }
  }
}

describe('RFC 8188', () => {
  const encoded = 'I1BsxtFttlv3u_Oo94xnmwAAEAAA-NAVub2qFgBEuQKRapoZu-IxkIva3MEB1PD-ly8Thjg'
  it('section 3.1: one record', async () => {
    expect(Buffer.from(await sealed(new TextEncoder().encode(walrus), 4_096)).toString('base64url')).toBe(encoded)
    expect(text(await opened(fromBase64(encoded)))).toBe(walrus)
  })

  it('section 3.2: two records, one of them padded; without its key id, which names a key and takes no part', async () => {
    const given = fromBase64('uNCkWiNYzKTnBN9ji3-qWAAAABkCYTHOG8chz_gnvgOqdGYovxyjuqRyJFjEDyoF1Fvkj6hQPdPHI51OEUKEpgz3SsLWIqS_uA')
    const bare = Uint8Array.from([...given.slice(0, 20), 0, ...given.slice(23)])
    const by = await keyOf(fromBase64('BO3ZVPxUlnLORbVGMpbT1Q'))
    expect(text(await opened(bare, { by }))).toBe(walrus)
    await expect(opened(given, { by })).rejects.toThrow(TypeError)
  })
})

describe('every size', () => {
  const size = 64
  const room = size - 17
  const sizeOf = (length: number, record: number): number => 21 + length + 17 * Math.max(1, Math.ceil(length / (record - 17)))

  it.each([0, 1, room - 1, room, room + 1, 2 * room - 1, 2 * room, 2 * room + 1, 1_000])('%i bytes in records of 64 come back, however they are cut', async (length) => {
    const bytes = plain(length)
    const whole = await sealed(bytes, size, 1_000_000)
    for (const chunk of [1, 13, 64, 65, 4_096]) {
      expect(await sealed(bytes, size, chunk)).toEqual(whole)
      expect(await opened(whole, { chunk })).toEqual(bytes)
    }
    expect(whole.length).toBe(sizeOf(length, size))
  })

  it.each([0, 1, recordSize - 18, recordSize - 17, recordSize - 16, 2 * recordSize])('%i bytes in records of the usual size take the room that RFC 8188 says', async (length) => {
    const bytes = new Uint8Array(length)
    const whole = await collect(encrypt(streamOf(bytes), key, salt))
    expect(whole.length).toBe(sizeOf(length, recordSize))
    expect((await collect(decrypt(streamOf(whole), key))).length).toBe(length)
  })

  it('content that ends in zeros keeps them', async () => {
    const zeros = new Uint8Array(100)
    expect(await opened(await sealed(zeros, size))).toEqual(zeros)
  })
})

describe('what was changed', () => {
  const size = 64
  const original = plain(150)

  it('P2 no byte can be flipped', async () => {
    const whole = await sealed(original, size)
    const accepted: number[] = []
    for (let at = 0; at < whole.length; at += 1) {
      const changed = whole.slice()
      changed[at]! ^= 0x01
      if (!(await attempted(changed)).failed) accepted.push(at)
    }
    expect(accepted).toEqual([])
  })

  it('P2 nothing can be cut off, and nothing appended', async () => {
    const whole = await sealed(original, size)
    const accepted: number[] = []
    for (let length = 0; length < whole.length; length += 1) if (!(await attempted(whole.slice(0, length))).failed) accepted.push(length)
    expect(accepted).toEqual([])
    for (const more of [Uint8Array.of(0), whole.slice(21, 85), whole.slice(21)]) expect(await attempted(Uint8Array.from([...whole, ...more]))).toMatchObject({ failed: true })
  })

  it('P2 no record can be moved, repeated, left out or taken from another file', async () => {
    const whole = await sealed(original, size)
    const other = await collect(encrypt(streamOf(original), key, plain(16), size))
    const header = whole.slice(0, 21)
    const record = (index: number, from = whole) => from.slice(21 + index * size, 21 + (index + 1) * size)
    const all = [0, 1, 2, 3].map((index) => record(index))
    expect(await opened(Uint8Array.from([header, ...all].flatMap((part) => [...part])))).toEqual(original)
    for (const order of [[1, 0, 2, 3], [0, 0, 1, 2, 3], [0, 2, 3], [3], [0, 1, 3], [0, 1, 2]]) {
      const result = await attempted(Uint8Array.from([header, ...order.map((index) => all[index]!)].flatMap((part) => [...part])))
      expect(result.failed).toBe(true)
      expect(result.plain).toEqual([...original.slice(0, result.plain.length)])
    }
    expect((await attempted(Uint8Array.from([...header, ...record(0), ...record(1, other), ...record(2), ...record(3)]))).failed).toBe(true)
  })

  it('another key opens nothing', async () => {
    await expect(opened(await sealed(original, size), { by: await keyOf(plain(16)) })).rejects.toThrow()
  })

  it.each([0, 17, 16 * 1024 * 1024 + 1, 0xffffffff])('a header that asks for records of %i bytes is refused', async (asked) => {
    const whole = await sealed(original, size)
    new DataView(whole.buffer).setUint32(16, asked)
    await expect(opened(whole)).rejects.toThrow(TypeError)
  })
})

describe('a stream of records', () => {
  /** A source of so many pieces that tells how many were taken, and why nobody wants more. */
  function source(piece: Bytes, pieces: number): { readonly stream: ReadableStream<Bytes>; taken: number; cancelled?: unknown } {
    const seen: { stream: ReadableStream<Bytes>; taken: number; cancelled?: unknown } = {
      taken: 0,
      stream: new ReadableStream({
        pull(controller) {
          seen.taken += 1
          controller.enqueue(piece)
          if (seen.taken === pieces) controller.close()
        },
        cancel: (reason) => void (seen.cancelled = reason),
      }, { highWaterMark: 0 }),
    }
    return seen
  }

  it('P2 takes no more from its source than the record that is asked for', async () => {
    const given = source(plain(64 - 17), 1_000)
    const reader = encrypt(given.stream, key, salt, 64).getReader()
    await reader.read()
    await turns()
    expect(given.taken).toBe(0)
    await reader.read()
    await turns()
    // The second piece says that the first record is not the last.
    expect(given.taken).toBe(2)
  })

  it('that nobody reads on lets go of its source', async () => {
    const given = source(plain(100), 1_000)
    const reader = encrypt(given.stream, key, salt, 64).getReader()
    await reader.read()
    await reader.cancel('enough')
    expect(given.cancelled).toBe('enough')
  })

  it('P2 that fails lets go of its source', async () => {
    const given = source(await sealed(plain(47), 64), 1_000)
    await expect(decrypt(given.stream, key).getReader().read()).rejects.toThrow(TypeError)
    expect(given.cancelled).toBeInstanceOf(TypeError)
  })

  it('that fails at its source fails with the same error', async () => {
    const broken = new Error('broken')
    const stream = new ReadableStream<Bytes>({ pull: (controller) => controller.error(broken) }, { highWaterMark: 0 })
    await expect(collect(encrypt(stream, key, salt))).rejects.toBe(broken)
  })
})
