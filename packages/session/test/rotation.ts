/** A token endpoint that rotates: a spent token presented again is theft, and the grant is gone, unless the server repeats its answers. */
import type { Answer, TokenAnswer } from '../src/authority.ts'
import type { ScriptedAuthority, ScriptedRefresh } from '../src/testing/index.ts'
import { mergeTokens } from '../src/tokens.ts'

export interface Rotation {
  /** How often a spent token was presented. */
  thefts: number
  /** How many tokens were spent. */
  spent: number
  /** What happens to the next answers once the grant is spent: `lost` on the way, or `never` given, one for each. */
  readonly faults: ('lost' | 'never')[]
  /** What each spent token was spent for: a scope, or `all`. */
  readonly jobs: string[]
  /** How many requests there were at once, at most. */
  most: number
}

const refused: Answer = { from: 'token', status: 400, body: { error: 'invalid_grant' } }

/** Makes the server of a scene rotate. */
export function rotating(server: ScriptedAuthority, { idempotent, first, lifetimeSeconds = 300 }: { readonly idempotent: boolean; readonly first: string; readonly lifetimeSeconds?: number }): Rotation {
  const rotation: Rotation = { thefts: 0, spent: 0, faults: [], jobs: [], most: 0 }
  const kept = new Map<string, { readonly presented: string; readonly job: string; readonly answer: () => TokenAnswer }>()
  let current: string | undefined = first
  server.features = { ...server.features, idempotent }

  const answer = ({ refreshToken = '', attemptId, narrow }: ScriptedRefresh): TokenAnswer | Promise<TokenAnswer> => {
    const job = narrow?.scope ?? 'all'
    const known = idempotent ? kept.get(attemptId) : undefined
    if (known?.presented === refreshToken) return known.job === job ? known.answer() : { answer: { from: 'token', status: 422, body: { error: 'invalid_request' } } }
    if (refreshToken !== current) {
      rotation.thefts += 1
      current = undefined
      return { answer: refused }
    }
    rotation.spent += 1
    rotation.jobs.push(job)
    current = `${first}.${rotation.spent}`
    const response = { access_token: `at.${rotation.spent}`, token_type: 'Bearer', expires_in: lifetimeSeconds, refresh_token: current, scope: narrow?.scope }
    // A repeated answer says the lifetime that it said at first.
    const given = (): TokenAnswer => ({ tokens: mergeTokens(undefined, response, server.now()) })
    kept.set(attemptId, { presented: refreshToken, job, answer: given })
    const fault = rotation.faults.shift()
    if (fault === 'never') return new Promise(() => {})
    return fault === 'lost' ? { answer: { from: 'token', failed: 'network' } } : given()
  }

  let open = 0
  server.onRefresh = async (refresh) => {
    open += 1
    rotation.most = Math.max(rotation.most, open)
    // Two that are there at once are seen at once.
    await Promise.resolve()
    try {
      return await answer(refresh)
    } finally {
      open -= 1
    }
  }
  return rotation
}
