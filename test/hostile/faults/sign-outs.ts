// What a sign-out meets: of the other faults one of each kind, each with the tags of what a sign-out shows there.
import { connections } from './connections.ts'
import type { NamedFault } from './fault.ts'
import { intermediaries } from './intermediaries.ts'

/** A 200 that is no HTML is not here: so says a server that did as it was told (RFC 7009 section 2.2), whoever said it. */
const chosen: readonly Pick<NamedFault, 'name' | 'tags'>[] = [
  { name: 'a captive portal that says 200 and HTML', tags: 'B6 B2' },
  { name: 'a captive portal that no page may read', tags: 'B6 B2' },
  { name: 'HTML that claims to be JSON', tags: 'B6 B2' },
  { name: 'an empty 401', tags: 'B6 B2' },
  { name: 'the 403 of an identity-aware proxy', tags: 'B6 B2' },
  { name: 'a redirect to a login page of the same origin', tags: 'B6 B2' },
  { name: 'a redirect to a login page elsewhere', tags: 'B6 B2' },
  { name: 'a 404', tags: 'B6 B2' },
  { name: 'a 407', tags: 'B6 B2' },
  { name: 'the 502 of a gateway whose server starts', tags: 'B6 B2' },
  { name: 'a 511 that wants a sign-in to the network', tags: 'B6 B2' },
  { name: 'a connection reset at once', tags: 'B6' },
  { name: 'a black hole: accepted and never answered', tags: 'B6 A13' },
  { name: 'the answer lost after the server acted', tags: 'B6' },
]

export const signOuts: readonly NamedFault[] = chosen.map((row) => {
  const fault = [...intermediaries, ...connections].find(({ name }) => name === row.name)
  if (!fault) throw new Error(`no fault is called "${row.name}"`)
  return { ...fault, ...row }
})
