/** The window's server, on this machine alone: the page, what it shows as it changes, and what it asks for. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { getRequestListener } from '@hono/node-server'
import { serveStatic } from '@hono/node-server/serve-static'
import { Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { streamSSE } from 'hono/streaming'
import { createDoor } from './door.ts'
import type { Model } from './model.ts'
import { readWish } from './view.ts'

const built = fileURLToPath(new URL('../../dist', import.meta.url))
/** How long without a window until the server ends: a reload takes a moment, and a browser its time to start. */
const reloadMs = 5_000
const startMs = 120_000

const headers: Readonly<Record<string, string>> = {
  'content-security-policy': [
    "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self'", "font-src 'self'", "connect-src 'self'", "form-action 'none'",
    "base-uri 'none'", "frame-ancestors 'none'", "require-trusted-types-for 'script'", "trusted-types 'none'",
  ].join('; '),
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': ['camera', 'microphone', 'geolocation', 'payment', 'usb', 'serial', 'hid', 'midi', 'display-capture'].map((feature) => `${feature}=()`).join(', '),
}

/** A running server. */
export interface WindowServer {
  /** What to open, once. */
  readonly address: URL
  /** Whether a window has come. */
  readonly isOpen: () => boolean
  /** Resolves when the window has been gone for a while, or never came. */
  readonly left: Promise<void>
  close(): Promise<void>
}

/** Starts it. `again` is told when somebody else tries the address. */
export async function serveWindow(model: Model, again: () => void): Promise<WindowServer> {
  const left = Promise.withResolvers<void>()
  let origin = ''
  let windows = 0
  let leaving = setTimeout(left.resolve, startMs).unref()
  const door = createDoor(() => origin, again)

  const app = new Hono()
  app.use(async (c, next) => {
    await next()
    for (const [name, value] of Object.entries(headers)) c.header(name, value)
  })
  app.use(door.ownPage)
  app.get(`/${door.ticket}`, door.enter)
  app.use(`${door.place}*`, door.ownWindow)

  app.get(`${door.place}events`, (c) => streamSSE(c, async (stream) => {
    let isDue = true
    let wake = (): void => {}
    const stop = model.subscribe(() => {
      isDue = true
      wake()
    })
    windows += 1
    clearTimeout(leaving)
    stream.onAbort(() => wake())
    try {
      while (!stream.aborted) {
        if (isDue) {
          isDue = false
          await stream.writeSSE({ data: JSON.stringify(model.view()) })
        } else await new Promise<void>((resolve) => void (wake = resolve))
      }
    } finally {
      stop()
      windows -= 1
      if (windows === 0) leaving = setTimeout(left.resolve, reloadMs).unref()
    }
  }))

  app.post(`${door.place}wishes`, bodyLimit({ maxSize: 4 * 1024 * 1024 }), async (c) => {
    const wish = c.req.header('content-type') === 'application/json' ? readWish(await c.req.json().catch(() => undefined)) : undefined
    if (!wish) return c.text('Not understood.', 400)
    return c.json(await model.grant(wish))
  })

  app.get(`${door.place}*`, serveStatic({ root: built, rewriteRequestPath: (path) => path.slice(door.place.length - 1) }))
  // What went wrong may name files.
  app.onError((_error, c) => c.text('That did not work.', 500))

  const http = createServer(getRequestListener(app.fetch, { overrideGlobalObjects: false }))
  http.listen(0, '127.0.0.1')
  await once(http, 'listening')
  origin = `http://127.0.0.1:${(http.address() as AddressInfo).port}`
  return {
    address: new URL(`/${door.ticket}`, origin),
    isOpen: () => windows > 0,
    left: left.promise,
    async close() {
      clearTimeout(leaving)
      const closed = once(http, 'close')
      http.close()
      http.closeAllConnections()
      await closed
      clearTimeout(leaving)
    },
  }
}
