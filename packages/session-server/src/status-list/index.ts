/** Status lists (IETF Token Status List): how clients learn of an end from a CDN when the session server cannot be reached. @module */
export { createStatusLists, type StatusLists } from './status-lists.ts'
export type { StatusListOptions } from './options.ts'
export type { StatusListClaims } from './publication.ts'
