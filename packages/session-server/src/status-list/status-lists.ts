/** The status lists of one server: which session has which entry, what the entries say, and who may ask. */
import type { SessionRow, StatusReference } from '../session.ts'
import type { SessionStore } from '../store.ts'
import { seconds } from '../clock.ts'
import { createEntries, type Entries } from './entries.ts'
import { aggregation, listAnswer, refusedMethod, unavailable } from './endpoint.ts'
import { statusListSettings, type StatusListOptions } from './options.ts'
import { createPublication, type Publication, restMs } from './publication.ts'
import { readRows, type Rows } from './rows.ts'

/** What {@link createStatusLists} makes. */
export interface StatusLists {
  /** For the issuer's RFC 8414 metadata. */
  readonly metadata: { readonly status_list_aggregation_endpoint: string }
  /**
   * Reads all rows of the store, and from then on each that changes on whichever node. Resolves, when the lists say what the rows do, with the same store,
   * whose new sessions get an entry. Rejects when the store cannot be asked.
   */
  keep(store: SessionStore): Promise<SessionStore>
  /**
   * Answers for the lists of all nodes; `undefined` for any other address. Rejects with nothing: it answers 503 where signing fails, and while the store
   * cannot tell what has changed, for a list without an end that another node wrote would be a wrong one.
   */
  handle(request: Request): Promise<Response | undefined>
}

interface List {
  readonly uri: string
  readonly entries: Entries
  readonly publication: Publication
}

/**
 * Makes status lists (IETF Token Status List), by which clients learn of an end from a cache while the session server cannot be reached.
 *
 * A revoked or expired session that was ended is 1, a suspended one 2. The lists live in memory and are made of the store's rows. Each node that begins
 * sessions keeps lists, under a `node` of its own; one that only ends them and holds feeds needs none.
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
 * const store = await lists.keep(memoryStore())
 * const server = createSessionServer({ issuer: 'https://id.example', store, authenticate: identify })
 * const handle = async (request: Request) => (await server.handle(request)) ?? (await lists.handle(request))
 * ```
 */
export function createStatusLists(options: StatusListOptions): StatusLists {
  const { address, sign, ttlMs, node, size, clock } = statusListSettings(options)
  const { pathname } = new URL(address)
  // A cache may have got its copy from one that was already `restMs` old.
  const maxAgeSeconds = seconds(ttlMs - restMs)
  const lists = new Map<string, List>()
  const kept = new Set<Rows>()
  const upToDate = async () => void (await Promise.all([...kept].map((rows) => rows.upToDate())))

  const listAt = (uri: string): List => {
    const known = lists.get(uri)
    if (known) return known
    const entries = createEntries(size)
    const list = { uri, entries, publication: createPublication({ uri, entries, upToDate, ttlMs, clock, sign }) }
    lists.set(uri, list)
    return list
  }

  /** An entry of this node's newest list, or of the next when that is full. */
  const take = (): StatusReference => {
    for (let number = 1; ; number += 1) {
      const uri = `${address}/${node}${number}`
      const idx = listAt(uri).entries.take()
      if (idx !== undefined) return { idx, uri }
    }
  }

  const note = ({ statusList, end, suspension }: SessionRow): void => {
    // What an earlier configuration handed out lies elsewhere.
    if (!statusList?.uri.startsWith(`${address}/`) || statusList.idx >= size) return
    const { entries, publication } = listAt(statusList.uri)
    if (entries.set(statusList.idx, end ? 1 : suspension ? 2 : 0)) publication.changed()
  }

  return {
    metadata: { status_list_aggregation_endpoint: address },
    async keep(store) {
      const rows = readRows(store, note)
      // From now on, so that nobody is given a list of which half is read.
      kept.add(rows)
      try {
        await rows.upToDate()
      } catch (error) {
        kept.delete(rows)
        rows.stop()
        throw error
      }
      return {
        ...store,
        swap: (row, expected) => store.swap(row.statusList || expected !== undefined ? row : { ...row, statusList: take() }, expected),
      }
    },
    async handle(request) {
      const path = new URL(request.url).pathname
      if (path !== pathname && !path.startsWith(`${pathname}/`)) return undefined
      const uri = `${address}${path.slice(pathname.length)}`
      try {
        // Another node may have begun it a moment ago.
        if (!lists.has(uri)) await upToDate()
        const list = lists.get(uri)
        if (path !== pathname && !list) return undefined
        if (request.method !== 'GET' && request.method !== 'HEAD') return refusedMethod()
        return list ? listAnswer(request, await list.publication.current(), maxAgeSeconds) : aggregation(request, [...lists.keys()], maxAgeSeconds)
      } catch {
        return unavailable()
      }
    },
  }
}
