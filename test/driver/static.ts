// A server on a loopback port for test pages: what each path answers, given as text, as a handler, or as a folder.
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { createServer, type IncomingMessage, type OutgoingHttpHeaders, type ServerResponse } from 'node:http'
import { extname, join, normalize } from 'node:path'
import { listen } from './loopback.ts'

export type Route = string | { body: string | Uint8Array; headers?: OutgoingHttpHeaders } | ((request: IncomingMessage, response: ServerResponse) => void)

export interface StaticOptions {
  /** By path; the type follows the path's ending, HTML when it has none. */
  routes?: Record<string, Route>
  /** Files for the paths that are no route. */
  folder?: string
  /** Sent with everything. */
  headers?: OutgoingHttpHeaders
  port?: number
}

const types: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
}
const typeOf = (path: string) => types[extname(path) || '.html'] ?? 'application/octet-stream'

/** A whole HTML page around a body and a module script. */
export function htmlPage({ title = 'test page', body = '', script = '' }: { title?: string; body?: string; script?: string } = {}): string {
  const source = script.replaceAll('</script', String.raw`<\/script`)
  return `<!doctype html><html lang="en"><meta charset="utf-8"><link rel="icon" href="data:,"><title>${title}</title>${body}<script type="module">${source}</script>`
}

export async function serve({ routes = {}, folder, headers = {}, port = 0 }: StaticOptions) {
  const requests: { method: string; path: string; headers: IncomingMessage['headers'] }[] = []

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = new URL(request.url ?? '/', 'http://localhost').pathname
    requests.push({ method: request.method ?? '', path, headers: request.headers })
    for (const [name, value] of Object.entries(headers)) if (value !== undefined) response.setHeader(name, value)
    const route = Object.hasOwn(routes, path) ? routes[path] : undefined
    if (typeof route === 'function') return route(request, response)
    if (route !== undefined) {
      const { body, headers: own = {} } = typeof route === 'string' ? { body: route } : route
      response.writeHead(200, { 'content-type': typeOf(path), ...own }).end(body)
      return
    }
    const file = folder && join(folder, normalize(path === '/' ? '/index.html' : decodeURIComponent(path)))
    if (!file || !(await stat(file).then((found) => found.isFile(), () => false))) return void response.writeHead(404).end('not found')
    response.writeHead(200, { 'content-type': typeOf(file) })
    createReadStream(file).pipe(response)
  }

  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => response.writeHead(500).end(String(error)))
  })
  const bound = await listen(server, port)
  return {
    origin: `http://localhost:${bound}`,
    requests,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
