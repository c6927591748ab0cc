/** What is on sale, what this account owns, and what lies in its cart. */
import type { KyInstance } from 'ky'
import type { Queries, Query } from './queries.ts'

/** What every model has. */
export interface Model {
  readonly id: string
  readonly title: string
  readonly creator: string
  readonly format: string
}

/** A model on sale. */
export interface Offer extends Model {
  readonly description: string
  /** In cents. */
  readonly price: number
  readonly currency: string
}

/** A model that was bought. */
export interface Owned extends Model {
  /** Bytes. */
  readonly size: number
  readonly sha256: string
  /** Where its file is, from the API's origin. */
  readonly file: string
}

/** What is about to be bought. */
export interface Cart {
  readonly items: readonly Offer[]
  readonly total: number
  readonly currency: string
}

/** The stock. */
export interface Stock {
  readonly catalogue: Query<readonly Offer[]>
  readonly library: Query<readonly Owned[]>
  readonly cart: Query<Cart>
  add(id: string): Promise<void>
  drop(id: string): Promise<void>
}

/** Makes the stock over the marketplace's API. */
export function createStock(http: KyInstance, queries: Queries): Stock {
  const cart = queries.query(() => http.get('cart').json<Cart>())
  let changing: Promise<unknown> = Promise.resolve()
  /** One change after the other: each begins with what the one before it left. */
  const change = (next: (ids: readonly string[]) => readonly string[]): Promise<void> => {
    const own = changing.catch(() => undefined).then(async () => {
      const items = next(cart.data.value?.items.map(({ id }) => id) ?? [])
      cart.set(await queries.noted(http.put('cart', { json: { items } }).json<Cart>()))
    })
    changing = own
    return own
  }
  return {
    catalogue: queries.query(() => http.get('catalogue').json<Offer[]>()),
    library: queries.query(() => http.get('library').json<Owned[]>()),
    cart,
    add: (id) => change((ids) => [...ids.filter((other) => other !== id), id]),
    drop: (id) => change((ids) => ids.filter((other) => other !== id)),
  }
}
