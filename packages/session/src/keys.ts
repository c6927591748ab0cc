/** Keys as WebCrypto makes them, not extractable: for a platform that stores a key as a key. */
import type { Keys } from './ports.ts'

/** The keys of a browser, and of a record in memory. */
export const webKeys: Keys = {
  content: (secret) => globalThis.crypto.subtle.importKey('raw', secret, 'HKDF', false, ['deriveKey', 'deriveBits']),
  pair: () => globalThis.crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign', 'verify']),
  async adopt(pair) {
    // A key that can leave the device binds nothing to it.
    if (pair.privateKey.extractable) throw new TypeError('"keys" must be a key pair whose private key is not extractable')
    return pair
  },
}
