/** The marketplace API: what is on sale, who you are, what you own, what you are buying. */
import type { HttpBindings } from '@hono/node-server'
import { Hono } from 'hono'
import { accountBySub } from '../accounts.ts'
import { type Asset, assetOf, catalogue, fileOf, sketchOf } from '../assets/catalogue.ts'
import { pictureOf } from '../assets/picture.ts'
import type { AuthorityOptions } from '../options.ts'
import { paced } from './paced.ts'
import { type Guard, type Guarded, refusal } from './guard.ts'
import type { Shop } from './shop.ts'

/** What the API is made of. */
export interface ApiSettings {
  readonly guard: Guard
  readonly shop: Shop
  readonly uploads: Hono<Guarded>
  readonly observe: NonNullable<AuthorityOptions['observe']>
  readonly downloadBytesPerSecond: number | undefined
}

type Env = Guarded & { readonly Bindings: HttpBindings }

/** Makes the routes under `/api`. */
export function createApi({ guard, shop, uploads, observe, downloadBytesPerSecond }: ApiSettings): Hono<Env> {
  const api = new Hono<Env>()
  api.use(async (c, next) => {
    await next()
    c.header('cache-control', 'no-store')
    observe({ type: 'api', method: c.req.method, path: c.req.path, status: c.res.status, sid: c.get('sid'), at: Date.now() })
  })

  api.route('/', uploads)
  api.get('/catalogue', (c) => c.json(catalogue.map(shown)))
  api.get('/catalogue/:id/picture.svg', (c) => {
    const sketch = sketchOf(c.req.param('id'))
    return sketch ? c.body(pictureOf(sketch), 200, { 'content-type': 'image/svg+xml' }) : refusal(404, 'There is no such model.')
  })

  api.get('/ping', guard(), (c) => c.json({ ok: true, sub: c.get('access').subject, sid: c.get('access').sid }))
  api.get('/me', guard('profile'), (c) => {
    const account = accountBySub(c.get('access').subject)
    if (!account) return refusal(404, 'There is no such account.')
    const { sub, name, email, role } = account
    return c.json({ sub, name, email, role })
  })

  api.get('/library', guard('library'), (c) => c.json(shop.owned(c.get('access').subject).map(({ id, title, creator, format }) => {
    const { bytes, sha256 } = fileOf(id)!
    return { id, title, creator, format, size: bytes.length, sha256, file: `/api/library/${id}/file`, picture: pictureAt(id) }
  })))
  api.get('/library/:id/file', guard('library'), (c) => {
    const id = c.req.param('id')
    const file = shop.owned(c.get('access').subject).some((asset) => asset.id === id) ? fileOf(id) : undefined
    if (!file) return refusal(404, 'You do not own such a model.')
    return c.body(paced(file.bytes, downloadBytesPerSecond), 200, {
      'content-type': file.type,
      'content-length': String(file.bytes.length),
      'content-disposition': `attachment; filename="${file.name}"`,
    })
  })

  const cart = (subject: string) => {
    const items = shop.cart(subject)
    return { items: items.map(shown), total: items.reduce((sum, { price }) => sum + price, 0), currency: 'EUR' }
  }
  api.get('/cart', guard('checkout'), (c) => c.json(cart(c.get('access').subject)))
  api.put('/cart', guard('checkout'), async (c) => {
    const ids = idsOf(await c.req.json().catch(() => undefined))
    if (!ids) return refusal(400, 'A cart is {"items": [ids of the catalogue]}.')
    shop.setCart(c.get('access').subject, ids)
    return c.json(cart(c.get('access').subject))
  })

  api.get('/orders', guard('checkout'), (c) => c.json(shop.orders(c.get('access').subject, c.req.query('idempotency_key'))))
  api.post('/orders', guard('checkout'), async (c) => {
    const key = c.req.header('idempotency-key')
    if (!key || key.length > 255) return refusal(400, 'An order needs an Idempotency-Key.')
    const ids = idsOf(await c.req.json().catch(() => undefined))
    if (!ids || ids.length === 0) return refusal(400, 'An order is {"items": [ids of the catalogue]}, one or more.')
    const placed = shop.place(c.get('access').subject, key, ids)
    if (placed === 'other-payload') return refusal(422, 'This Idempotency-Key was used for another order.')
    return c.json(placed.order, 201)
  })
  api.notFound(() => refusal(404, 'There is nothing here.'))
  return api
}

function shown({ id, title, creator, format, description, price }: Asset) {
  return { id, title, creator, format, description, price, currency: 'EUR', picture: pictureAt(id) }
}

function pictureAt(id: string): string {
  return `/api/catalogue/${id}/picture.svg`
}

/** The ids of a body, each once; `undefined` when it is not a list of models on sale. */
function idsOf(body: unknown): string[] | undefined {
  const items: unknown = (body as { items?: unknown } | undefined)?.items
  if (!Array.isArray(items) || !items.every((id) => typeof id === 'string' && assetOf(id))) return undefined
  return [...new Set(items as string[])]
}
