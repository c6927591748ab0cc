/** A sender of security events that is asked for them, RFC 8936, over real HTTP. */
import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A question, as it came. */
export interface Question {
  readonly maxEvents?: number
  readonly returnImmediately?: boolean
  readonly ack?: readonly string[]
  readonly setErrs?: Readonly<Record<string, { readonly err: string; readonly description: string }>>
}

/** A running sender. */
export interface Transmitter {
  readonly endpoint: string
  readonly questions: readonly Question[]
  readonly authorizations: readonly (string | undefined)[]
  /** How many questions were given up by who asked. */
  readonly givenUp: number
  /** Has not been acknowledged or refused. */
  readonly waiting: ReadonlyMap<string, string>
  publish(sets: Readonly<Record<string, string>>): void
  /** Answers the next questions with these, one each, instead of what is due. */
  misbehave(...answers: ((response: ServerResponse) => void)[]): void
  close(): void
}

/** Starts one. A question that nothing can be said to is held, as the RFC has it, unless it asks otherwise. */
export async function startTransmitter(): Promise<Transmitter> {
  const questions: Question[] = []
  const authorizations: (string | undefined)[] = []
  const waiting = new Map<string, string>()
  const oddities: ((response: ServerResponse) => void)[] = []
  let held: (() => void)[] = []
  let givenUp = 0

  const http = createServer(async (request, response) => {
    let text = ''
    response.on('close', () => {
      if (!response.writableEnded) givenUp += 1
    })
    for await (const chunk of request) text += String(chunk)
    const question = JSON.parse(text) as Question
    questions.push(question)
    authorizations.push(request.headers.authorization)
    const oddity = oddities.shift()
    if (oddity) return oddity(response)
    for (const jti of [...(question.ack ?? []), ...Object.keys(question.setErrs ?? {})]) waiting.delete(jti)
    const answer = () => {
      const sets = Object.fromEntries([...waiting].slice(0, question.maxEvents))
      response.setHeader('content-type', 'application/json')
      response.end(JSON.stringify({ sets, ...(waiting.size > Object.keys(sets).length ? { moreAvailable: true } : {}) }))
    }
    if (waiting.size > 0 || question.returnImmediately === true) answer()
    else held.push(answer)
  }).listen(0, '127.0.0.1')
  // A connection that is closed while it rests would be one more failure now and then.
  http.keepAliveTimeout = 300_000
  await once(http, 'listening')

  return {
    endpoint: `http://127.0.0.1:${(http.address() as AddressInfo).port}/stream`,
    questions,
    authorizations,
    waiting,
    get givenUp() {
      return givenUp
    },
    publish(sets) {
      for (const [jti, set] of Object.entries(sets)) waiting.set(jti, set)
      const answers = held
      held = []
      for (const answer of answers) answer()
    },
    misbehave: (...answers) => void oddities.push(...answers),
    close() {
      http.close()
      http.closeAllConnections()
    },
  }
}
