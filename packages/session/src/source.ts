/** The token that a request is sent with, and how another is had when it works no longer. */
import { SessionError } from './errors.ts'
import type { Captured } from './feature.ts'
import type { Gate, LiveRow } from './gate.ts'
import type { SessionRecord } from './record.ts'
import type { Refresh, Refreshed } from './refresh.ts'
import type { Revocation } from './revocation.ts'
import { unlessAborted, type Time } from './time.ts'
import { freshness, type TokenSet } from './tokens.ts'
import type { Verdict } from './verdict.ts'

/** Where the token of a request comes from. */
export interface TokenSource {
  /** The token to send under this row, if there is one. */
  held(row: LiveRow): TokenSet | undefined
  /** Brings another one than was sent under this row. */
  renew(captured: Captured, row: LiveRow, sent: TokenSet | undefined): Promise<Refreshed>
}

/** A row, and the token to send under it. */
export interface Ready {
  readonly row: LiveRow
  readonly tokens: TokenSet
}

/** The tokens of one context. */
export interface Tokens {
  /** The session's own. */
  readonly own: TokenSource
  /** Passes the gate with a token that still works. */
  ready(source: TokenSource, captured: Captured, signal: AbortSignal | undefined): Promise<Ready>
  /** Brings a newer token, or does what the server said instead. */
  renew(source: TokenSource, captured: Captured, row: LiveRow, sent: TokenSet | undefined): Promise<Verdict | 'ready' | 'unable'>
}

/** Makes the tokens of one context. */
export function createTokens({ time, gate, record, refresh, revocation }: {
  readonly time: Time
  readonly gate: Gate
  readonly record: SessionRecord
  readonly refresh: Refresh
  readonly revocation: Revocation
}): Tokens {
  const own: TokenSource = {
    held: ({ live }) => live.tokens,
    renew: ({ epochId }, { generation }) => refresh.after(epochId, generation),
  }

  const renew: Tokens['renew'] = async (source, captured, row, sent) => {
    const refreshed = await source.renew(captured, row, sent)
    if (refreshed.kind === 'unable') return 'unable'
    if (refreshed.kind === 'verdict') {
      await revocation.act(captured.epochId, refreshed.verdict)
      return refreshed.verdict
    }
    return 'ready'
  }

  const ready: Tokens['ready'] = async (source, captured, signal) => {
    let minted = false
    for (;;) {
      const row = await gate.pass(captured, signal)
      const tokens = source.held(row)
      if (tokens) {
        const age = freshness(tokens, time.now())
        // A token that was just made is used at least once, and one that cannot be renewed is for the server to judge, whatever our clock says.
        if (age === 'fresh' || minted || row.live.tokens.refreshToken === undefined) return { row, tokens }
        if (age === 'due') {
          renew(source, captured, row, tokens).catch(() => undefined)
          return { row, tokens }
        }
      }
      const renewed = await unlessAborted(renew(source, captured, row, tokens), signal, captured.signal)
      minted = true
      if (renewed === 'unable') {
        if (tokens) return { row, tokens }
        throw new SessionError('misconfigured', { error: 'no_refresh_token' })
      }
      if (renewed !== 'ready' && (source !== own || record.view()?.generation === row.generation)) {
        // Throws what the end was, where there was one.
        await gate.pass(captured, signal)
        // What held the call back and was lifted again is no failure.
        if (renewed.kind !== 'suspended') throw failureOf(renewed)
        minted = false
      }
    }
  }

  return { own, ready, renew }
}

function failureOf(verdict: Verdict): SessionError {
  if (verdict.kind === 'misconfigured') return new SessionError('misconfigured', { error: verdict.error })
  return new SessionError('unreachable', verdict.kind === 'transient' && verdict.retryAfterMs !== undefined ? { retryAfterMs: verdict.retryAfterMs } : {})
}
