/** The session server's rows and kept answers, in SQLite. */
import { entryOf, type KeptAnswer, listeners, type ReplayStore, type SessionRow, type SessionStore, withEntry } from '@3dimli/session-server'
import type { DatabaseSync } from 'node:sqlite'

/** Makes the store of sessions. One process writes, so its own listeners hear of every change. */
export function sqliteSessionStore(database: DatabaseSync): SessionStore {
  const { subscribe, tell } = listeners()
  const get = database.prepare('SELECT row, last_seen_at FROM sessions WHERE sid = ?')
  const all = database.prepare('SELECT row, last_seen_at FROM sessions')
  const own = database.prepare('SELECT row, last_seen_at FROM sessions WHERE subject = ?')
  // From the last on, so that the first one written makes room for all.
  const listed = database.prepare("SELECT row, last_seen_at FROM sessions WHERE row ->> '$.statusList.uri' = ? ORDER BY row ->> '$.statusList.idx' DESC")
  const insert = database.prepare('INSERT OR IGNORE INTO sessions (sid, subject, version, last_seen_at, row) VALUES (?, ?, ?, ?, ?)')
  const update = database.prepare('UPDATE sessions SET version = ?, row = ? WHERE sid = ? AND version = ?')
  const touch = database.prepare('UPDATE sessions SET last_seen_at = ?1 WHERE sid = ?2 AND last_seen_at < ?1')
  const parsed = (row: Record<string, unknown>): SessionRow => ({ ...JSON.parse(row['row'] as string), lastSeenAt: row['last_seen_at'] })
  return {
    async get(sid) {
      const row = get.get(sid)
      return row && parsed(row)
    },
    list: async (subject) => (subject === undefined ? all.all() : own.all(subject)).map(parsed),
    async swap(row, expected) {
      const written = expected === undefined
        ? insert.run(row.sid, row.subject, row.version, row.lastSeenAt, JSON.stringify(row))
        : update.run(row.version, JSON.stringify(row), row.sid, expected)
      if (written.changes === 0) return false
      tell(row.sid)
      return true
    },
    touch: async (sid, at) => void touch.run(at, sid),
    subscribe,
    async entries(uri) {
      const rows = listed.all(uri).map(parsed)
      return rows.length === 0 ? undefined : rows.reduce<Uint8Array>((entries, row) => withEntry(entries, row.statusList!.idx, entryOf(row)), new Uint8Array())
    },
  }
}

/** Makes the store of answers of the token endpoint. */
export function sqliteReplayStore(database: DatabaseSync): ReplayStore {
  const get = database.prepare('SELECT * FROM answers WHERE id = ?')
  const put = database.prepare('INSERT OR REPLACE INTO answers (id, asked, successor, at, sealed) VALUES (?, ?, ?, ?, ?)')
  const present = database.prepare('UPDATE answers SET sealed = NULL WHERE successor = ?')
  const forget = database.prepare('DELETE FROM answers WHERE at < ?')
  return {
    async get(id) {
      const row = get.get(id)
      if (!row) return undefined
      const { sealed, ...rest } = row as unknown as KeptAnswer & { sealed: Uint8Array<ArrayBuffer> | null }
      return sealed === null ? rest : { ...rest, sealed }
    },
    put: async ({ id, asked, successor, at, sealed }) => void put.run(id, asked, successor, at, sealed ?? null),
    present: async (successor) => void present.run(successor),
    forget: async (before) => void forget.run(before),
  }
}
