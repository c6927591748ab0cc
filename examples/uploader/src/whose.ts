/** Who is signed in, told from everybody else. */
import type { Session } from '@3dimli/session'

/** Names the person; undefined while nobody is signed in. */
export function personIn({ state }: Session): string | undefined {
  return state.status === 'active' || state.status === 'fenced' ? JSON.stringify([state.session.issuer, state.session.subject]) : undefined
}

/** Whether somebody else is signed in than a person; what is nobody's yet may be anybody's. */
export function isAnother(session: Session, person: string | undefined): boolean {
  const now = personIn(session)
  return now !== undefined && person !== undefined && now !== person
}
