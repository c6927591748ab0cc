// Servers that ask to be left alone for a while, and what clocks do to how they say it.
import type { Fault } from '../proxy.ts'

const dayMs = 86_400_000
const http = (at: number): string => new Date(at).toUTCString()

export interface PauseFault {
  readonly name: string
  readonly tags: string
  readonly status: 429 | 503
  /** What is asked for, ms; absent: what was said means nothing, and only the client's own pause holds. */
  readonly pauseMs?: number
  /** The headers of the refusal, made when it is said. */
  readonly headers: () => Record<string, string>
}

const pauseMs = 4_000
/** Dates know no milliseconds: of four seconds asked for at the end of one, a little more than three are left. */
const datedMs = pauseMs - 1_000

export const pauses: readonly PauseFault[] = [
  { name: '429 in seconds', tags: 'A14', status: 429, pauseMs, headers: () => ({ 'retry-after': '4' }) },
  { name: '503 in seconds', tags: 'A14', status: 503, pauseMs, headers: () => ({ 'retry-after': '4' }) },
  { name: '429 as a date', tags: 'A14', status: 429, pauseMs: datedMs, headers: () => ({ 'retry-after': http(Date.now() + pauseMs) }) },
  { name: '503 as a date', tags: 'A14', status: 503, pauseMs: datedMs, headers: () => ({ 'retry-after': http(Date.now() + pauseMs) }) },
  { name: '429 as a date of a server a day ahead', tags: 'A14 C1', status: 429, pauseMs: datedMs, headers: () => ({ date: http(Date.now() + dayMs), 'retry-after': http(Date.now() + dayMs + pauseMs) }) },
  { name: '429 as a date of a server a day behind', tags: 'A14 C1', status: 429, pauseMs: datedMs, headers: () => ({ date: http(Date.now() - dayMs), 'retry-after': http(Date.now() - dayMs + pauseMs) }) },
  { name: '429 as a date without a Date', tags: 'A14 C1', status: 429, headers: () => ({ date: '', 'retry-after': http(Date.now() + pauseMs) }) },
  { name: '429 as a date beside a Date that is none', tags: 'A14 C1', status: 429, headers: () => ({ date: 'yesterday', 'retry-after': http(Date.now() + pauseMs) }) },
  { name: '429 with a date that is over', tags: 'A14', status: 429, headers: () => ({ 'retry-after': http(Date.now() - pauseMs) }) },
  { name: '429 with a pause that is none', tags: 'A14', status: 429, headers: () => ({ 'retry-after': 'soon' }) },
  { name: '429 with a negative pause', tags: 'A14', status: 429, headers: () => ({ 'retry-after': '-5' }) },
  { name: '429 without a pause', tags: 'A14', status: 429, headers: () => ({}) },
]

export function refuse({ status, headers }: Pick<PauseFault, 'status' | 'headers'>): Fault {
  return ({ response, readable }) => {
    const { date = http(Date.now()), ...others } = headers()
    response.sendDate = false
    response.writeHead(status, { ...readable, ...others, ...(date !== '' && { date }) }).end()
  }
}

export interface ClockFault {
  readonly name: string
  /** The Date of every answer; undefined takes it away. */
  readonly date: () => string | undefined
}

export const clocks: readonly ClockFault[] = [
  { name: 'a server whose Date is a day ahead', date: () => http(Date.now() + dayMs) },
  { name: 'a server whose Date is a day behind', date: () => http(Date.now() - dayMs) },
  { name: 'a server without a Date', date: () => undefined },
  { name: 'a server whose Date is none', date: () => 'Thu, 99 Foo 20xx' },
  { name: 'a server whose Date is of 1970', date: () => http(0) },
]

export function redate({ date }: ClockFault): Fault {
  return async ({ forward, pass, response }) => {
    const answer = await forward()
    const said = date()
    delete answer.headers.date
    response.sendDate = false
    pass(answer, said === undefined ? {} : { date: said })
  }
}
