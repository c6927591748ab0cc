/** Authorization headers of one request: bearer, or DPoP with a proof and the nonce its server last asked for (RFC 9449). */
import { generateProof } from 'dpop'
import type { Credentials } from '../../authority.ts'

/** Makes headers and keeps nonces, one per server. */
export interface Proofs {
  headers(input: Credentials & { readonly method: string; readonly url: URL }): Promise<Record<string, string>>
  /** The proof alone, for the token endpoint. */
  proof(keys: CryptoKeyPair, method: string, url: URL): Promise<string>
  /** Keeps a nonce a server sent; tells whether it is a new one. */
  note(url: URL | undefined, response: Response): boolean
}

/** Makes the proofs of one connection. */
export function createProofs(): Proofs {
  const nonces = new Map<string, string>()
  /** `htu` is the address without query and fragment. */
  const target = (url: URL): string => url.origin + url.pathname
  return {
    async headers({ tokens, keys, method, url }): Promise<Record<string, string>> {
      if (tokens.tokenType === 'Bearer' || !keys) return { authorization: `${tokens.tokenType} ${tokens.accessToken}` }
      const proof = await generateProof(keys, target(url), method.toUpperCase(), nonces.get(url.origin), tokens.accessToken)
      return { authorization: `DPoP ${tokens.accessToken}`, dpop: proof }
    },
    proof: (keys, method, url) => generateProof(keys, target(url), method, nonces.get(url.origin)),
    note(url, response) {
      const nonce = response.headers.get('dpop-nonce')
      const address = url ?? (response.url === '' ? undefined : new URL(response.url))
      if (nonce === null || !address || nonces.get(address.origin) === nonce) return false
      nonces.set(address.origin, nonce)
      return true
    },
  }
}
