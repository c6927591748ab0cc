/** The SQLite file that outlives the process: a restart is not a revocation. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

const day = 86_400

const schema = `
  CREATE TABLE IF NOT EXISTS provider (
    kind TEXT NOT NULL, id TEXT NOT NULL, payload TEXT NOT NULL, expires_at INTEGER,
    grant_id TEXT, uid TEXT, user_code TEXT, session_uid TEXT,
    PRIMARY KEY (kind, id)
  ) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS provider_grant ON provider (grant_id);
  CREATE INDEX IF NOT EXISTS provider_uid ON provider (uid);
  CREATE TABLE IF NOT EXISTS refresh_tokens (hash TEXT PRIMARY KEY, sid TEXT NOT NULL, at INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS sign_ins (sid TEXT PRIMARY KEY, session_uid TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS sessions (
    sid TEXT PRIMARY KEY, subject TEXT NOT NULL, version INTEGER NOT NULL, last_seen_at INTEGER NOT NULL, row TEXT NOT NULL
  ) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS sessions_subject ON sessions (subject);
  CREATE UNIQUE INDEX IF NOT EXISTS sessions_entry ON sessions (row ->> '$.statusList.uri', row ->> '$.statusList.idx');
  CREATE TABLE IF NOT EXISTS answers (
    id TEXT PRIMARY KEY, asked TEXT NOT NULL, successor TEXT NOT NULL, at INTEGER NOT NULL, sealed BLOB
  ) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS answers_successor ON answers (successor);
  CREATE INDEX IF NOT EXISTS answers_at ON answers (at);
  CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS carts (subject TEXT PRIMARY KEY, items TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS orders (
    id TEXT PRIMARY KEY, subject TEXT NOT NULL, idempotency_key TEXT NOT NULL, payload TEXT NOT NULL, row TEXT NOT NULL, at INTEGER NOT NULL,
    UNIQUE (subject, idempotency_key)
  ) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS uploads (id TEXT PRIMARY KEY, subject TEXT NOT NULL, sha256 TEXT) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS assets (id TEXT PRIMARY KEY, row TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS admin_logins (id TEXT PRIMARY KEY, csrf TEXT NOT NULL, expires_at INTEGER NOT NULL) WITHOUT ROWID;
`

/** Opens the database of a data directory, or one in memory for `:memory:`. */
export function openDatabase(dataDir: string): DatabaseSync {
  if (dataDir !== ':memory:') mkdirSync(dataDir, { recursive: true })
  const database = new DatabaseSync(dataDir === ':memory:' ? ':memory:' : join(dataDir, 'authority.sqlite'))
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA busy_timeout = 2000')
  database.exec(schema)
  // Kept longer than any token that could name them: an ended session must go on to be known as ended.
  const now = Math.floor(Date.now() / 1000)
  database.prepare('DELETE FROM provider WHERE expires_at < ?').run(now - day)
  database.prepare('DELETE FROM refresh_tokens WHERE at < ?').run(now - 120 * day)
  database.prepare('DELETE FROM sessions WHERE last_seen_at < ?').run((now - 120 * day) * 1000)
  return database
}

/** Reads a setting, or makes it the first time. */
export async function setting(database: DatabaseSync, name: string, make: () => string | Promise<string>): Promise<string> {
  const read = () => database.prepare('SELECT value FROM settings WHERE name = ?').get(name)?.['value'] as string | undefined
  const known = read()
  if (known !== undefined) return known
  database.prepare('INSERT OR IGNORE INTO settings (name, value) VALUES (?, ?)').run(name, await make())
  return read()!
}
