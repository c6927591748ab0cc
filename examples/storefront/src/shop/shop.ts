/** The shop of this page: the session, what is kept under it, and what the views show of both. */
import { signal, type ReadonlySignal } from '@preact/signals'
import { createSession, type PurgeReport, type Session, type SessionEnd, type SessionState, type TraceEntry } from '@3dimli/session'
import { oauth } from '@3dimli/session/authorities/oauth'
import { browser } from '@3dimli/session/browser'
import { createCheckout, type Checkout } from '@3dimli/session/checkout'
import { createDownloads, type Downloads } from '@3dimli/session/downloads'
import { createHttp } from '@3dimli/session/http'
import type { Config } from './config.ts'
import { createAccount, type Account } from './account.ts'
import { createOrdering, placeOrder, findOrder, type Draft, type Order, type Ordering } from './ordering.ts'
import { createPictures, type Pictures } from './pictures.ts'
import { createQueries, type Queries } from './queries.ts'
import { createRecent, type Recent } from './recent.ts'
import { createShelf, type Shelf } from './shelf.ts'
import { createStock, type Stock } from './stock.ts'

/** An end that this page lived through. */
export interface LivedThrough {
  readonly end: SessionEnd
  readonly report: PurgeReport
  readonly trace: readonly TraceEntry[]
}

/** Everything the views use. */
export interface Shop {
  readonly session: Session
  readonly downloads: Downloads
  readonly checkout: Checkout<Draft, Order>
  readonly state: ReadonlySignal<SessionState>
  readonly lastEnd: ReadonlySignal<LivedThrough | undefined>
  /** False while the marketplace does not answer. */
  readonly reachable: ReadonlySignal<boolean>
  readonly queries: Queries
  readonly stock: Stock
  readonly account: Account
  readonly shelf: Shelf
  readonly ordering: Ordering
  readonly pictures: Pictures
  readonly recent: Recent
}

/** Makes the shop; nothing happens before `session.start()`. */
export function createShop({ issuer, clientId, api }: Config): Shop {
  const session = createSession({
    authority: oauth({ issuer, clientId, redirectUri: `${location.origin}/`, scope: 'openid offline_access profile library checkout' }),
    platform: browser({ name: 'storefront' }),
    origins: [...new Set([new URL(issuer).origin, new URL(api).origin])],
  })
  const downloads = createDownloads(session)
  const checkout = createCheckout<Draft, Order>(session, { submit: placeOrder(api), find: findOrder(api) })
  const http = createHttp(session, { prefix: `${api}/api`, retry: { limit: 1 }, timeout: 8_000 })

  const state = signal<SessionState>(session.state)
  const lastEnd = signal<LivedThrough | undefined>(undefined)
  /** When this page last began to hold everything back: another tab's word is enough for that, before the record was read. */
  let heldAt: number | undefined
  session.subscribe((now) => {
    state.value = now
    if (now.status === 'active') heldAt = undefined
    else if (now.status === 'fenced' && (now.reason === 'waking' || now.reason === 'suspect')) heldAt ??= Date.now()
  })
  session.onEnd((end, report) => {
    const held: readonly TraceEntry[] = heldAt === undefined ? [] : [{ what: 'fenced', at: heldAt, epochId: end.epochId }]
    lastEnd.value = { end, report, trace: [...held, ...session.diagnostics().trace] }
  })

  const queries = createQueries()
  // Results of requests live in this page's memory: they go the moment the session ends.
  session.register(queries.clear, { name: 'query results' })
  const stock = createStock(http, queries)

  return {
    session, downloads, checkout, state, lastEnd, queries, stock,
    reachable: queries.reachable,
    account: createAccount(session, http, issuer, queries),
    shelf: createShelf(session, downloads, api),
    ordering: createOrdering(session, checkout, stock),
    pictures: createPictures(api),
    recent: createRecent(session),
  }
}
