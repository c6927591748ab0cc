/** Who may talk to the window's server: the window that was opened with its ticket, and no other page, program or person. */
import { hash, randomBytes, timingSafeEqual } from 'node:crypto'
import { getCookie, setCookie } from 'hono/cookie'
import { createMiddleware } from 'hono/factory'
import type { Context, MiddlewareHandler } from 'hono'

/** The door. */
export interface Door {
  /** Where the window begins; its last part works once. */
  readonly ticket: string
  /** The folder of everything else, which cannot be guessed: a cookie is shown to every port of a machine, but to no other path. */
  readonly place: string
  /** Refuses whatever another page has sent here, or sent for here under another name. */
  readonly ownPage: MiddlewareHandler
  /** Refuses who does not hold the cookie. */
  readonly ownWindow: MiddlewareHandler
  /** Lets the window in, once. */
  enter(c: Context): Response
}

const secret = (): string => randomBytes(32).toString('base64url')
const isSame = (a: string, b: string): boolean => timingSafeEqual(hash('sha256', a, 'buffer'), hash('sha256', b, 'buffer'))

/** Makes it. `again` is told when the ticket is used once more. */
export function createDoor(origin: () => string, again: () => void): Door {
  const [ticket, place, key] = [secret(), `/${secret()}/`, secret()]
  let isUsed = false
  return {
    ticket, place,
    ownPage: createMiddleware(async (c, next) => {
      const [own, from, site] = [origin(), c.req.header('origin'), c.req.header('sec-fetch-site')]
      // Another name that leads to this machine would make another site of it (DNS rebinding).
      if (c.req.header('host') !== new URL(own).host) return c.text('Not here.', 421)
      const isOwn = (from === undefined || from === own) && (site === undefined || site === 'same-origin' || (site === 'none' && c.req.method === 'GET'))
      if (!isOwn || (c.req.method !== 'GET' && from === undefined)) return c.text('Not from there.', 403)
      return next()
    }),
    ownWindow: createMiddleware(async (c, next) => {
      if (!isSame(getCookie(c, 'window') ?? '', key)) return c.text('Open the window with: uploader open', 403)
      return next()
    }),
    enter(c) {
      if (isUsed) {
        again()
        return c.text('This address has been used. Open another window with: uploader open', 410)
      }
      isUsed = true
      setCookie(c, 'window', key, { path: place, httpOnly: true, sameSite: 'Strict' })
      return c.redirect(place, 303)
    },
  }
}
