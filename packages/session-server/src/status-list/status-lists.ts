/** The status lists over one store: which session has which entry, where the lists lie, and who may ask. */
import { seconds } from '../clock.ts'
import type { SessionStore } from '../store.ts'
import { createDraw } from './draw.ts'
import { aggregation, listAnswer, refusedMethod, unavailable } from './endpoint.ts'
import { statusListSettings, type StatusListOptions } from './options.ts'
import { createPublication, type Publication, restMs } from './publication.ts'

/** What {@link createStatusLists} makes. */
export interface StatusLists {
  /** For the issuer's RFC 8414 metadata. */
  readonly metadata: { readonly status_list_aggregation_endpoint: string }
  /** Serves the lists of this store from now on, and returns the same store, whose new sessions get an entry. Nothing is read before it is needed. */
  keep(store: SessionStore): SessionStore
  /**
   * Answers for the lists; `undefined` for any other address. Rejects with nothing: it answers 503 where signing fails, and while the store cannot be
   * asked, for a list without an end that another node wrote would be a wrong one.
   */
  handle(request: Request): Promise<Response | undefined>
}

/**
 * Makes status lists (IETF Token Status List), by which clients learn of an end from a cache while the session server cannot be reached.
 *
 * A revoked or expired session that was ended is 1, a suspended one 2. All nodes over one store have the same lists. A node that begins sessions or is asked
 * for lists keeps them; one that only ends sessions and holds feeds needs none.
 *
 * @throws TypeError naming the option that is wrong
 * @example
 * ```ts
 * import { createSessionServer, memoryStore } from '@3dimli/session-server'
 * import { createStatusLists } from '@3dimli/session-server/status-list'
 *
 * const lists = createStatusLists({
 *   address: 'https://id.example/status-lists',
 *   sign: signStatusList,
 * })
 * const store = lists.keep(memoryStore())
 * const server = createSessionServer({ issuer: 'https://id.example', store, authenticate: identify })
 * const handle = async (request: Request) => (await server.handle(request)) ?? (await lists.handle(request))
 * ```
 */
export function createStatusLists(options: StatusListOptions): StatusLists {
  const { address, sign, ttlMs, size, clock } = statusListSettings(options)
  const { pathname } = new URL(address)
  // A cache may have got its copy from one that was already `restMs` old.
  const maxAgeSeconds = seconds(ttlMs - restMs)
  const publications: Publication[] = []
  let kept: SessionStore | undefined

  const uriOf = (list: number): string => `${address}/${list}`
  const entriesOf = async (list: number) => kept?.entries(uriOf(list))

  /** Lists are begun one after the other, on whichever node, and none is given up. */
  async function all(): Promise<readonly Publication[]> {
    for (let list = publications.length + 1; await entriesOf(list); list += 1) {
      publications[list - 1] ??= createPublication({ uri: uriOf(list), size, entries: () => entriesOf(list), ttlMs, clock, sign })
    }
    return publications
  }

  return {
    metadata: { status_list_aggregation_endpoint: address },
    keep(store) {
      kept = store
      const { look, draw } = createDraw(size, entriesOf)
      return {
        ...store,
        async swap(row, expected) {
          if (row.statusList || expected !== undefined) return store.swap(row, expected)
          for (;;) {
            const { list, idx } = await draw()
            if (await store.swap({ ...row, statusList: { idx, uri: uriOf(list) } }, undefined)) return true
            if (await store.get(row.sid)) return false
            // Another node has given the entry away.
            await look()
          }
        },
      }
    },
    async handle(request) {
      const path = new URL(request.url).pathname
      if (!path.startsWith(pathname)) return undefined
      const rest = path.slice(pathname.length)
      const list = rest === '' ? 0 : Number(/^\/([1-9]\d*)$/.exec(rest)?.[1])
      if (Number.isNaN(list)) return undefined
      try {
        const known = list > 0 && list <= publications.length ? publications : await all()
        if (list > known.length) return undefined
        if (request.method !== 'GET' && request.method !== 'HEAD') return refusedMethod()
        if (list > 0) return listAnswer(request, await known[list - 1]!.current(), maxAgeSeconds)
        return aggregation(request, known.map((_, index) => uriOf(index + 1)), maxAgeSeconds)
      } catch {
        return unavailable()
      }
    },
  }
}
