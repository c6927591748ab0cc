/** Hashes and encryption under what a client presents, so that a store of answers is worth nothing to its thief. */

type Bytes = Uint8Array<ArrayBuffer>

const text = new TextEncoder()
const ivBytes = 12

/** Hashes parts that cannot run into each other, as base64url. */
export async function fingerprint(...parts: readonly string[]): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', text.encode(JSON.stringify(parts))))
  return btoa(String.fromCharCode(...digest)).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '')
}

/** Encrypts `plain` so that only who holds `secret` and `salt` reads it. */
export async function seal(secret: string, salt: string, plain: string): Promise<Bytes> {
  const iv = crypto.getRandomValues(new Uint8Array(ivBytes))
  const sealed = await crypto.subtle.encrypt({ name: 'AES-GCM', iv }, await keyOf(secret, salt), text.encode(plain))
  const bytes = new Uint8Array(ivBytes + sealed.byteLength)
  bytes.set(iv)
  bytes.set(new Uint8Array(sealed), ivBytes)
  return bytes
}

/** Decrypts what {@link seal} made; rejects when it was made of something else. */
export async function unseal(secret: string, salt: string, bytes: Bytes): Promise<string> {
  const plain = await crypto.subtle.decrypt({ name: 'AES-GCM', iv: bytes.subarray(0, ivBytes) }, await keyOf(secret, salt), bytes.subarray(ivBytes))
  return new TextDecoder().decode(plain)
}

async function keyOf(secret: string, salt: string): Promise<CryptoKey> {
  const material = await crypto.subtle.importKey('raw', text.encode(secret), 'HKDF', false, ['deriveKey'])
  const derivation = { name: 'HKDF', hash: 'SHA-256', salt: text.encode(salt), info: text.encode('kept token answer') }
  return crypto.subtle.deriveKey(derivation, material, { name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt'])
}
