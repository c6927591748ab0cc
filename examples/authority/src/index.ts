/** A real OpenID provider and marketplace API, to run everything against. */
export { startAuthority } from './authority.ts'
export type { Authority, AuthorityEvent, AuthorityOptions, RefreshInfo, RefreshOutcome } from './options.ts'
