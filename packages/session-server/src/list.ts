/** The sessions of one account, as its owner sees and ends them. */
import { seconds } from './clock.ts'
import { json, problem } from './problem.ts'
import { endOf, type EndRequest, type SessionRow } from './session.ts'
import type { SessionStore } from './store.ts'

/** Who asks. */
export interface Identity {
  readonly sid: string
  readonly subject: string
}

/** What the list is made of. */
export interface ListSource {
  readonly store: SessionStore
  readonly now: () => number
  /** Resolves when the end is written and the host knows of it. */
  readonly end: (sid: string, how: EndRequest) => Promise<unknown>
}

const bySelf: EndRequest = { initiatingEntity: 'user', reason: 'signed-out-elsewhere' }

/** Lists the sessions of the asker that have not ended, the current one first, then the latest seen. */
export async function listSessions({ store, now }: ListSource, who: Identity): Promise<Response> {
  const rows = (await store.list(who.subject)).filter((row) => !endOf(row, now()))
  const order = (row: SessionRow) => (row.sid === who.sid ? Infinity : row.lastSeenAt)
  return json(rows.sort((a, b) => order(b) - order(a)).map((row) => ({
    sid: row.sid,
    current: row.sid === who.sid,
    client: row.client,
    device: row.device ?? null,
    location: row.location ?? null,
    auth_time: seconds(row.authenticatedAt),
    last_seen: seconds(row.lastSeenAt),
  })))
}

/** Ends one session of the asker. Another's is as absent as one that never was. */
export async function endOne({ store, end }: ListSource, who: Identity, sid: string): Promise<Response> {
  const row = await store.get(sid)
  if (row?.subject !== who.subject) return problem(404, { title: 'There is no such session.' })
  await end(sid, bySelf)
  return done()
}

/** Ends every session of the asker but the one that asks. */
export async function endOthers({ store, end }: ListSource, who: Identity): Promise<Response> {
  // Also those that seem to have run out: by another clock they may live. And those whose end the host may not have heard of: an earlier request was cut short.
  const rows = (await store.list(who.subject)).filter((row) => row.untold || !row.end)
  for (const row of rows) if (row.sid !== who.sid) await end(row.sid, bySelf)
  return done()
}

function done(): Response {
  return new Response(null, { status: 204, headers: { 'cache-control': 'no-store' } })
}
