/** What a client is told of a session: the one object that the session endpoint, the feed and a problem share. */
import { seconds } from './clock.ts'
import { deadlineOf, endOf, type ProblemName, type SessionRow, type Stop } from './session.ts'

/** A JSON object on its way out. */
export type WireObject = Readonly<Record<string, unknown>>

/** Writes the problem type of a name. */
export function problemType(issuer: string, name: string): string {
  return `${issuer}/problems/${name}`
}

/** Writes the object of one row. No row, no word: `{"active":false}` proves nothing and says so. */
export function sessionObject(issuer: string, row: SessionRow | undefined, now: number): WireObject {
  if (!row) return { active: false }
  const end = endOf(row, now)
  if (end) return { active: false, ...stopMembers(issuer, row.sid, end.type ?? 'session-revoked', end) }
  if (row.suspension) return { active: false, ...stopMembers(issuer, row.sid, 'account-suspended', row.suspension) }
  const idle = deadlineOf({ ...row, expiresAt: Infinity })
  return {
    active: true,
    sid: row.sid,
    sub_id: { format: 'opaque', id: row.subject },
    established_at: seconds(row.establishedAt),
    auth_time: seconds(row.authenticatedAt),
    ...(row.acr === undefined ? {} : { acr: row.acr }),
    ...(row.expiresAt === undefined ? {} : { expires_at: seconds(row.expiresAt) }),
    ...(idle === Infinity ? {} : { idle_expires_at: seconds(idle) }),
    server_time: seconds(now),
    ...(row.statusList && { status: { status_list: row.statusList } }),
  }
}

/** Writes the members that say why a session is not live. The words for the audit stay behind. */
export function stopMembers(issuer: string, sid: string, name: ProblemName, stop: Stop): WireObject {
  return {
    type: problemType(issuer, name),
    sid,
    initiating_entity: stop.initiatingEntity,
    event_timestamp: seconds(stop.at),
    ...(stop.reason === undefined ? {} : { reason: stop.reason }),
    ...(stop.reasonUser === undefined ? {} : { reason_user: stop.reasonUser }),
    ...(stop.disposition === undefined ? {} : { disposition: stop.disposition }),
  }
}
