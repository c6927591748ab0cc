// What a tab let out: console messages, uncaught errors, and requests with their outcome.
import type { HTTPRequest, Page } from 'puppeteer-core'

export interface ObservedRequest {
  readonly at: number
  readonly method: string
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  body: string | undefined
  status?: number
  failure?: string
}

export interface Observed {
  readonly console: readonly { at: number; type: string; text: string }[]
  readonly errors: readonly Error[]
  readonly requests: readonly ObservedRequest[]
  /** Forgets what was seen so far. */
  clear(): void
}

export function observe(page: Page): Observed {
  const console: { at: number; type: string; text: string }[] = []
  const errors: Error[] = []
  const requests: ObservedRequest[] = []
  const known = new WeakMap<HTTPRequest, ObservedRequest>()

  page.on('console', (message) => void console.push({ at: Date.now(), type: message.type(), text: message.text() }))
  page.on('pageerror', (error) => void errors.push(error instanceof Error ? error : new Error(String(error))))
  page.on('request', (request) => {
    const seen: ObservedRequest = { at: Date.now(), method: request.method(), url: request.url(), headers: request.headers(), body: bodyOf(request) }
    known.set(request, seen)
    requests.push(seen)
    // Firefox hands bodies out on demand only.
    if (seen.body === undefined && request.method() === 'POST') request.fetchPostData().then((body) => (seen.body = body), () => undefined)
  })
  page.on('response', (response) => {
    const seen = known.get(response.request())
    if (seen) seen.status = response.status()
  })
  page.on('requestfailed', (request) => {
    const seen = known.get(request)
    if (seen) seen.failure = request.failure()?.errorText ?? 'failed'
  })

  return {
    console,
    errors,
    requests,
    clear() {
      console.length = errors.length = requests.length = 0
    },
  }
}

function bodyOf(request: HTTPRequest): string | undefined {
  try {
    return request.postData()
  } catch {
    return undefined
  }
}
