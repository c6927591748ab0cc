/** Encrypted content coding (RFC 8188): its own examples, every size, and everything that is not what was written. */
import { describe, expect, it } from 'vitest'
import { decrypt, encrypt, encryptedSize, recordSize, streamOf, type Permit } from './aes128gcm.ts'

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

const sealed = (bytes: Bytes, size?: number, chunk = 7): Promise<Bytes> => collect(cut(bytes, chunk).pipeThrough(encrypt(key, salt, size)))
const opened = (bytes: Bytes, { chunk = 11, permit, by = key }: { chunk?: number; permit?: Permit; by?: CryptoKey } = {}): Promise<Bytes> =>
  collect(cut(bytes, chunk).pipeThrough(decrypt(by, permit)))

/** What comes out before it fails, in one text, and whether it failed. */
async function attempted(bytes: Bytes, permit?: Permit): Promise<{ readonly plain: number[]; readonly failed: boolean }> {
  const got: number[] = []
  try {
    for await (const chunk of cut(bytes, 64).pipeThrough(decrypt(key, permit))) got.push(...chunk)
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
  it.each([0, 1, room - 1, room, room + 1, 2 * room - 1, 2 * room, 2 * room + 1, 1_000])('%i bytes in records of 64 come back, however they are cut', async (length) => {
    const bytes = plain(length)
    const whole = await sealed(bytes, size, 1_000_000)
    for (const chunk of [1, 13, 64, 65, 4_096]) {
      expect(await sealed(bytes, size, chunk)).toEqual(whole)
      expect(await opened(whole, { chunk })).toEqual(bytes)
    }
    expect(whole.length).toBe(21 + length + 17 * Math.max(1, Math.ceil(length / room)))
  })

  it.each([0, 1, recordSize - 18, recordSize - 17, recordSize - 16, 2 * recordSize])('%i bytes in records of 1 MiB take the room that was said', async (length) => {
    const bytes = new Uint8Array(length)
    const whole = await collect(streamOf(bytes).pipeThrough(encrypt(key, salt)))
    expect(whole.length).toBe(encryptedSize(length))
    expect((await collect(streamOf(whole).pipeThrough(decrypt(key)))).length).toBe(length)
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
    const other = await collect(streamOf(original).pipeThrough(encrypt(key, plain(16), size)))
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

describe('a permit', () => {
  it('P1 P2 is asked for before each record, and what it refuses is not opened', async () => {
    const whole = await sealed(plain(150), 64)
    let asked = 0
    const result = await attempted(whole, () => {
      asked += 1
      if (asked === 3) throw new Error('over')
    })
    expect([asked, result.failed, result.plain]).toEqual([3, true, [...plain(94)]])
  })

  it('P1 its own error is the one that is seen', async () => {
    const over = new Error('over')
    await expect(opened(await sealed(plain(10), 64), { permit: () => Promise.reject(over) })).rejects.toBe(over)
  })
})
