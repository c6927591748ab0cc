/** What sellers have uploaded: whose each upload is, and the assets that came of them, in SQLite. */
import type { DatabaseSync } from 'node:sqlite'

/** One asset, as the API shows it. */
export interface UploadedAsset {
  readonly id: string
  readonly name: string
  readonly type: string | undefined
  /** Bytes. */
  readonly size: number
  /** Hexadecimal. */
  readonly sha256: string
  /** Epoch ms. */
  readonly at: number
}

/** The memory of uploads and assets. */
export interface Assets {
  /** Whether a session is live this instant; asked in the same turn as what it is asked for. */
  isLive(sid: string): boolean
  /** Remembers whose an upload is. */
  begin(id: string, subject: string): void
  owner(id: string): string | undefined
  /** Remembers what an upload must hash to, hexadecimal. */
  expect(id: string, sha256: string): void
  expected(id: string): string | undefined
  forget(id: string): void
  isFinished(id: string): boolean
  /** Makes an asset of an upload, in one statement with the look at the session; false where that is not live. */
  finish(sid: string, asset: UploadedAsset): boolean
  of(subject: string): readonly UploadedAsset[]
}

/** Of a session and a time, epoch ms: neither ended nor suspended, and no limit of it is over. */
const live = `SELECT 1 FROM sessions WHERE sid = ?1 AND row ->> '$.end' IS NULL AND row ->> '$.suspension' IS NULL
  AND ifnull(row ->> '$.expiresAt' > ?2, 1) AND ifnull(last_seen_at + (row ->> '$.idleMs') > ?2, 1)`

/** Makes the memory over a database. */
export function createAssets(database: DatabaseSync): Assets {
  const isLive = database.prepare(live)
  const begin = database.prepare('INSERT INTO uploads (id, subject) VALUES (?, ?)')
  const owner = database.prepare('SELECT subject FROM uploads WHERE id = ?')
  const expect = database.prepare('UPDATE uploads SET sha256 = ? WHERE id = ?')
  const expected = database.prepare('SELECT sha256 FROM uploads WHERE id = ?')
  const forget = database.prepare('DELETE FROM uploads WHERE id = ?')
  const get = database.prepare('SELECT 1 FROM assets WHERE id = ?')
  const finish = database.prepare(`INSERT OR REPLACE INTO assets (id, row) SELECT ?3, ?4 WHERE EXISTS (${live})`)
  const all = database.prepare('SELECT row FROM assets JOIN uploads USING (id) WHERE subject = ? ORDER BY assets.rowid')
  return {
    isLive: (sid) => isLive.get(sid, Date.now()) !== undefined,
    begin: (id, subject) => void begin.run(id, subject),
    owner: (id) => owner.get(id)?.['subject'] as string | undefined,
    expect: (id, sha256) => void expect.run(sha256, id),
    expected: (id) => (expected.get(id)?.['sha256'] as string | null | undefined) ?? undefined,
    forget: (id) => void forget.run(id),
    isFinished: (id) => get.get(id) !== undefined,
    finish: (sid, asset) => finish.run(sid, Date.now(), asset.id, JSON.stringify(asset)).changes > 0,
    of: (subject) => all.all(subject).map((row) => JSON.parse(row['row'] as string) as UploadedAsset),
  }
}
