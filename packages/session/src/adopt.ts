/** Tokens an application brings from its own sign-in page. */
import type { Grant } from './authority.ts'
import type { Keys } from './ports.ts'
import { isAccessToken } from './tokens.ts'

/** Tokens an application got by its own sign-in page. */
export interface AdoptedTokens {
  readonly accessToken: string
  /** @default 'Bearer' */
  readonly tokenType?: 'Bearer' | 'DPoP'
  /** Epoch ms. */
  readonly expiresAt?: number
  readonly refreshToken?: string
  /** Epoch ms. */
  readonly refreshExpiresAt?: number
  readonly scope?: string
  readonly subject: string
  readonly sid?: string
  /** The key pair the tokens are bound to (RFC 9449). */
  readonly keys?: CryptoKeyPair
}

const members = {
  accessToken: 'string', subject: 'string', refreshToken: 'string', scope: 'string', sid: 'string', expiresAt: 'number', refreshExpiresAt: 'number',
  tokenType: 'string', keys: 'object',
} as const

/** Checks adopted tokens; rejects with a `TypeError` that names the member which is wrong. */
export async function readAdopted(tokens: AdoptedTokens, issuer: string, now: number, platform: Keys): Promise<Grant> {
  if (typeof tokens !== 'object' || tokens === null) throw new TypeError('adopt() needs an object of tokens')
  for (const [name, value] of Object.entries(tokens)) {
    if (!Object.hasOwn(members, name)) throw new TypeError(`"${name}" is no member of adopted tokens`)
    const type = members[name as keyof typeof members]
    const wrong = value !== undefined && (typeof value !== type || value === '' || Number.isNaN(value))
    if (wrong) throw new TypeError(`"${name}" must be ${type === 'object' ? 'a key pair' : `a non-empty ${type}`}`)
  }
  if (tokens.accessToken !== undefined && !isAccessToken(tokens.accessToken)) throw new TypeError('"accessToken" must be visible ASCII')
  for (const name of ['accessToken', 'subject'] as const) if (tokens[name] === undefined) throw new TypeError(`"${name}" must be a non-empty string`)
  if (tokens.tokenType !== undefined && tokens.tokenType !== 'Bearer' && tokens.tokenType !== 'DPoP') throw new TypeError('"tokenType" must be "Bearer" or "DPoP"')
  if (tokens.tokenType === 'DPoP' && !tokens.keys) throw new TypeError('"keys" must be the key pair that DPoP tokens are bound to')
  if (tokens.keys && !isPair(tokens.keys)) throw new TypeError('"keys" must be a key pair')
  const { keys, subject, sid, ...rest } = tokens
  return {
    tokens: { ...rest, tokenType: tokens.tokenType ?? 'Bearer', receivedAt: now },
    ...(keys && { keys: await platform.adopt(keys) }), issuer, subject, ...(sid !== undefined && { sid }),
  }
}

function isPair({ privateKey, publicKey }: Partial<CryptoKeyPair>): boolean {
  return privateKey instanceof CryptoKey && publicKey instanceof CryptoKey && privateKey.type === 'private'
}
