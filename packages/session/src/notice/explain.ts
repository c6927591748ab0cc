/** Puts an end, and what is known of its purge, into words. */
import type { EndReason, PurgeReport, SessionEnd } from '../end.ts'
import type { Audience, Catalogue, EndWords } from './catalogue.ts'
import { english } from './english.ts'
import { said, type Said } from './said.ts'

/** Where people find help. */
export interface Support {
  readonly label: string
  /** An address with `https:`, `http:`, `mailto:` or `tel:`. */
  readonly url: string
}

/** What `explainEnd()` is told beside the end. */
export interface ExplainOptions {
  readonly audience: Audience
  /** What the purge did; a report of another session counts as none. Without one, nothing is said to have been removed. */
  readonly report?: PurgeReport | undefined
  readonly support?: Support | undefined
  /** @default english */
  readonly catalogue?: Catalogue | undefined
  /**
   * Language tags, best first, for times and for the server's own words.
   * @default the locale of the runtime
   */
  readonly languages?: readonly string[] | undefined
}

/** An end in words: plain text, to be shown as text. */
export interface Notice {
  readonly title: string
  readonly happened: string
  /** The server's own words, if it sent any. */
  readonly said?: Said
  /** When it happened: by the server's clock, where it said, else by this device's. */
  readonly when?: string
  /** What was removed from this device, in sentences. */
  readonly removed: readonly string[]
  /** What stays theirs, in sentences. */
  readonly kept: readonly string[]
  /** What to do, in sentences, most useful first. */
  readonly next: readonly string[]
  readonly support?: Support
  /** True when somebody may have had access who should not. */
  readonly alarming: boolean
}

const options = ['audience', 'report', 'support', 'catalogue', 'languages']
const alarming: readonly (EndReason | undefined)[] = ['credential-compromised', 'token-reuse', 'suspicious-activity']
/** After these, signing in is not what helps. */
const closed: readonly (EndReason | undefined)[] = ['access-removed', 'payment-dispute', 'account-suspended', 'account-closed']

/**
 * Explains an end to a person, by its cause and reason, and by what its purge did. Nothing is called removed that the report does not confirm.
 *
 * Throws a `TypeError` that names a wrong option.
 *
 * @example
 * ```ts
 * import type { Session } from '@3dimli/session'
 * import { explainEnd } from '@3dimli/session/notice'
 * declare const session: Session
 *
 * session.onEnd((end, report) => {
 *   const { title, happened, removed, kept, next } = explainEnd(end, { audience: 'buyer', report })
 *   console.log([title, happened, ...removed, ...kept, ...next].join('\n'))
 * })
 * ```
 */
export function explainEnd(end: SessionEnd, given: ExplainOptions): Notice {
  const { audience, support, catalogue, languages } = readOptions(given)
  const report = given.report?.epochId === end.epochId ? given.report : undefined
  const own = catalogue.audiences[audience]
  const { title, happened, next } = wordsOf(end, catalogue)
  const until = formatted(languages, { dateStyle: 'long' }, end.lockedUntil)
  const when = formatted(languages, { dateStyle: 'long', timeStyle: 'short' }, end.serverAt, end.at)
  const words = said(end, languages)
  const revoked = end.cause === 'revoked'
  const locked = end.lockedUntil !== undefined
  // An end that could not be written yet may still lock what its disposition says.
  const erased = !locked && (end.disposition === 'wipe' || report?.complete === true)
  const after = locked ? own.afterLock : erased ? own.afterRemoval : []
  return {
    title, happened,
    ...(words && { said: words }),
    ...(when !== undefined && { when }),
    removed: !report ? catalogue.removing : !report.complete ? catalogue.notAllRemoved : locked ? own.removedButLocked : own.removed,
    kept: [...own.kept, ...(until === undefined ? [] : own.locked(until))],
    next: [...next, ...(revoked && closed.includes(end.reason) ? [] : after)],
    ...(support && { support }),
    alarming: revoked && alarming.includes(end.reason),
  }
}

/** A cause or a reason of a newer version is an end like any other. */
function wordsOf({ cause, by, reason }: SessionEnd, catalogue: Catalogue): EndWords {
  if (cause === 'expired') return catalogue.expired
  if (cause === 'replaced') return catalogue.replaced
  if (cause === 'signed-out') return by === 'user' ? catalogue.signedOut : catalogue.lost
  if (cause === 'revoked' && reason !== undefined && Object.hasOwn(catalogue.revoked, reason)) return catalogue.revoked[reason]
  return Object.hasOwn(catalogue.revokedBy, by) ? catalogue.revokedBy[by] : catalogue.revokedBy.system
}

/** Writes the first of some times that is one. */
function formatted(languages: readonly string[], style: Intl.DateTimeFormatOptions, ...times: readonly (number | undefined)[]): string | undefined {
  const at = times.find((time) => time !== undefined && Number.isFinite(new Date(time).getTime()))
  return at === undefined ? undefined : new Intl.DateTimeFormat([...languages], style).format(at)
}

function readOptions(given: ExplainOptions): { readonly audience: Audience; readonly support: Support | undefined; readonly catalogue: Catalogue; readonly languages: readonly string[] } {
  const { audience, support, catalogue = english, languages = [new Intl.DateTimeFormat().resolvedOptions().locale] } = given ?? {}
  if (audience !== 'buyer' && audience !== 'seller') throw new TypeError('"audience" must be "buyer" or "seller"')
  for (const option of Object.keys(given)) if (!options.includes(option)) throw new TypeError(`"${option}" is not an option of explainEnd()`)
  if (!Array.isArray(languages) || !languages.every(isLanguage)) throw new TypeError('"languages" must be a list of language tags')
  if (support !== undefined && !isSupport(support)) throw new TypeError('"support" must have a "label" and a "url" with https:, http:, mailto: or tel:')
  return { audience, support, catalogue, languages }
}

function isLanguage(tag: unknown): boolean {
  try {
    return typeof tag === 'string' && Intl.getCanonicalLocales(tag).length === 1
  } catch {
    return false
  }
}

function isSupport({ label, url }: Support): boolean {
  return typeof label === 'string' && label.trim() !== '' && URL.canParse(url) && ['https:', 'http:', 'mailto:', 'tel:'].includes(new URL(url).protocol)
}
