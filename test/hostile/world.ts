// A world with something hostile in its middle: a browser that reaches the provider only through what stands before it.
import { startAuthority, type Authority, type AuthorityEvent, type AuthorityOptions } from '@3dimli/example-authority'
import type {} from '../world/shop.ts'
import { createDevice, type Device } from './device.ts'
import { bundle, freePort, launch, serve, type Browser } from './driver.ts'
import { createProxy, type Proxy } from './proxy.ts'

export interface HostileWorld {
  readonly authority: Authority
  readonly browser: Browser
  readonly proxy: Proxy
  readonly events: readonly AuthorityEvent[]
  /** A page at an origin of its own, so with a store, a session and connections of its own; signed in as mira. */
  device(wishes?: Record<string, string>): Promise<Device>
  close(): Promise<void>
}

export interface HostileOptions extends AuthorityOptions {
  /** How many devices there can be. */
  readonly devices: number
  /** Hidden tabs are as slow as a person's. @default false */
  readonly throttled?: boolean
}

const page = '<!doctype html><html lang="en"><meta charset="utf-8"><link rel="icon" href="data:,"><title>shop</title><body><script type="module" src="/shop.js"></script>'

export async function createHostileWorld({ devices, throttled = false, ...options }: HostileOptions): Promise<HostileWorld> {
  const events: AuthorityEvent[] = []
  // Each of many pages would read the source map, which is larger than the script.
  const script = (await bundle({ entry: 'world/shop.ts' })).replace(/\n\/\/# sourceMappingURL=.*/, '')
  const routes: Record<string, string> = { '/': page, '/shop.js': script }
  const pages = await serve({ routes })
  const port = new URL(pages.origin).port
  const origins = Array.from({ length: devices }, (_, index) => `http://d${index}.localhost:${port}`)
  const authority = await startAuthority({ port: 0, storefront: origins, ...options, observe: (event) => events.push(event) })
  routes['/config.json'] = JSON.stringify({ issuer: authority.issuer })
  // Refused for a while, it must be had again: one that the system gives to nobody else.
  const proxy = await createProxy(authority.port, await freePort())
  // The provider's address stays the issuer's; only the browser's way there leads through the proxy.
  const browser = await launch({ args: [
    `--host-resolver-rules=MAP localhost:${authority.port} 127.0.0.1:${proxy.port}`,
    // Many devices share one window. The value keeps the driver from taking the switch away.
    ...(throttled ? [] : ['--disable-background-timer-throttling=1']),
  ] })

  let next = 0
  let last: Promise<unknown> = Promise.resolve()
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const turn = last.then(work)
    last = turn.catch(() => undefined)
    return turn
  }
  return {
    authority, browser, proxy, events,
    async device(wishes = {}) {
      const origin = origins[next]
      next += 1
      if (!origin) throw new Error('no device left: raise `devices`')
      return createDevice({ origin, browser, authority, proxy, events, wishes, inTurn })
    },
    async close() {
      await browser.close().catch(() => undefined)
      await proxy.close()
      await authority.close()
      await pages.close()
    },
  }
}
