/** Who is signed in to the administration: a cookie of its own, and a token that every form must carry. */
import { hash, randomBytes, timingSafeEqual } from 'node:crypto'
import type { DatabaseSync } from 'node:sqlite'

/** A login of the administration. */
export interface AdminLogin {
  /** Goes into every form, and comes back with it. */
  readonly csrf: string
}

/** The logins. */
export interface AdminLogins {
  /** Makes a login; returns the cookie's value. */
  open(): string
  find(cookie: string | undefined): AdminLogin | undefined
  close(cookie: string | undefined): void
}

/** How long a login lasts, s. */
export const adminSeconds = 8 * 3600

/** Makes the logins over a database. Only a hash of the cookie is kept. */
export function createAdminLogins(database: DatabaseSync): AdminLogins {
  const insert = database.prepare('INSERT INTO admin_logins (id, csrf, expires_at) VALUES (?, ?, ?)')
  const find = database.prepare('SELECT csrf FROM admin_logins WHERE id = ? AND expires_at > ?')
  const remove = database.prepare('DELETE FROM admin_logins WHERE id = ?')
  const random = () => randomBytes(24).toString('base64url')
  return {
    open() {
      const cookie = random()
      insert.run(hash('sha256', cookie), random(), Math.floor(Date.now() / 1000) + adminSeconds)
      return cookie
    },
    find(cookie) {
      const row = cookie === undefined ? undefined : find.get(hash('sha256', cookie), Math.floor(Date.now() / 1000))
      return row && { csrf: row['csrf'] as string }
    },
    close(cookie) {
      if (cookie !== undefined) remove.run(hash('sha256', cookie))
    },
  }
}

/** Whether a form carries the token of the login it came with. */
export function carries(csrf: string, given: unknown): boolean {
  const digest = (value: string) => hash('sha256', value, 'buffer')
  return typeof given === 'string' && timingSafeEqual(digest(given), digest(csrf))
}
