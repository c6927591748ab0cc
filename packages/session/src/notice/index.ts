/**
 * The end of a session in words for a person: what happened, what was removed from this device, what stays theirs, what to do next.
 *
 * @module `@3dimli/session/notice`
 */
export { explainEnd } from './explain.ts'
export type { ExplainOptions, Notice, Support } from './explain.ts'
export type { Audience, AudienceWords, Catalogue, EndWords } from './catalogue.ts'
export { english } from './english.ts'
