/** What each kind of security event does to the sessions it is about: OpenID CAEP 1.0 and RISC 1.0 in the words of the contract. */
import type { EndRequest, InitiatingEntity, Reason } from '../session.ts'

/** The claims of one event. */
export type EventClaims = Readonly<Record<string, unknown>>

const caep = 'https://schemas.openid.net/secevent/caep/event-type/'
const risc = 'https://schemas.openid.net/secevent/risc/event-type/'

/** What an event means for a session; `undefined` where it ends none. An account that may come back keeps its work. */
type Meaning = (event: EventClaims) => Pick<EndRequest, 'reason' | 'disposition'> | undefined

const because = (reason: Reason, disposition?: 'lock'): ReturnType<Meaning> => ({ reason, ...(disposition === undefined ? {} : { disposition }) })

const meanings: Readonly<Record<string, Meaning>> = {
  [`${caep}session-revoked`]: (event) => because(event['initiating_entity'] === 'user' ? 'signed-out-elsewhere' : 'policy'),
  // A new passkey or a renewed certificate ends nothing; a credential that is withdrawn, or another password, does.
  [`${caep}credential-change`]({ credential_type: type, change_type: change }) {
    if (type === 'password' || type === 'pin') return change === 'create' ? undefined : because('password-changed')
    return change === 'revoke' ? because('credential-compromised') : undefined
  },
  [`${risc}account-disabled`]: ({ reason }) => (reason === 'hijacking' ? because('credential-compromised') : because('account-suspended', 'lock')),
  [`${risc}account-purged`]: () => because('account-closed'),
  [`${risc}credential-compromise`]: () => because('credential-compromised'),
  [`${risc}sessions-revoked`]: () => because('policy'),
}

const entities: readonly unknown[] = ['admin', 'user', 'policy', 'system'] satisfies InitiatingEntity[]

/** Reads what is to be done about an event of this type; `undefined` for one that ends nothing, known or not. */
export function endFor(type: string, event: EventClaims): EndRequest | undefined {
  const meaning = Object.hasOwn(meanings, type) ? meanings[type]!(event) : undefined
  if (!meaning) return undefined
  const reasonUser = words(event['reason_user'])
  const reasonAdmin = words(event['reason_admin'])
  return {
    ...meaning,
    initiatingEntity: entities.includes(event['initiating_entity']) ? (event['initiating_entity'] as InitiatingEntity) : 'system',
    ...(reasonUser ? { reasonUser } : {}),
    ...(reasonAdmin ? { reasonAdmin: JSON.stringify(reasonAdmin) } : {}),
  }
}

/** Words by language, as CAEP has them. */
function words(value: unknown): Readonly<Record<string, string>> | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const entries = Object.entries(value).filter(([, text]) => typeof text === 'string')
  return entries.length === 0 ? undefined : (Object.fromEntries(entries) as Record<string, string>)
}
