/** A tab whose API says what a test wants. */
import { vi, type Mock } from 'vitest'
import type { SessionOptions } from '../src/options.ts'
import type { Answer } from '../src/authority.ts'
import { api, outcome, signedIn } from './scene.ts'

/** A tab whose API gives these answers one after the other, and then `ok`; what was sent, and what the authority was asked. */
export async function answering(responses: readonly (() => Response)[], options: Partial<SessionOptions> = {}) {
  const made = await signedIn({ options })
  const left = [...responses]
  const sent: string[] = []
  const asked: Mock<() => Promise<Answer>> = vi.fn(made.server.onSession)
  made.server.onSession = asked
  made.first.context.fetch = async (request) => {
    sent.push(request.headers.get('authorization')?.replace('Bearer ', '') ?? 'none')
    return left.shift()?.() ?? new Response('ok')
  }
  return { ...made, first: made.tabs[0]!, sent, asked, call: () => outcome(made.tabs[0]!.session.fetch(`${api}/x`)) }
}
