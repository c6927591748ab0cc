/** Carts, orders and what was bought, in SQLite. */
import { hash, randomUUID } from 'node:crypto'
import type { DatabaseSync } from 'node:sqlite'
import { accountBySub } from '../accounts.ts'
import { type Asset, assetOf } from '../assets/catalogue.ts'

/** One order, as the API shows it. */
export interface Order {
  readonly id: string
  readonly idempotency_key: string
  readonly items: readonly { readonly id: string; readonly title: string; readonly price: number }[]
  readonly total: number
  readonly currency: 'EUR'
  readonly status: 'paid'
  /** Seconds since 1970. */
  readonly created_at: number
}

/** What became of placing an order. */
export type Placed = { readonly order: Order; readonly first: boolean } | 'other-payload'

/** The shop's memory. */
export interface Shop {
  cart(subject: string): readonly Asset[]
  setCart(subject: string, ids: readonly string[]): void
  /** Places an order, or finds the one that this key placed before. */
  place(subject: string, key: string, ids: readonly string[]): Placed
  orders(subject: string, key?: string): readonly Order[]
  /** The models someone may download. */
  owned(subject: string): readonly Asset[]
}

/** Makes the shop over a database. */
export function createShop(database: DatabaseSync): Shop {
  const getCart = database.prepare('SELECT items FROM carts WHERE subject = ?')
  const putCart = database.prepare('INSERT OR REPLACE INTO carts (subject, items) VALUES (?, ?)')
  const insert = database.prepare('INSERT INTO orders (id, subject, idempotency_key, payload, row, at) VALUES (?, ?, ?, ?, ?, ?)')
  const byKey = database.prepare('SELECT payload, row FROM orders WHERE subject = ? AND idempotency_key = ?')
  const all = database.prepare('SELECT row FROM orders WHERE subject = ? ORDER BY at DESC, id')
  const parsed = (row: Record<string, unknown>) => JSON.parse(row['row'] as string) as Order
  const assets = (ids: readonly string[]) => ids.map(assetOf).filter((asset) => asset !== undefined)
  const orders = (subject: string) => all.all(subject).map(parsed)

  return {
    cart: (subject) => assets(JSON.parse((getCart.get(subject)?.['items'] as string | undefined) ?? '[]') as string[]),
    setCart: (subject, ids) => void putCart.run(subject, JSON.stringify(ids)),
    place(subject, key, ids) {
      const payload = hash('sha256', JSON.stringify(ids))
      const before = byKey.get(subject, key)
      if (before) return before['payload'] === payload ? { order: parsed(before), first: false } : 'other-payload'
      const items = assets(ids).map(({ id, title, price }) => ({ id, title, price }))
      const total = items.reduce((sum, { price }) => sum + price, 0)
      const at = Date.now()
      const order: Order = { id: `ord_${randomUUID()}`, idempotency_key: key, items, total, currency: 'EUR', status: 'paid', created_at: Math.floor(at / 1000) }
      insert.run(order.id, subject, key, payload, JSON.stringify(order), at)
      putCart.run(subject, '[]')
      return { order, first: true }
    },
    orders: (subject, key) => (key === undefined ? orders(subject) : orders(subject).filter((order) => order.idempotency_key === key)),
    owned(subject) {
      const bought = orders(subject).flatMap((order) => order.items.map(({ id }) => id))
      return assets([...new Set([...(accountBySub(subject)?.owns ?? []), ...bought])])
    },
  }
}
