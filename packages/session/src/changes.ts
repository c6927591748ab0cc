/** Every change of the record as a pure function: what a transaction decides, given the row it reads. */
import type { PurgeReport, SessionEnd, Target } from './end.ts'
import type { Grant } from './authority.ts'
import { mintsOf, type Attempt, type Content, type GivenUp, type Journal, type Retained, type Row } from './row.ts'
import { mergeMinted, type TokenSet } from './tokens.ts'
import type { Proof } from './verdict.ts'

const outboxSize = 20
/** Contexts of one device may read their clocks this far apart. */
const skewMs = 5_000
const contentMark = '{content}'

/** The row a transaction writes (absent: it writes nothing) and what the caller learns. */
export interface Change<Result> {
  readonly row?: Row
  readonly result: Result
}

/** Begins a session; whoever was signed in before is replaced in the same transaction. */
export function begin(
  row: Row,
  input: { grant: Grant; epochId: string; content: Content; giveUpId: string; targets: readonly Target[]; now: number },
): Change<'begun'> {
  const { grant, now } = input
  const { live } = row
  const same = (other: { issuer: string; subject: string }) => other.issuer === grant.issuer && other.subject === grant.subject
  const { vault, journals } = dropOverdue(row, now, grant.establishedAt)
  const retained = vault.find(same)
  const sameLive = live !== undefined && same(live)
  const content = sameLive ? live.content : retained?.content ?? input.content
  const replaced = live !== undefined && !sameLive
  const kept = sameLive ? live.targets : retained?.targets ?? []
  const ended: Journal[] = replaced ? [{ epochId: row.epoch.id, targets: namedFor(union(live.targets, input.targets), live.content.id), unreadableAt: now }] : []
  const tombstone: SessionEnd | undefined = replaced
    ? { cause: 'replaced', by: 'user', disposition: 'wipe', at: now, issuer: live.issuer, subject: live.subject, ...(live.sid !== undefined && { sid: live.sid }), epochId: row.epoch.id }
    : undefined
  return {
    result: 'begun',
    row: {
      v: 1,
      epoch: { n: row.epoch.n + 1, id: input.epochId },
      generation: 0,
      live: {
        issuer: grant.issuer,
        subject: grant.subject,
        ...(grant.sid !== undefined && { sid: grant.sid }),
        ...(grant.establishedAt !== undefined && { establishedAt: grant.establishedAt }),
        startedAt: now,
        tokens: grant.tokens,
        ...(grant.keys && { keys: grant.keys }),
        content,
        targets: union(kept, input.targets),
      },
      provenAt: now,
      seenAt: now,
      // Kept for tabs that slept through it, and of nobody else.
      ...(tombstone ? { end: tombstone } : row.end && same(row.end) && { end: row.end, ...(row.report && { report: row.report }) }),
      journals: [...journals, ...ended],
      // Revoking an older token of the same subject can take this sign-in's grant with it (seen with oidc-provider).
      outbox: bounded([...row.outbox.filter((entry) => !same(entry)), ...(replaced ? givenUp(live.tokens.refreshToken, live, input.giveUpId, now) : [])]),
      vault: vault.filter((entry) => !same(entry)),
    },
  }
}

/** Ends a session: the epoch, the tokens and the content key go, the tombstone and the journal come, in one write. */
export function end(
  row: Row,
  input: { end: SessionEnd; epochId: string; giveUpId: string; retainMs: number; targets: readonly Target[]; now: number },
): Change<{ ended: boolean; end: SessionEnd }> {
  const { live } = row
  const { now } = input
  if (!live || row.epoch.id !== input.end.epochId) return { result: { ended: false, end: row.end ?? input.end } }
  const locks = input.end.disposition !== 'wipe' && input.retainMs > 0 && live.content.key !== undefined
  const known = union(live.targets, input.targets)
  const targets = known.filter((target) => !locks || !isContentTarget(target))
  const until = now + input.retainMs
  // The device's clock may be days off: what it says is how long ago the sign-in was, and when that was, the server said.
  const serverUntil = live.establishedAt === undefined ? until : live.establishedAt + Math.max(0, now - live.startedAt) + input.retainMs
  const retained: Retained[] = locks ? [{ issuer: live.issuer, subject: live.subject, content: live.content, targets: known.filter(isContentTarget), until, serverUntil }] : []
  const tombstone: SessionEnd = locks ? { ...input.end, lockedUntil: until } : input.end
  return {
    result: { ended: true, end: tombstone },
    row: {
      v: 1,
      epoch: { n: row.epoch.n + 1, id: input.epochId },
      generation: 0,
      seenAt: Math.max(row.seenAt, now),
      end: tombstone,
      journals: [...row.journals, { epochId: row.epoch.id, targets: namedFor(targets, live.content.id), unreadableAt: now }],
      outbox: bounded([...row.outbox, ...givenUp(live.tokens.refreshToken, live, input.giveUpId, now)]),
      vault: [...row.vault, ...retained],
    },
  }
}

/** Writes down that a refresh is about to be sent. Only one context wins; the others see whose attempt stands. */
export function attempt(row: Row, input: { epochId: string; attempt: Attempt; instead?: string | undefined; now: number }): Change<Attempt | 'changed' | 'newer' | 'paused'> {
  if (!row.live || row.epoch.id !== input.epochId) return { result: 'changed' }
  if (row.generation !== input.attempt.generation) return { result: 'newer' }
  if (pauseLeft(row, input.now) > 0) return { result: 'paused' }
  const standing = row.attempt
  if (standing && standing.generation === row.generation && standing.id !== input.instead) return { result: standing }
  return { row: { ...row, attempt: input.attempt }, result: input.attempt }
}

/** How much of the shared pause after a failed refresh is left, ms. */
export function pauseLeft(row: Row | undefined, now: number): number {
  return leftOf(row?.retryAt, row?.retryMs, now)
}

/** How much of the time in which the server asked not to be asked is left, ms. */
export function quietLeft(row: Row | undefined, now: number): number {
  return leftOf(row?.quietUntil, row?.quietMs, now)
}

/** What lies further ahead than the pause was long was written before the clock went back: it is over. */
function leftOf(until: number | undefined, ms = 0, now: number): number {
  const left = until === undefined ? 0 : until - now
  return left > ms + skewMs ? 0 : Math.max(0, Math.min(left, ms))
}

/** Shares with every context that the server asked not to be asked. */
export function quiet(row: Row, input: { epochId: string; ms: number; now: number }): Change<void> {
  if (!row.live || row.epoch.id !== input.epochId) return { result: undefined }
  return { row: { ...row, quietUntil: input.now + input.ms, quietMs: input.ms }, result: undefined }
}

/** Whether the refresh token is another than the one this was sent with. */
export function hasMoved(row: Row, input: { generation: number; mints?: number }): boolean {
  return row.generation !== input.generation || mintsOf(row) !== mintsOf(input)
}

/** Commits a refresh, if its epoch and refresh token are still the ones it was sent for; one for a single job leaves the access token and its generation. */
export function rotate(
  row: Row,
  input: { epochId: string; generation: number; mints?: number; minted?: boolean; tokens: TokenSet; askedAt: number; now: number; giveUp: GivenUp | undefined },
): Change<'committed' | 'newer' | 'given-up' | 'dropped'> {
  if (row.live && row.epoch.id === input.epochId) {
    if (hasMoved(row, input)) return { result: 'newer' }
    const { attempt: _attempt, retryAt: _retryAt, retryMs: _retryMs, retries: _retries, ...rest } = row
    const counted = input.minted ? { mints: mintsOf(row) + 1 } : { generation: row.generation + 1 }
    const tokens = input.minted ? mergeMinted(row.live.tokens, input.tokens) : input.tokens
    return { result: 'committed', row: { ...rest, ...counted, live: { ...row.live, tokens }, provenAt: Math.min(input.askedAt, input.now), seenAt: Math.max(row.seenAt, input.now) } }
  }
  const { giveUp } = input
  // Replaced by the same subject: revoking it could take the new sign-in's grant with it.
  if (!giveUp || (row.live && row.live.subject === giveUp.subject && row.live.issuer === giveUp.issuer)) return { result: 'dropped' }
  return { row: { ...row, outbox: bounded([...row.outbox, giveUp]) }, result: 'given-up' }
}

/** Forgets an attempt that was answered: it is under way no more. */
export function closeAttempt(row: Row, input: { epochId: string; attemptId: string }): Change<void> {
  if (row.epoch.id !== input.epochId || row.attempt?.id !== input.attemptId) return { result: undefined }
  const { attempt: _attempt, ...rest } = row
  return { row: rest, result: undefined }
}

/** Shares a pause after a failed refresh with every context. */
export function coolDown(row: Row, input: { epochId: string; generation: number; mints?: number; pauseMs: number; now: number; answered: boolean }): Change<void> {
  if (!row.live || row.epoch.id !== input.epochId || hasMoved(row, input)) return { result: undefined }
  const { attempt: standing, ...rest } = row
  // An attempt the server answered is over; one whose answer was lost still stands for what may have happened.
  const kept = input.answered || !standing ? {} : { attempt: standing }
  return { row: { ...rest, ...kept, retryAt: input.now + input.pauseMs, retryMs: input.pauseMs, retries: (row.retries ?? 0) + 1 }, result: undefined }
}

/** Keeps a proof that the session lives, asked for `ageMs` ago, and what the server told with it. A suspension that came after the question stands. */
export function prove(row: Row, input: { epochId: string; proof: Proof; now: number; ageMs?: number }): Change<'proven' | 'older' | 'changed'> {
  if (!row.live || row.epoch.id !== input.epochId) return { result: 'changed' }
  if (row.suspended && input.proof.wasSuspended === false) return { result: 'older' }
  const { suspended: _suspended, quietUntil: _quietUntil, quietMs: _quietMs, ...rest } = row
  const sid = row.live.sid ?? input.proof.sid
  const establishedAt = row.live.establishedAt ?? input.proof.establishedAt
  const status = input.proof.status ?? row.live.status
  const live = { ...row.live, ...(sid !== undefined && { sid }), ...(establishedAt !== undefined && { establishedAt }), ...(status && { status }) }
  const { vault, journals } = dropOverdue(row, input.now, input.proof.serverAt)
  return { row: { ...rest, live, vault, journals, provenAt: input.now - (input.ageMs ?? 0), seenAt: input.now }, result: 'proven' }
}

/** Keeps how far time has come, so that no context begins before it. */
export function see(row: Row, input: { epochId: string; now: number }): Change<void> {
  if (!row.live || row.epoch.id !== input.epochId || input.now <= row.seenAt) return { result: undefined }
  return { row: { ...row, seenAt: input.now }, result: undefined }
}

/** Marks the account as suspended, for every context. */
export function suspend(row: Row, input: { epochId: string }): Change<'suspended' | 'unchanged'> {
  if (!row.live || row.epoch.id !== input.epochId || row.suspended) return { result: 'unchanged' }
  return { row: { ...row, suspended: true }, result: 'suspended' }
}

/** Adds what must be erased at the end, before the first byte of it is written. */
export function addTargets(row: Row, input: { epochId: string; targets: readonly Target[] }): Change<void> {
  if (!row.live || row.epoch.id !== input.epochId) return { result: undefined }
  const targets = union(row.live.targets, input.targets)
  if (targets.length === row.live.targets.length) return { result: undefined }
  return { row: { ...row, live: { ...row.live, targets } }, result: undefined }
}

/** Takes out of the journals what was erased and looked at again; one with nothing left is closed. */
export function closeJournals(row: Row, input: { reports: readonly PurgeReport[] }): Change<void> {
  const report = input.reports.find((candidate) => candidate.epochId === row.end?.epochId)
  // What is erased leaves the journal even when something else of it failed: erasing it again could take what came since.
  const journals = row.journals.flatMap((journal): Journal[] => {
    const done = input.reports.find((candidate) => candidate.epochId === journal.epochId)
    if (!done) return [journal]
    const erased = new Set(done.targets.filter((entry) => entry.outcome === 'erased').map((entry) => JSON.stringify(entry.target)))
    const targets = journal.targets.filter((target) => !erased.has(JSON.stringify(target)))
    return targets.length > 0 ? [{ ...journal, targets }] : []
  })
  return { row: { ...row, journals, ...(report && { report }) }, result: undefined }
}

/** Takes what was revoked, or is too old to matter, out of the outbox. */
export function settle(row: Row, input: { ids: readonly string[] }): Change<void> {
  const outbox = row.outbox.filter((entry) => !input.ids.includes(entry.id))
  return outbox.length === row.outbox.length ? { result: undefined } : { row: { ...row, outbox }, result: undefined }
}

/** Whether a target holds what this session's content key opens. */
export function isContentTarget(target: Target): boolean {
  return JSON.stringify(target).includes(contentMark)
}

/** Puts a content id into the names of targets. */
export function namedFor(targets: readonly Target[], contentId: string): readonly Target[] {
  return targets.map((target) => JSON.parse(JSON.stringify(target).replaceAll(contentMark, contentId)) as Target)
}

/** Moves locked content whose time is over to the journal. Local time alone never erases: the server's clock must say so too. */
function dropOverdue(row: Row, now: number, serverAt = 0): Pick<Row, 'vault' | 'journals'> {
  const isOver = ({ until, serverUntil }: Retained): boolean => until <= now && serverUntil <= serverAt
  const forgotten = row.vault.filter(isOver).map((entry): Journal => ({ epochId: entry.content.id, targets: namedFor(entry.targets, entry.content.id), unreadableAt: now }))
  return { vault: row.vault.filter((entry) => !isOver(entry)), journals: [...row.journals, ...forgotten] }
}

function union(known: readonly Target[], added: readonly Target[]): readonly Target[] {
  const names = new Set(known.map((target) => JSON.stringify(target)))
  return [...known, ...added.filter((target) => !names.has(JSON.stringify(target)))]
}

function givenUp(token: string | undefined, live: { issuer: string; subject: string; keys?: CryptoKeyPair }, id: string, now: number): GivenUp[] {
  return token === undefined ? [] : [{ id, token, ...(live.keys && { keys: live.keys }), issuer: live.issuer, subject: live.subject, at: now }]
}

function bounded(outbox: readonly GivenUp[]): readonly GivenUp[] {
  return outbox.slice(-outboxSize)
}
