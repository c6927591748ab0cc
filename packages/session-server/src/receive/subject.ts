/** Whom an event is about: subject identifiers of RFC 9493 and the Shared Signals Framework, and the sessions they name. */
import type { SessionServer } from '../server.ts'

/** One identifier of somebody or something, RFC 9493 section 3.2 and SSF 1.0. */
export type SimpleSubject =
  | { readonly format: 'iss_sub'; readonly iss: string; readonly sub: string }
  | { readonly format: 'opaque'; readonly id: string }
  | { readonly format: 'email'; readonly email: string }
  | { readonly format: 'phone_number'; readonly phone_number: string }
  | { readonly format: 'account'; readonly uri: string }
  | { readonly format: 'uri'; readonly uri: string }
  | { readonly format: 'did'; readonly url: string }
  | { readonly format: 'jwt_id'; readonly iss: string; readonly jti: string }
  | { readonly format: 'saml_assertion_id'; readonly issuer: string; readonly assertion_id: string }

/** Several identifiers that say together whom an event is about, SSF 1.0 section "Complex Subjects". */
export interface ComplexSubject {
  readonly format: 'complex'
  readonly session?: SimpleSubject
  readonly user?: SimpleSubject
  /** `device`, `tenant` and whatever else the sender and the receiver agreed upon. */
  readonly [member: string]: SimpleSubject | 'complex' | undefined
}

/** Whom an event is about. */
export type Subject = SimpleSubject | ComplexSubject

const required: Readonly<Record<string, readonly string[]>> = {
  iss_sub: ['iss', 'sub'],
  opaque: ['id'],
  email: ['email'],
  phone_number: ['phone_number'],
  account: ['uri'],
  uri: ['uri'],
  did: ['url'],
  jwt_id: ['iss', 'jti'],
  saml_assertion_id: ['issuer', 'assertion_id'],
}

/** Reads an identifier: `undefined` for a format that is not known here, 'malformed' for one that lacks what its format demands. */
export function readSubject(value: unknown): Subject | 'malformed' | undefined {
  if (!isObject(value) || typeof value['format'] !== 'string') return 'malformed'
  const { format, ...members } = value
  if (format !== 'complex') return readSimple(value)
  const read = Object.entries(members).map(([name, member]) => [name, isObject(member) ? readSimple(member) : 'malformed'] as const)
  if (read.length === 0 || read.some(([, member]) => member === 'malformed')) return 'malformed'
  // Left out, it would be every session of its user that is meant.
  if (read.some(([name, member]) => name === 'session' && member === undefined)) return undefined
  return Object.fromEntries([...read.filter(([, member]) => member !== undefined), ['format', format]]) as ComplexSubject
}

function readSimple(value: Readonly<Record<string, unknown>>): SimpleSubject | 'malformed' | undefined {
  const { format } = value
  if (typeof format !== 'string' || format === 'complex') return 'malformed'
  if (!Object.hasOwn(required, format)) return undefined
  const members = required[format]!.map((name) => [name, value[name]])
  if (members.some(([, member]) => typeof member !== 'string' || member === '')) return 'malformed'
  return { format, ...Object.fromEntries(members) } as SimpleSubject
}

/** Finds the sessions that a subject means by itself: `session` names a `sid`, `user` a subject of this issuer. What names neither means none, never all. */
export async function sessionsOf(server: Pick<SessionServer, 'get' | 'list'>, issuer: string, about: Subject): Promise<readonly string[]> {
  const subjectOf = (user: SimpleSubject | undefined) =>
    user?.format === 'opaque' ? user.id : user?.format === 'iss_sub' && user.iss === issuer ? user.sub : undefined
  const ofSubject = async (subject: string | undefined) => (subject === undefined ? [] : (await server.list(subject)).map(({ sid }) => sid))

  if (about.format !== 'complex') {
    // CAEP names a session by an opaque identifier alone, and some senders their users.
    if (about.format === 'opaque' && (await server.get(about.id))) return [about.id]
    return ofSubject(subjectOf(about))
  }
  const { session, user } = about
  if (session === undefined) return ofSubject(subjectOf(user))
  const row = session.format === 'opaque' ? await server.get(session.id) : undefined
  // A session that belongs to another than is named with it is not the one that is meant; what a row does not know it cannot contradict.
  const comparable = user?.format === 'opaque' || user?.format === 'iss_sub'
  return row && (!comparable || row.subject === subjectOf(user)) ? [row.sid] : []
}

/** Whether it is this session that is named, and not only somebody who has it. */
export function namesSession(about: Subject, sid: string): boolean {
  return about.format === 'complex' ? about.session !== undefined : about.format === 'opaque' && about.id === sid
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
