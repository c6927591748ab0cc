/** Tokens for one job: had by spending the refresh token, kept in the memory of this context, gone with the session. */
import type { Refresh, Refreshed } from './refresh.ts'
import type { Sending } from './request.ts'
import type { TokenSource } from './source.ts'
import type { Time } from './time.ts'
import type { Narrowing, TokenSet } from './tokens.ts'

/** A server that does not grant a job is asked again no sooner. */
const refusedMs = 60_000
/** RFC 6749 section 3.3. */
const scopes = /^[\x21\x23-\x5b\x5d-\x7e]+(?: [\x21\x23-\x5b\x5d-\x7e]+)*$/

/** What a token is to be good for; one of the two is needed. */
export interface NarrowOptions {
  /** Scopes of the session, separated by spaces (RFC 6749 section 3.3). */
  readonly scope?: string
  /** Where the token is to be used: absolute addresses without a fragment (RFC 8707 section 2). */
  readonly resource?: string | URL | readonly (string | URL)[]
}

/** Requests with a token that can do one job only; the rules and errors are those of the session's own. */
export type Narrow = Pick<Sending, 'authorize'> & {
  fetch(input: RequestInfo | URL, init?: RequestInit): Promise<Response>
}

interface Kept {
  readonly epochId: string
  readonly tokens?: TokenSet
  readonly refused?: { readonly answer: Refreshed; readonly until: number }
}

/** Reads what a token is to be good for, so that equal jobs look equal; throws a `TypeError` that names the wrong option. */
export function readNarrow(options: NarrowOptions): Narrowing {
  if (typeof options !== 'object' || options === null) throw new TypeError('narrow() needs an object with "scope" or "resource"')
  for (const name of Object.keys(options)) if (name !== 'scope' && name !== 'resource') throw new TypeError(`"${name}" is no option of narrow()`)
  const { scope, resource } = options
  if (scope === undefined && resource === undefined) throw new TypeError('narrow() needs "scope" or "resource"')
  if (scope !== undefined && (typeof scope !== 'string' || !scopes.test(scope))) throw new TypeError('"scope" must be scopes separated by single spaces')
  const resources = resource === undefined ? undefined : [resource].flat().map(String)
  if (resources && (resources.length === 0 || !resources.every((each) => URL.canParse(each) && !each.includes('#')))) {
    throw new TypeError('"resource" must be an absolute address without a fragment, or a list of them')
  }
  return { ...(scope !== undefined && { scope: inOrder(scope.split(' ')).join(' ') }), ...(resources && { resource: inOrder(resources) }) }
}

/** Makes the sources of one context's narrow tokens; equal jobs share one token. */
export function createNarrowing({ refresh, time }: { readonly refresh: Refresh; readonly time: Time }): (narrow: Narrowing) => TokenSource {
  const all = new Map<string, Kept>()

  return (narrow) => {
    const key = JSON.stringify(narrow)
    const keptOf = (epochId: string): Kept | undefined => {
      const kept = all.get(key)
      return kept?.epochId === epochId ? kept : undefined
    }
    return {
      held: ({ epoch }) => keptOf(epoch.id)?.tokens,
      async renew({ epochId, signal }, _row, sent) {
        const before = keptOf(epochId)
        if (before?.tokens && before.tokens !== sent) return { kind: 'ready' }
        if (before?.refused && time.now() < before.refused.until) return before.refused.answer
        const came = await refresh.mint(epochId, narrow)
        const answer: Refreshed = came.kind === 'ready' && !isWithin(came.minted?.scope, narrow.scope) ? { kind: 'verdict', verdict: { kind: 'misconfigured', error: 'scope_not_narrowed' } } : came
        // What comes after the end is nobody's.
        if (signal.aborted) return answer
        if (!keptOf(epochId)) signal.addEventListener('abort', () => all.delete(key), { once: true })
        if (answer.kind === 'ready' && answer.minted) all.set(key, { epochId, tokens: answer.minted })
        if (answer.kind === 'verdict' && answer.verdict.kind === 'misconfigured') all.set(key, { ...before, epochId, refused: { answer, until: time.now() + refusedMs } })
        return answer
      },
    }
  }
}

/** Whether a token can do no more than was asked for. */
function isWithin(granted = '', asked: string | undefined): boolean {
  return asked === undefined || granted.split(' ').every((scope) => scope === '' || asked.split(' ').includes(scope))
}

function inOrder(names: readonly string[]): string[] {
  return [...new Set(names)].sort()
}
