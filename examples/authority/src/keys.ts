/** The keys that sign tokens and cookies, made once and kept with the data. */
import { randomBytes } from 'node:crypto'
import type { DatabaseSync } from 'node:sqlite'
import { calculateJwkThumbprint, exportJWK, generateKeyPair, importJWK, type JWK } from 'jose'
import { setting } from './database.ts'

/** The keys of one authority. */
export interface Keys {
  /** Private, for the provider. */
  readonly jwk: JWK
  /** Checks what the provider signed. */
  readonly publicKey: CryptoKey
  readonly cookieKey: string
  readonly nonceSecret: Buffer
}

/** Reads the keys, or makes them the first time. */
export async function loadKeys(database: DatabaseSync): Promise<Keys> {
  const made = await setting(database, 'signing-key', async () => {
    const { privateKey } = await generateKeyPair('ES256', { extractable: true })
    const jwk = await exportJWK(privateKey)
    return JSON.stringify({ ...jwk, use: 'sig', alg: 'ES256', kid: await calculateJwkThumbprint(jwk) })
  })
  const jwk = JSON.parse(made) as JWK
  const { d: _, ...publicJwk } = jwk
  const secret = () => randomBytes(32).toString('base64')
  return {
    jwk,
    publicKey: (await importJWK(publicJwk, 'ES256')) as CryptoKey,
    cookieKey: await setting(database, 'cookie-key', secret),
    nonceSecret: Buffer.from(await setting(database, 'nonce-secret', secret), 'base64'),
  }
}
