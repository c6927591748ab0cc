/** Who is signed in, and where else. */
import type { Session } from '@3dimli/session'
import type { KyInstance } from 'ky'
import type { Queries, Query } from './queries.ts'

/** The person. */
export interface Person {
  readonly name: string
  readonly email: string
}

/** One sign-in of this account, on this device or another. */
export interface SignIn {
  readonly sid: string
  readonly current: boolean
  readonly device: string | null
  readonly location: string | null
  /** Seconds since 1970. */
  readonly auth_time: number
  readonly last_seen: number
}

/** The account. */
export interface Account {
  readonly me: Query<Person>
  readonly signIns: Query<readonly SignIn[]>
  endOne(sid: string): Promise<void>
  endOthers(): Promise<void>
}

/** Makes the account. The address of its sign-ins stands in the issuer's metadata. */
export function createAccount(session: Session, http: KyInstance, issuer: string, queries: Queries): Account {
  let known: Promise<string> | undefined
  const endpoint = (): Promise<string> => {
    known ??= fetch(`${issuer}/.well-known/openid-configuration`)
      .then(async (response) => ((await response.json()) as { sessions_endpoint: string }).sessions_endpoint)
      .catch((error: unknown) => {
        known = undefined
        throw error
      })
    return known
  }
  const ask = async (method: string, rest = ''): Promise<Response> => {
    const response = await session.fetch(`${await endpoint()}${rest}`, { method })
    if (!response.ok) throw new Error(`The list of sessions answered ${response.status}.`)
    return response
  }
  const signIns = queries.query(async () => (await (await ask('GET')).json()) as SignIn[])
  const end = async (rest: string): Promise<void> => {
    await queries.noted(ask('DELETE', rest))
    await signIns.load()
  }
  return {
    me: queries.query(() => http.get('me').json<Person>()),
    signIns,
    endOne: (sid) => end(`/${encodeURIComponent(sid)}`),
    endOthers: () => end('?except=current'),
  }
}
