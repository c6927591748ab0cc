/** How much of a body is read of somebody who has not shown yet who they are. */
import { createMiddleware } from 'hono/factory'

/** Bytes. */
export const formBytes = 65_536

/** Lets in what says that it is short; the connection holds it to its word. Browsers always say how long a form is. */
export const bounded = createMiddleware(async (c, next) => {
  if (c.req.header('transfer-encoding') !== undefined) return c.text('Length Required', 411)
  if (Number(c.req.header('content-length') ?? 0) > formBytes) return c.text('Payload Too Large', 413)
  return next()
})
