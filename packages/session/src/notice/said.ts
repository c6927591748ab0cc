/** The server's own words for the person, as text, in the language that suits them best. */
import type { SessionEnd } from '../end.ts'

/** Words of the server. */
export interface Said {
  /** Plain text on one line: to be shown as text, never as markup. */
  readonly text: string
  /** The language tag they were sent under. */
  readonly language: string
}

/** Picks the words whose language fits first: tag by tag, each shortened from its end (RFC 4647 section 3.4), then English, then any. */
export function said({ reasonUser = {} }: Pick<SessionEnd, 'reasonUser'>, languages: readonly string[]): Said | undefined {
  const offered = Object.entries(reasonUser).map(([language, text]) => ({ language, text: onOneLine(text) })).filter(({ text }) => text !== '')
  for (const tag of [...languages, 'en'].map((language) => language.toLowerCase())) {
    for (let range = tag; range !== ''; range = range.slice(0, Math.max(0, range.lastIndexOf('-')))) {
      const found = offered.find(({ language }) => `${language.toLowerCase()}-`.startsWith(`${range}-`))
      if (found) return found
    }
  }
  return offered[0]
}

/** A terminal would obey control characters, and a sentence needs none. */
function onOneLine(text: string): string {
  return text.replaceAll(/[\p{Cc}\s]+/gu, ' ').trim()
}
