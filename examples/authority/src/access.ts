/** Who a request to the API is from: the access token checked, with the proof of its key where it is bound to one. */
import { hash } from 'node:crypto'
import type { Identity, Scheme } from '@3dimli/session-server'
import { calculateJwkThumbprint, EmbeddedJWK, jwtVerify } from 'jose'

/** What a token that was accepted says. */
export interface Access extends Identity {
  readonly scopes: ReadonlySet<string>
  readonly scheme: Scheme
}

/** Why a token was refused; `error` is empty where none was sent. */
export interface Refused {
  readonly scheme: Scheme
  readonly error: '' | 'invalid_token' | 'invalid_dpop_proof'
  readonly description: string
}

/** The check of an authority's own access tokens. */
export interface AccessCheck {
  /** Accepts a token that is valid now. */
  check(request: Request): Promise<Access | Refused>
  /** Reads whose session a token is about, be it expired; `undefined` for a token that is not ours. */
  identify(request: Request): Promise<Identity | undefined>
}

/** How far a proof's clock may be from ours, s. */
const proofSeconds = 300

/** Makes the check. */
export function createAccessCheck(issuer: string, publicKey: CryptoKey): AccessCheck {
  async function read(request: Request, anyTime: boolean): Promise<Access | Refused> {
    const [, given = '', token] = /^(bearer|dpop) +(\S+)$/i.exec(request.headers.get('authorization') ?? '') ?? []
    const scheme: Scheme = given.toLowerCase() === 'dpop' ? 'DPoP' : 'Bearer'
    if (!token) return { scheme, error: '', description: 'A token is needed.' }
    const refused = (description: string): Refused => ({ scheme, error: 'invalid_token', description })
    try {
      const past = anyTime ? { currentDate: new Date(0) } : {}
      const { payload } = await jwtVerify(token, publicKey, { issuer, audience: `${issuer}/api`, typ: 'at+jwt', algorithms: ['ES256'], ...past })
      const { sub, sid, scope, cnf } = payload as { sub?: string; sid?: string; scope?: string; cnf?: { jkt?: string } }
      if (!sub || !sid) return refused('The token names no session.')
      if (cnf?.jkt === undefined && scheme === 'DPoP') return refused('The token is not bound to a key.')
      if (cnf?.jkt !== undefined && scheme === 'Bearer') return refused('The token is bound to a key: send it as DPoP.')
      if (cnf?.jkt !== undefined && !(await proves(request, token, cnf.jkt, anyTime).catch(() => false))) {
        return { scheme, error: 'invalid_dpop_proof', description: 'The proof does not fit the token and the request.' }
      }
      return { sid, subject: sub, scopes: new Set(scope?.split(' ')), scheme }
    } catch {
      return refused('The token is expired or not ours.')
    }
  }

  return {
    check: (request) => read(request, false),
    async identify(request) {
      const access = await read(request, true)
      return 'error' in access ? undefined : access
    },
  }
}

/** Whether the request carries a proof of this key for this token, RFC 9449 section 4.3. Proofs used twice are not looked for. */
async function proves(request: Request, token: string, jkt: string, anyTime: boolean): Promise<boolean> {
  const { payload, protectedHeader } = await jwtVerify(request.headers.get('dpop') ?? '', EmbeddedJWK, { typ: 'dpop+jwt', algorithms: ['ES256', 'Ed25519', 'EdDSA'] })
  const [here, there] = [new URL(request.url), new URL(String(payload['htu']))]
  const recent = anyTime || Math.abs(Date.now() / 1000 - (payload.iat ?? 0)) <= proofSeconds
  return payload['htm'] === request.method
    && there.origin === here.origin && there.pathname === here.pathname
    && payload['ath'] === hash('sha256', token, 'base64url')
    && typeof payload.jti === 'string' && recent
    && (await calculateJwkThumbprint(protectedHeader.jwk!)) === jkt
}
