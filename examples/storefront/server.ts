// The storefront's server: the built files under a strict policy, any unknown address as the page itself, and /config.json.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { fileURLToPath } from 'node:url'
import sirv from 'sirv'

export interface StorefrontOptions {
  port: number
  /** Who signs people in, e.g. http://localhost:4400. */
  issuer: string
  /** Where the marketplace's API answers. */
  apiOrigin: string
  /** The built files; by default dist beside this file. */
  root?: string
  /** Lets the page show its session on `window.storefront`, for the tour and for tests. */
  expose?: boolean
}

const built = fileURLToPath(new URL('dist', import.meta.url))

/** What a script of the page could ask a person for, and this shop never does. */
const unused = ['camera', 'microphone', 'geolocation', 'payment', 'usb', 'serial', 'hid', 'midi', 'display-capture']

/** Nothing runs that the build did not make, and nothing is sent but to the page's own origin, the issuer and the API. */
function policy(issuer: string, apiOrigin: string): string {
  const reachable = new Set(["'self'", new URL(issuer).origin, new URL(apiOrigin).origin])
  return [
    "default-src 'none'",
    "object-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' blob:",
    "font-src 'self'",
    `connect-src ${[...reachable].join(' ')}`,
    "form-action 'none'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; ')
}

export async function startStorefront({ port, issuer, apiOrigin, root = built, expose = false }: StorefrontOptions): Promise<{ url: string; close(): Promise<void> }> {
  const headers = {
    'content-security-policy': policy(issuer, apiOrigin),
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'origin-agent-cluster': '?1',
    'permissions-policy': unused.map((feature) => `${feature}=()`).join(', '),
  }
  const config = JSON.stringify({ issuer, clientId: 'storefront', api: apiOrigin, ...(expose && { expose }) })
  const files = sirv(root, { single: true, etag: true, setHeaders: cacheByName })

  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value)
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.writeHead(405, { allow: 'GET, HEAD' }).end()
    } else if (request.url?.split('?')[0] === '/config.json') {
      response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-store' }).end(config)
    } else {
      files(request, response, () => void response.writeHead(404, { 'content-type': 'text/plain' }).end('Not found'))
    }
  })
  await new Promise<void>((resolve, reject) => void server.once('error', reject).listen(port, '127.0.0.1', resolve))

  const address = server.address()
  return {
    url: `http://localhost:${typeof address === 'object' && address ? address.port : port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

/** Built assets carry their hash in their name; the page that names them is asked for again each time. */
function cacheByName(response: ServerResponse, path: string): void {
  response.setHeader('cache-control', path.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache')
}
