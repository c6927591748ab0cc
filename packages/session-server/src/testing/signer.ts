/** An issuer of signed tokens: its keys, and whatever it is made to sign. */
import { exportJWK, generateKeyPair, type JSONWebKeySet, type JWTHeaderParameters, type JWTPayload, SignJWT } from 'jose'

/** One issuer. */
export interface Signer {
  readonly keys: JSONWebKeySet
  sign(claims: JWTPayload, header?: Partial<JWTHeaderParameters>): Promise<string>
}

/** Makes an issuer with a key of its own, which calls it by the given name. */
export async function createSigner(kid = 'k1'): Promise<Signer> {
  const { publicKey, privateKey } = await generateKeyPair('ES256')
  return {
    keys: { keys: [{ ...(await exportJWK(publicKey)), alg: 'ES256', use: 'sig', kid }] },
    sign: (claims, header = {}) => new SignJWT(claims).setProtectedHeader({ alg: 'ES256', kid, ...header }).sign(privateKey, { crit: { 'urn:test:crit': true } }),
  }
}
