/** The headers that pass between a renderer and a server: the ones in these lists and those that the application adds, never a credential. */

const requestHeaders = [
  'accept', 'accept-language', 'content-type', 'idempotency-key', 'if-match', 'if-modified-since', 'if-none-match', 'if-range', 'if-unmodified-since', 'prefer', 'range',
]
const responseHeaders = [
  'accept-ranges', 'age', 'cache-control', 'content-disposition', 'content-language', 'content-length', 'content-range', 'content-type', 'date', 'etag', 'expires',
  'last-modified', 'link', 'location', 'preference-applied', 'retry-after', 'vary',
]
const credentials = /^(?:authorization|dpop|dpop-nonce|cookie2?|set-cookie2?|www-authenticate|authentication-info|proxy-.*)$/

/** What passes. */
export interface Passes {
  /** Names the first header of a request that does not pass. */
  refused(headers: readonly (readonly [string, string])[]): string | undefined
  /** Leaves out of an answer what does not pass. */
  response(headers: Headers): [string, string][]
}

/** Reads the application's list. Throws a `TypeError` for one that is no list of header names, or that names a credential. */
export function readPasses(more: readonly string[] = []): Passes {
  if (!Array.isArray(more) || !more.every((name) => typeof name === 'string' && /^[\w!#$%&'*+.^`|~-]{1,128}$/.test(name))) throw new TypeError('"headers" must be a list of header names')
  const added = more.map((name: string) => name.toLowerCase())
  const credential = added.find((name) => credentials.test(name))
  if (credential !== undefined) throw new TypeError(`"headers" must not name a credential, as "${credential}" is one`)
  const out = new Set([...requestHeaders, ...added])
  const back = new Set([...responseHeaders, ...added])
  return {
    refused: (headers) => headers.find(([name]) => !out.has(name.toLowerCase()))?.[0],
    response(headers) {
      const passed = [...headers].filter(([name]) => back.has(name))
      // What arrives is decoded, and longer.
      return headers.has('content-encoding') ? passed.filter(([name]) => name !== 'content-length') : passed
    },
  }
}
