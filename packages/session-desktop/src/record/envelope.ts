/** How the record lies on the disk: sealed with AES-256-GCM under a key made for each write, and told apart from what is none. */
import { createCipheriv, createDecipheriv, createHash, hkdfSync } from 'node:crypto'

/** The first twelve bytes mean the same in every version: what the file is, its version, and a check of both. */
const magic = Buffer.from('3DIMLI\n')
const version = 1
const checkAt = magic.length + 1
const keyIdAt = checkAt + 4
const saltAt = keyIdAt + 8
const nonceAt = saltAt + 16
const headerLength = nonceAt + 12
const tagLength = 16

/** What a file turned out to be. `foreign`: whole, but of another secret. `newer`: of a version that this one cannot read. */
export type Opened = { readonly kind: 'open'; readonly text: string } | { readonly kind: 'corrupt' | 'foreign' } | { readonly kind: 'newer'; readonly version: number }

/** Seals a text. `scope` names whose record it is, so that one of another name does not open. */
export function seal(text: string, secret: Uint8Array, scope: string, random: (length: number) => Uint8Array): Buffer {
  const header = Buffer.concat([prefix(version), keyId(secret, scope), random(16), random(12)])
  const cipher = createCipheriv('aes-256-gcm', keyOf(header, secret, scope), header.subarray(nonceAt), { authTagLength: tagLength })
  cipher.setAAD(header)
  return Buffer.concat([header, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()])
}

/** Opens what {@link seal} made, or says why it does not open. */
export function open(bytes: Buffer, secret: Uint8Array, scope: string): Opened {
  const found = bytes[magic.length]
  if (found === undefined || bytes.length < keyIdAt || !bytes.subarray(0, keyIdAt).equals(prefix(found))) return { kind: 'corrupt' }
  if (found > version) return { kind: 'newer', version: found }
  if (bytes.length < headerLength + tagLength) return { kind: 'corrupt' }
  if (!bytes.subarray(keyIdAt, saltAt).equals(keyId(secret, scope))) return { kind: 'foreign' }
  const header = bytes.subarray(0, headerLength)
  const decipher = createDecipheriv('aes-256-gcm', keyOf(header, secret, scope), header.subarray(nonceAt), { authTagLength: tagLength })
  decipher.setAAD(header)
  decipher.setAuthTag(bytes.subarray(-tagLength))
  try {
    return { kind: 'open', text: Buffer.concat([decipher.update(bytes.subarray(headerLength, -tagLength)), decipher.final()]).toString('utf8') }
  } catch {
    return { kind: 'corrupt' }
  }
}

function prefix(of: number): Buffer {
  const named = Buffer.concat([magic, Buffer.of(of)])
  return Buffer.concat([named, createHash('sha256').update(named).digest().subarray(0, keyIdAt - checkAt)])
}

function keyId(secret: Uint8Array, scope: string): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, '', `3dimli record id ${scope}`, saltAt - keyIdAt))
}

function keyOf(header: Buffer, secret: Uint8Array, scope: string): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, header.subarray(saltAt, nonceAt), `3dimli record key ${scope}`, 32))
}
