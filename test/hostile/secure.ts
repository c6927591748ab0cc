// A world over TLS: page, API and feed on one origin behind nginx, by HTTP/1.1 or HTTP/2, and ten tabs that share its connections.
import { startAuthority } from '@3dimli/example-authority'
import type {} from '../world/shop.ts'
import { createCertificate } from './certificate.ts'
import { bundle, fillIn, freePort, inPage, launch, serve, until, type Tab } from './driver.ts'
import { startNginx } from './nginx.ts'
import { createProxy } from './proxy.ts'

const page = '<!doctype html><html lang="en"><meta charset="utf-8"><link rel="icon" href="data:,"><title>shop</title><body><script type="module" src="/shop.js"></script>'

export async function createSecureWorld(http2: boolean) {
  const port = await freePort()
  const origin = `https://localhost:${port}`
  const feeds: number[] = []
  // What is bound to a key names the address it was sent to, and the provider knows itself by its issuer's only.
  const authority = await startAuthority({ port: 0, storefront: origin, dpop: false, observe: (event) => void (event.type === 'feed' && feeds.push(event.open)) })
  const pages = await serve({ routes: { '/': page, '/shop.js': await bundle({ entry: 'world/shop.ts' }), '/config.json': JSON.stringify({ issuer: authority.issuer }) } })
  const certificate = await createCertificate()
  const nginx = await startNginx({
    routes: [['^/(|shop\\.js|config\\.json)$', Number(new URL(pages.origin).port)], ['^/', authority.port]],
    buffering: true, tls: { key: certificate.key, certificate: certificate.certificate, http2 },
  }, port)
  // The issuer keeps its address and its metadata names endpoints behind nginx, as RFC 8414 allows.
  const proxy = await createProxy(authority.port)
  proxy.add({ on: /^\/\.well-known\//, fault: async ({ forward, response }) => {
    const answer = await forward()
    const { 'content-length': _, 'transfer-encoding': __, ...headers } = answer.headers
    let text = ''
    for await (const chunk of answer) text += String(chunk)
    const metadata = JSON.parse(text) as Record<string, unknown>
    for (const name of ['token_endpoint', 'revocation_endpoint', 'session_endpoint', 'session_events_endpoint']) {
      metadata[name] = String(metadata[name]).replace(authority.issuer, origin)
    }
    response.writeHead(200, headers).end(JSON.stringify(metadata))
  } })
  const browser = await launch({ args: [certificate.trust, `--host-resolver-rules=MAP localhost:${authority.port} 127.0.0.1:${proxy.port}`] })
  const tabs: Tab[] = []

  const open = async (): Promise<Tab> => {
    const tab = await browser.openTab(`${origin}/?${new URLSearchParams({ pollMs: '2000', origin }).toString()}`)
    tabs.push(tab)
    await until(() => inPage(tab, () => globalThis.shop?.started.then(() => true)), { what: 'the page to start its session' })
    return tab
  }

  return {
    authority, origin, tabs, open,
    openFeeds: () => feeds.at(-1) ?? 0,
    async signIn(): Promise<string> {
      const tab = await open()
      await inPage(tab, () => void shop.session.signIn())
      await tab.waitFor('input[name=email]')
      await fillIn(tab, 'mira@example.test')
      return until(() => inPage(tab, () => {
        const state = globalThis.shop?.session.state
        return state?.status === 'active' ? state.session.sid ?? '' : ''
      }), { what: 'the person to be signed in' })
    },
    async close() {
      await browser.close().catch(() => undefined)
      await proxy.close()
      await nginx.close()
      await authority.close()
      await pages.close()
      await certificate.remove()
    },
  }
}
