/** Keys that this package, and nobody else, can write down again: every key that leaves here is not extractable. */
import type { Keys } from '@3dimli/session/platform'

/** A key in the form in which it lies in the encrypted record. */
export interface WrittenKey {
  readonly data: JsonWebKey | string
  readonly algorithm: { readonly name: string; readonly namedCurve?: string; readonly hash?: string }
  readonly usages: readonly KeyUsage[]
  /** Only a public key is. */
  readonly extractable: boolean
}

/** The keys of a record that is a file. */
export interface RecordKeys extends Keys {
  /** The form of a key that was made or read here; throws for another one. */
  write(key: CryptoKey): WrittenKey
  read(written: WrittenKey): Promise<CryptoKey>
}

/** Makes the keys of one platform. */
export function recordKeys(): RecordKeys {
  const { subtle } = globalThis.crypto
  const forms = new WeakMap<CryptoKey, WrittenKey>()

  const read = async (written: WrittenKey): Promise<CryptoKey> => {
    const { data, algorithm, usages, extractable } = written
    const key = typeof data === 'string'
      ? await subtle.importKey('raw', Buffer.from(data, 'base64'), algorithm, extractable, usages)
      : await subtle.importKey('jwk', data, algorithm, extractable, usages)
    forms.set(key, written)
    return key
  }

  const form = async (key: CryptoKey): Promise<WrittenKey> => {
    const { name, namedCurve, hash } = key.algorithm as EcKeyAlgorithm & { readonly hash?: KeyAlgorithm }
    const { ext: _ext, key_ops: _operations, ...data } = await subtle.exportKey('jwk', key)
    return { data, algorithm: { name, ...(namedCurve && { namedCurve }), ...(hash && { hash: hash.name }) }, usages: key.usages, extractable: key.type === 'public' }
  }

  const adopt = async ({ privateKey, publicKey }: CryptoKeyPair): Promise<CryptoKeyPair> => {
    if (!privateKey.extractable || !publicKey.extractable) {
      throw new TypeError('"keys" must be a key pair whose private key is extractable: it is written into an encrypted file, and only read back as one that is not')
    }
    return { privateKey: await read(await form(privateKey)), publicKey: await read(await form(publicKey)) }
  }

  return {
    read, adopt,
    content: (secret) => read({ data: Buffer.from(secret).toString('base64'), algorithm: { name: 'HKDF' }, usages: ['deriveKey', 'deriveBits'], extractable: false }),
    pair: async () => adopt(await subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify'])),
    write(key) {
      const written = forms.get(key)
      if (!written) throw new TypeError('A key of the record was made elsewhere and cannot be written.')
      return written
    },
  }
}
