/** The way to the server and back: what is lost, late, or answered by somebody in between. */
import type { Said } from './server.ts'
import type { Schedule } from './schedule.ts'

export type Line = 'token' | 'session' | 'resource' | 'revocation' | 'feed' | 'metadata'

/** What happens to one exchange. */
export type Fault =
  | 'lost-on-the-way' | 'lost-answer' | 'never-arrives' | 'never-answered' | 'late-request' | 'late-answer'
  | 'error-500' | 'gateway-504' | 'too-many' | 'html' | 'bare-401' | 'forbidden' | 'invalid-grant' | 'unknown-session' | 'other-session' | 'old-event'

export interface Exchange<A> {
  readonly owner: number
  readonly line: Line
  readonly what: string
  readonly signal: AbortSignal
  /** What the server does when it arrives. */
  readonly serve: () => Said<A>
  /** What comes in place of an answer. */
  readonly instead: (fault: Fault) => A | undefined
  readonly answered?: (said: Said<A>) => void
}

export interface Network {
  offline: boolean
  /** What happens to the next exchanges of each line. */
  readonly faults: Map<Line, Fault[]>
  send<A>(exchange: Exchange<A>): Promise<A>
  /** How many exchanges were harmed. */
  harmed: number
}

/** How late the late ones are, in turn, ms: within and beyond what the SDK waits for. */
const delays = [7_000, 500, 9_000, 3_000, 15_000]

/** Makes the network. */
export function createNetwork(schedule: Schedule, delivered: (owner: number, said: Said<unknown>) => void): Network {
  let lateOnes = 0
  const late = (): number => delays[lateOnes++ % delays.length] ?? 0

  const network: Network = {
    offline: false,
    faults: new Map(),
    harmed: 0,
    send: <A>({ owner, line, what, signal, serve, instead, answered }: Exchange<A>) =>
      new Promise<A>((resolve, reject) => {
        const fault = network.faults.get(line)?.shift()
        if (fault) network.harmed += 1
        const done = { yet: false }
        const giveUp = (): void => {
          done.yet = true
          reject(signal.reason as Error)
        }
        if (signal.aborted) return giveUp()
        signal.addEventListener('abort', giveUp, { once: true })

        const fail = (): void => {
          schedule.add(owner, `${what}: no network`, () => reject(new TypeError('Failed to fetch')), schedule.delay(40))
        }
        const arrive = (said: Said<A>, delay: number): void => {
          schedule.add(owner, `${what}: the answer`, () => {
            if (done.yet) return
            signal.removeEventListener('abort', giveUp)
            if (said.proof || said.brings !== undefined) delivered(owner, said)
            answered?.(said)
            resolve(said.answer)
          }, delay)
        }
        const between = fault && instead(fault)

        if (network.offline || fault === 'lost-on-the-way') return fail()
        if (fault === 'never-arrives') return
        if (between !== undefined && fault !== 'gateway-504') return arrive({ answer: between }, schedule.delay(40))
        schedule.add(undefined, `${what}: reaches the server`, () => {
          const said = serve()
          if (between !== undefined) return arrive({ answer: between }, schedule.delay(40))
          if (fault === 'lost-answer') return fail()
          if (fault === 'never-answered') return
          arrive(said, fault === 'late-answer' ? late() : schedule.delay(40))
        }, fault === 'late-request' ? late() : schedule.delay(40))
      }),
  }
  return network
}
