/** Tells the server to revoke refresh tokens that are ours no more, however often it takes. */
import { settle } from './changes.ts'
import { underLock } from './lock.ts'
import type { Connection } from './authority.ts'
import type { Ports } from './ports.ts'
import type { SessionRecord } from './record.ts'
import type { GivenUp } from './row.ts'
import { deadline, unlessAborted, type Time } from './time.ts'
import { judge } from './verdict.ts'

const maxAgeMs = 30 * 86_400_000
const lockMs = 3_000
const answerMs = 5_000
const firstPauseMs = 5_000
const longestPauseMs = 300_000

/** What became of the tokens: all revoked, some still waiting, or the server has no way to. */
export type Remote = 'revoked' | 'queued' | 'unsupported'

/** The outbox of one context. */
export interface Outbox {
  /** Sends what waits, and again later what the server did not take. */
  flush(): Promise<Remote>
  stop(): void
}

/** Makes the outbox of one context. */
export function createOutbox(input: {
  readonly name: string
  readonly issuer: string
  readonly ports: Pick<Ports, 'lock' | 'clock'>
  readonly time: Time
  readonly record: SessionRecord
  readonly connection: Connection
}): Outbox {
  const { ports, time, record, connection, issuer } = input
  let running: Promise<Remote> | undefined
  let again = false
  let failures = 0
  let later: (() => void) | undefined
  let stopped = false
  /** The server has no way to revoke, as far as the last token showed. */
  let lacking = false

  const revoke = async (entry: GivenUp): Promise<Remote> => {
    if (!(await connection.features()).revocation) return 'unsupported'
    const bound = deadline(ports.clock, answerMs)
    const asking = connection.revoke({ token: entry.token, ...(entry.keys && { keys: entry.keys }), signal: bound.signal })
    const answer = await unlessAborted(asking, bound.signal).finally(bound.done)
    const verdict = judge(answer, { issuer, epochId: '' })
    if (verdict.kind === 'done') return 'revoked'
    return verdict.kind === 'misconfigured' && verdict.error === 'unsupported_token_type' ? 'unsupported' : 'queued'
  }

  /** Reads anew before each token: a sign-in meanwhile takes those out that it would suffer from. */
  const sendAll = async (tried: Set<string>): Promise<Remote> => {
    let remote: Remote = 'revoked'
    for (;;) {
      const row = await record.read()
      const entry = row?.outbox.find((candidate) => candidate.issuer === issuer && !tried.has(candidate.id))
      if (!entry) return remote
      tried.add(entry.id)
      const outcome = await revoke(entry).catch((): Remote => 'queued')
      if (outcome === 'queued') remote = 'queued'
      else lacking = outcome === 'unsupported'
      // Not dropped for its age alone, which a wrong clock could make up: it was just tried once more.
      if (outcome !== 'queued' || entry.at < time.now() - maxAgeMs) {
        await record.change((current) => settle(current, { ids: [entry.id] }))
      }
    }
  }

  const send = async (tried: Set<string>): Promise<Remote> => {
    const row = await record.read()
    if (!row?.outbox.some((entry) => entry.issuer === issuer)) return 'revoked'
    // Revoking twice harms nothing; waiting for a frozen tab would.
    return underLock(ports, `${input.name}:outbox`, lockMs, () => sendAll(tried))
  }

  const flush = (): Promise<Remote> => {
    if (running) {
      again = true
      return running
    }
    const run = async (): Promise<Remote> => {
      // Once each: what was tried is tried again after a pause; what came meanwhile is not left waiting.
      const tried = new Set<string>()
      let remote: Remote = 'revoked'
      do {
        again = false
        const outcome = await send(tried).catch((): Remote => 'queued')
        if (remote !== 'queued') remote = outcome
      } while (again)
      return remote === 'revoked' && lacking ? 'unsupported' : remote
    }
    running = run().then((remote) => {
      running = undefined
      failures = remote === 'queued' ? failures + 1 : 0
      later?.()
      if (remote === 'queued' && !stopped) {
        later = ports.clock.timer(Math.min(firstPauseMs * 2 ** Math.min(failures, 8), longestPauseMs), () => void flush())
      }
      return remote
    })
    return running
  }

  return {
    flush,
    stop() {
      stopped = true
      later?.()
    },
  }
}
