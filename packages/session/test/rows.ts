/** Rows as transactions read them, made by the changes themselves. */
import { begin, end, type Change } from '../src/changes.ts'
import type { SessionEnd, Target } from '../src/end.ts'
import type { Grant } from '../src/authority.ts'
import { emptyRow, type Content, type Row } from '../src/row.ts'

export const start = 1_800_000_000_000
export const issuer = 'https://id.test'
export const downloads: Target = { kind: 'cache-storage', cache: 'files.{content}' }
export const recent: Target = { kind: 'indexeddb', database: 'recently-viewed' }

/** Stands for a content key; two are different. */
export const contentOf = (id: string): Required<Content> => ({ id, key: { name: `key of ${id}` } as never })

export function grantOf(subject: string, more: Partial<Grant> = {}): Grant {
  return {
    tokens: { accessToken: `at-${subject}`, tokenType: 'Bearer', receivedAt: start, refreshToken: `rt-${subject}` },
    issuer, subject, sid: `sid-${subject}`, establishedAt: start, ...more,
  }
}

export interface Beginning {
  readonly subject?: string
  readonly grant?: Partial<Grant>
  readonly epochId?: string
  readonly contentId?: string
  readonly targets?: readonly Target[]
  readonly now?: number
}

export function beginning(row: Row, { subject = 'mira', grant = {}, epochId = `epoch of ${subject}`, contentId = `content of ${subject}`, targets = [downloads, recent], now = start }: Beginning = {}): Change<'begun'> {
  return begin(row, { grant: grantOf(subject, grant), epochId, content: contentOf(contentId), giveUpId: `given up for ${epochId}`, targets, now })
}

/** A device after some sign-ins, one after the other. */
export function after(...beginnings: readonly Beginning[]): Row {
  return beginnings.reduce((row, given) => beginning(row, given).row ?? row, emptyRow('nobody yet', start))
}

export const day = 86_400_000

export function ending(row: Row, more: Partial<SessionEnd> = {}, now = start + 1_000, retainMs = 7 * day, targets: readonly Target[] = []): Change<{ ended: boolean; end: SessionEnd }> {
  const told: SessionEnd = {
    cause: 'revoked', by: 'admin', disposition: 'wipe', at: now, issuer, subject: row.live?.subject ?? 'mira', epochId: row.epoch.id, ...more,
  }
  return end(row, { end: told, epochId: `after ${row.epoch.id}`, giveUpId: `given up at the end of ${row.epoch.id}`, retainMs, targets, now })
}

export const expiry = { cause: 'expired', by: 'system', disposition: 'lock' } as const

/** The row a change wrote; fails where it wrote none. */
export function written(change: Change<unknown>): Row {
  if (!change.row) throw new Error('nothing was written')
  return change.row
}
