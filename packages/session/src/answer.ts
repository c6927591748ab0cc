/** Reduces a `Response` to an {@link Answer}: status, JSON body, challenge and `Retry-After`, nothing else. */
import type { Answer, Challenge } from './authority.ts'

type From = Extract<Answer, { status: number }>['from']
const largest = 64 * 1024
const longestHeader = 4096

/** Reads one response. The body is read only when it is JSON and small; otherwise it is left alone. */
export async function readAnswer(from: From, response: Response): Promise<Answer> {
  // RFC 7009 gives the body of a 200 no meaning, so nothing but its kind tells a server's word from a portal's.
  const isPage = from === 'revocation' && /^text\/html\b/i.test(response.headers.get('content-type') ?? '')
  const text = isPage || isJson(response) ? await readText(response).catch(() => undefined) : ''
  const body = isPage ? undefined : parse(text)
  const garbled = from === 'revocation' && text !== '' && body === undefined
  const challenge = readChallenge(response.headers.get('www-authenticate'))
  const retryAfterMs = readRetryAfter(response.headers)
  return {
    from,
    status: response.status,
    ...(body !== undefined && { body }),
    ...(garbled && { garbled }),
    ...(challenge && { challenge }),
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  }
}

/** Tells whether a response announces a small JSON body, problem details (RFC 9457) among them. */
export function isJson(response: Response): boolean {
  const type = response.headers.get('content-type') ?? ''
  return /^application\/(?:[\w.+-]+\+)?json\s*(?:;|$)/i.test(type) && Number(response.headers.get('content-length') ?? 0) <= largest
}

/** Reads the parameters of the first `Bearer` or `DPoP` challenge that names an error, else of the first (RFC 9110 section 11.6.1, RFC 6750 section 3, RFC 9449 section 7.1, RFC 9470 section 3). */
export function readChallenge(header: string | null): Challenge | undefined {
  if (!header || header.length > longestHeader) return undefined
  const parameters = parametersOf(header)
  if (!parameters) return undefined
  const maxAge = parameters.get('max_age') ?? ''
  const text = <Name extends string>(name: Name, from: string): { readonly [Key in Name]?: string } => {
    const value = parameters.get(from)
    return value === undefined ? {} : ({ [name]: value } as { [Key in Name]: string })
  }
  return {
    ...text('error', 'error'), ...text('errorUri', 'error_uri'), ...text('scope', 'scope'), ...text('acrValues', 'acr_values'),
    ...(/^\d{1,9}$/.test(maxAge) && { maxAgeMs: Number(maxAge) * 1000 }),
  }
}

/** Walks the challenges: a token that `=` follows is a parameter of the scheme before it, any other is the next scheme. */
function parametersOf(header: string): Map<string, string> | undefined {
  const challenges: Map<string, string>[] = []
  const token = /[\s,]*([^\s,="]+)\s*(=?)/y
  const value = /\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]*))/y
  let parameters: Map<string, string> | undefined
  for (let found = token.exec(header); found; found = token.exec(header)) {
    const name = found[1]?.toLowerCase() ?? ''
    if (found[2] === '') {
      parameters = name === 'bearer' || name === 'dpop' ? new Map() : undefined
      if (parameters) challenges.push(parameters)
      continue
    }
    value.lastIndex = token.lastIndex
    const [, quoted, plain] = value.exec(header) ?? []
    if (parameters && !parameters.has(name)) parameters.set(name, quoted?.replaceAll(/\\(.)/g, '$1') ?? plain ?? '')
    token.lastIndex = value.lastIndex === 0 ? token.lastIndex : value.lastIndex
  }
  return challenges.find((challenge) => challenge.has('error')) ?? challenges[0]
}

/** Reads `Retry-After` (RFC 9110 section 10.2.3); a date is compared with the server's own `Date`. */
function readRetryAfter(headers: Headers): number | undefined {
  const value = headers.get('retry-after')
  if (value === null) return undefined
  if (/^\d+$/.test(value.trim())) return Math.min(Number(value) * 1000, 86_400_000)
  const at = Date.parse(value)
  const now = Date.parse(headers.get('date') ?? '')
  return Number.isFinite(at - now) ? Math.min(Math.max(at - now, 0), 86_400_000) : undefined
}

/** Reads a body no further than any of these may be long, whatever it announced; a longer one is none of them. */
async function readText(response: Response): Promise<string | undefined> {
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
  let text = ''
  for (;;) {
    const { done, value } = (await reader?.read()) ?? { done: true }
    if (done) return text
    text += value
    if (text.length > largest) {
      await reader?.cancel()
      return undefined
    }
  }
}

function parse(text: string | undefined): unknown {
  if (text === undefined) return undefined
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
