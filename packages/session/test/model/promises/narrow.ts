/** P6 decision 18: a token for one job goes out with that job only, and never becomes the session's own. */
import type { Court, Promises } from '../oracle.ts'

export function narrow({ world, broken }: Court): Promises {
  /** What a token is good for; everything when nothing is said. */
  const jobOf = (token: string): string | undefined => world.server.loginOf(token)?.narrow.get(token)

  return {
    acted(tab, { call, token }) {
      if (token === undefined || token === '') return
      const job = jobOf(token)
      const wanted = call.what.startsWith('narrow ') ? JSON.stringify({ scope: call.what.slice('narrow '.length) }) : undefined
      if (job !== wanted) broken('P6', `${call.what} (call ${call.id}) of tab ${tab.id} was sent with a token for ${job ?? 'everything'}`)
    },
    wrote(_before, { live }) {
      if (live && jobOf(live.tokens.accessToken) !== undefined) broken('P6', `${live.tokens.accessToken}, which is for one job, became the session's own`)
      const written = JSON.stringify(live?.tokens)
      for (const login of live ? world.server.logins.values() : []) for (const token of login.narrow.keys()) if (written.includes(`"${token}"`)) broken('P6', `${token} is in the record`)
    },
  }
}
