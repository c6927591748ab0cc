/** A sign-in in another program, whose answer comes back to this process (RFC 8252), where there is no page to leave. */
import { generateRandomState } from 'oauth4webapi'
import { isSessionError } from '../../errors.ts'
import type { Grant, SignInOptions } from '../../authority.ts'
import type { Address, SignInOutcome, WayBack } from '../../ports.ts'
import { deadline, unlessAborted } from '../../time.ts'
import { failed, type Means } from './grant.ts'
import type { Server } from './server.ts'
import { authorize, redeem } from './sign-in.ts'

/** How long a person may take. */
const personMs = 300_000
const exchangeMs = 30_000

/** Shows the person the server's pages and resolves when what they brought has begun; the way back is closed by then. */
export async function signInByLoopback(
  means: Means,
  server: Server,
  listen: NonNullable<Address['listen']>,
  wish: SignInOptions & { readonly signal: AbortSignal },
  input: { readonly again: boolean; readonly begin: (grant: Grant) => Promise<void> },
): Promise<void> {
  const { options } = means
  const { signal } = wish
  const state = generateRandomState()
  signal.throwIfAborted()
  const way = await listen({ redirectUri: options.redirectUri, state, signal }).catch((error: unknown) => {
    throw signal.aborted || error instanceof TypeError ? error : failed('no_listener', error)
  })
  let outcome: SignInOutcome = 'failed'
  try {
    const { url, flow } = await authorize(options, server, wish, { again: input.again, state, redirectUri: way.redirectUri })
    const answer = await inTime(means, personMs, signal, () => arrival(means, way, url))
    const grant = await inTime(means, exchangeMs, signal, (late) =>
      redeem(means, async () => server, flow, { answer: answer.searchParams, redirectUri: way.redirectUri, signal: late }))
    await input.begin(grant)
    outcome = 'signed-in'
  } catch (error) {
    const word = isSessionError(error, 'sign-in-failed') ? error.details.error : undefined
    if (word === 'access_denied') outcome = 'refused'
    if (word === 'timeout') outcome = 'timeout'
    throw error
  } finally {
    await way.close(outcome)
  }
}

/** The answer; an address that cannot be shown will never have one. */
function arrival({ io }: Means, way: WayBack, url: URL): Promise<URL> {
  const shown = (async () => io.address.go(url))()
  return new Promise((resolve, reject) => {
    way.answer.then(resolve, reject)
    // What it rejects with may hold the address.
    shown.catch(() => reject(failed('no_browser')))
  })
}

/** Does something for no longer than `ms`; what fails then is a `timeout`, and after an abort the abort itself. */
async function inTime<T>({ io }: Means, ms: number, signal: AbortSignal, work: (late: AbortSignal) => Promise<T>): Promise<T> {
  const { signal: late, done } = deadline(io.clock, ms, signal)
  try {
    return await unlessAborted(work(late), late)
  } catch (error) {
    signal.throwIfAborted()
    throw late.aborted ? failed('timeout') : error
  } finally {
    done()
  }
}
