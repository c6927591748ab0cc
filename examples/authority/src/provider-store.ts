/** What the OpenID provider keeps, in SQLite, and the ways to find and drop it by sign-in. */
import { hash } from 'node:crypto'
import type { DatabaseSync } from 'node:sqlite'
import type { Adapter, AdapterPayload } from 'oidc-provider'

/** The provider's tables. */
export interface ProviderStore {
  /** One adapter for each of the provider's models. */
  adapter(kind: string): Adapter
  /** The session a refresh token was given out for, even after the token is gone. */
  sidOf(refreshToken: string): string | undefined
  /** Notes which login of the browser a session came from. */
  noteSignIn(sid: string, sessionUid: string): void
  /** Drops a session's grant and tokens, and the login of the browser it came from. */
  dropSignIn(sid: string): void
}

const seconds = () => Math.floor(Date.now() / 1000)

/** Makes the store over a database. */
export function createProviderStore(database: DatabaseSync): ProviderStore {
  const upsert = database.prepare(`
    INSERT INTO provider (kind, id, payload, expires_at, grant_id, uid, user_code, session_uid) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (kind, id) DO UPDATE SET payload = excluded.payload, expires_at = excluded.expires_at, grant_id = excluded.grant_id,
      uid = excluded.uid, user_code = excluded.user_code, session_uid = excluded.session_uid`)
  const find = database.prepare('SELECT payload FROM provider WHERE kind = ? AND id = ?')
  const findByUid = database.prepare('SELECT payload FROM provider WHERE kind = ? AND uid = ?')
  const findByUserCode = database.prepare('SELECT payload FROM provider WHERE kind = ? AND user_code = ?')
  const consume = database.prepare(`UPDATE provider SET payload = json_set(payload, '$.consumed', ?) WHERE kind = ? AND id = ?`)
  const destroy = database.prepare('DELETE FROM provider WHERE kind = ? AND id = ?')
  const revoke = database.prepare('DELETE FROM provider WHERE kind = ? AND grant_id = ?')
  const noteToken = database.prepare('INSERT OR REPLACE INTO refresh_tokens (hash, sid, at) VALUES (?, ?, ?)')
  const findToken = database.prepare('SELECT sid FROM refresh_tokens WHERE hash = ?')
  const noteSignIn = database.prepare('INSERT OR REPLACE INTO sign_ins (sid, session_uid) VALUES (?, ?)')
  const findSignIn = database.prepare('SELECT session_uid FROM sign_ins WHERE sid = ?')
  const dropGrant = database.prepare(`DELETE FROM provider WHERE grant_id = ?1 OR (kind = 'Grant' AND id = ?1)`)
  const dropLogin = database.prepare(`DELETE FROM provider WHERE (kind = 'Session' AND uid = ?1) OR (kind IN ('AuthorizationCode', 'DeviceCode') AND session_uid = ?1)`)

  const text = (value: unknown) => (typeof value === 'string' ? value : null)
  const parsed = (row: Record<string, unknown> | undefined) => (row === undefined ? undefined : (JSON.parse(row['payload'] as string) as AdapterPayload))

  return {
    adapter: (kind) => ({
      async upsert(id, payload, expiresIn) {
        const expiresAt = expiresIn ? seconds() + expiresIn : null
        const grantId = text(payload.grantId)
        upsert.run(kind, id, JSON.stringify(payload), expiresAt, grantId, text(payload.uid), text(payload.userCode), text(payload.sessionUid))
        if (kind === 'RefreshToken' && grantId !== null) noteToken.run(hash('sha256', id), grantId, seconds())
      },
      find: async (id) => parsed(find.get(kind, id)),
      findByUid: async (uid) => parsed(findByUid.get(kind, uid)),
      findByUserCode: async (code) => parsed(findByUserCode.get(kind, code)),
      consume: async (id) => void consume.run(seconds(), kind, id),
      destroy: async (id) => void destroy.run(kind, id),
      revokeByGrantId: async (grantId) => void revoke.run(kind, grantId),
    }),
    sidOf: (refreshToken) => text(findToken.get(hash('sha256', refreshToken))?.['sid']) ?? undefined,
    noteSignIn: (sid, sessionUid) => void noteSignIn.run(sid, sessionUid),
    dropSignIn(sid) {
      dropGrant.run(sid)
      const sessionUid = text(findSignIn.get(sid)?.['session_uid'])
      if (sessionUid !== null) dropLogin.run(sessionUid)
    },
  }
}
