// Debian's nginx as a reverse proxy of its own: own folder, own port on loopback, a child process that is ended with the test.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findNginx } from '../../scripts/setup/programs.mjs'
import { freePort, tied, until } from './driver.ts'

export interface NginxServer {
  /** Where it sends what it is asked: regular expressions of paths, and the ports of servers, or the sockets of some that are the same; the first that matches. */
  readonly routes: readonly (readonly [path: string, to: number | readonly string[]])[]
  readonly buffering: boolean
  /** Whether `X-Accel-Buffering: no` of the server is disregarded, as many a configuration does. */
  readonly disregard?: boolean
  /** How long it waits for the next byte of a feed, s. @default 60 */
  readonly idleSeconds?: number
  /** Keeps answers for as long as their `Cache-Control` says, as a CDN does, and says in `X-Cache` where one came from. */
  readonly cache?: boolean
  readonly tls?: { readonly key: string; readonly certificate: string; readonly http2: boolean }
}

export async function startNginx(server: NginxServer, wanted?: number): Promise<{ port: number; close(): Promise<void> }> {
  const program = findNginx()
  if (!program) throw new Error('no nginx: apt-get install nginx-light')
  const folder = await mkdtemp(join(tmpdir(), 'nginx-'))
  const port = wanted ?? (await freePort())
  await writeFile(join(folder, 'nginx.conf'), configuration(server, folder, port))
  await mkdir(join(folder, 'temp'))
  const child = spawn(...tied(program, ['-p', folder, '-c', join(folder, 'nginx.conf'), '-e', 'stderr']), { stdio: ['ignore', 'ignore', 'pipe'] })
  const gone = once(child, 'exit')
  let said = ''
  child.stderr.on('data', (chunk: Buffer) => (said += String(chunk)))
  await until(() => {
    if (child.exitCode !== null) throw new Error(said)
    return answers(port)
  }, { what: 'nginx to listen' })
  return {
    port,
    async close() {
      child.kill('SIGTERM')
      await gone
      await rm(folder, { recursive: true, force: true })
    },
  }
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => resolve(true))
    socket.once('error', () => resolve(false)).once('connect', () => socket.destroy())
  })
}

function configuration({ routes, buffering, disregard = false, idleSeconds, cache = false, tls }: NginxServer, folder: string, port: number): string {
  const upstream = (to: number | readonly string[], index: number): string => `http://${typeof to === 'number' ? `127.0.0.1:${to}` : `fleet${index}`}`
  const locations = routes.map(([path, to], index) => `location ~ ${path} { proxy_pass ${upstream(to, index)}; }`)
  // Everything but the feed may take as long as a busy machine needs.
  if (idleSeconds !== undefined) locations.unshift(`location = /session/events { proxy_pass ${upstream(routes.at(-1)![1], routes.length - 1)}; proxy_read_timeout ${idleSeconds}s; }`)
  const fleets = routes.map(([, to], index) => (typeof to === 'number' ? '' : `upstream fleet${index} { ${to.map((socket) => `server unix:${socket} max_fails=0;`).join(' ')} }`))
  const secure = tls ? `ssl_certificate ${tls.certificate}; ssl_certificate_key ${tls.key};` : ''
  const temp = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${folder}/temp/${name};`)
  return `
daemon off; master_process off; pid ${folder}/pid;
events { worker_connections 4096; }
http {
  access_log off; ${temp.join(' ')}
  ${fleets.join(' ')}
  ${cache ? `proxy_cache_path ${folder}/cache keys_zone=kept:1m; proxy_cache kept; proxy_cache_revalidate on; proxy_cache_lock on; add_header X-Cache $upstream_cache_status;` : ''}
  server {
    listen 127.0.0.1:${port}${tls ? ' ssl' : ''}${tls?.http2 ? ' http2' : ''};
    ${secure}
    keepalive_timeout 60s;
    proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host $http_host;
    proxy_buffering ${buffering ? 'on' : 'off'}; proxy_read_timeout 60s;
    ${disregard ? 'proxy_ignore_headers X-Accel-Buffering;' : ''}
    ${locations.join('\n    ')}
  }
}
`
}
