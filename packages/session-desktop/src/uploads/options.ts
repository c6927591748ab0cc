/** Checks the options of `createUploads()`. */
import { isAbsolute } from 'node:path'
import type { Session } from '@3dimli/session'

/** Makes the headers of one request; as `session.authorize`. */
export type Authorize = Session['authorize']

/** Options of `createUploads()`. */
export interface UploadsOptions {
  /** Where the server makes uploads (tus 1.0, creation), of one of the session's `origins`. */
  readonly endpoint: string | URL
  /** The platform the session was made with: below its content folder lies what an upload needs to go on. */
  readonly platform: { readonly content: string }
  /** Makes the headers of each request. @default that of `session.narrow({ scope: 'uploads:write' })`: a token that can only upload */
  readonly authorize?: Authorize
  /** How many files are sent at a time. @default 3 */
  readonly concurrency?: number
  /** How much is sent with one token, bytes; a token is asked for before each such part. @default 32 MiB */
  readonly chunkBytes?: number
  /** How long to wait before each try after a failure that may pass, ms; every part that arrives begins the list anew. @default [250, 1000, 3000, 5000, 10000, 20000, 30000, 60000] */
  readonly retryDelays?: readonly number[]
}

/** Options that were checked, with what was left out. */
export type ReadUploadsOptions = Omit<Required<UploadsOptions>, 'endpoint' | 'platform'> & { readonly endpoint: string; readonly content: string }

const names = ['endpoint', 'platform', 'authorize', 'concurrency', 'chunkBytes', 'retryDelays']
const isWhole = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) > 0

/** Reads the options; throws a `TypeError` that names the one which is wrong. */
export function readUploadsOptions(session: Session, given: UploadsOptions): ReadUploadsOptions {
  for (const name of Object.keys(given ?? {})) if (!names.includes(name)) throw new TypeError(`"${name}" is not an option of createUploads()`)
  const { endpoint, platform, authorize = session.narrow({ scope: 'uploads:write' }).authorize, concurrency = 3, chunkBytes = 32 * 1024 * 1024 } = given ?? {}
  const retryDelays = given?.retryDelays ?? [250, 1_000, 3_000, 5_000, 10_000, 20_000, 30_000, 60_000]
  const url = typeof endpoint === 'string' || endpoint instanceof URL ? URL.parse(endpoint) : null
  if (!url || !/^https?:$/.test(url.protocol)) throw new TypeError('"endpoint" must be an absolute http or https address')
  if (typeof platform?.content !== 'string' || !isAbsolute(platform.content)) throw new TypeError('"platform" must be what desktop() returned')
  if (typeof authorize !== 'function') throw new TypeError('"authorize" must be a function')
  if (!isWhole(concurrency)) throw new TypeError('"concurrency" must be a whole number, 1 or more')
  if (!isWhole(chunkBytes)) throw new TypeError('"chunkBytes" must be a whole number of bytes, 1 or more')
  if (!Array.isArray(retryDelays) || !retryDelays.every((ms: unknown) => typeof ms === 'number' && ms >= 0)) throw new TypeError('"retryDelays" must be a list of milliseconds')
  return { endpoint: url.href, content: platform.content, authorize, concurrency, chunkBytes, retryDelays }
}
