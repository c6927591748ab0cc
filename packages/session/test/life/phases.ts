/** The phases in which a session can be stopped, and how a tab is brought into each. */
import { api, problem, turns, type scene } from '../scene.ts'
import { halt, type Halt, type Stage } from './stage.ts'

/** What is under way. */
interface Reached {
  readonly calls: readonly Promise<unknown>[]
  /** Let go right after the stop. */
  readonly halted: Halt
  /** To be mended before the next start. */
  readonly later?: () => void
}

/** One phase. */
export interface Phase {
  readonly title: string
  readonly options?: Parameters<typeof scene>[0]
  readonly lifetimeSeconds?: number
  /** Brings the tab there. */
  readonly reach: (stage: Stage) => Promise<Reached>
  /** Whether somebody is signed in once it is all over. */
  readonly live: boolean
}

/** Calls that are under way now, and what they wait for. */
const reachedBy = async (halted: Halt, ...calls: Promise<unknown>[]): Promise<Reached> => {
  // A call that fails at once has a caller, too.
  for (const call of calls) call.catch(() => undefined)
  await turns()
  return { calls, halted }
}

/** Everything that can be under way when a session is stopped. */
export const phases: readonly Phase[] = [
  {
    title: 'the record is read for the first time', live: true,
    async reach({ made: { first }, read }) {
      first.session.stop()
      read.stands = true
      return reachedBy(read, first.session.start(), first.session.fetch(`${api}/x`))
    },
  },
  {
    title: 'a sign-in that came back is completed', live: true,
    async reach({ made: { first, server }, complete }) {
      first.session.stop()
      server.pending = server.grant('jonas')
      complete.stands = true
      return reachedBy(complete, first.session.start())
    },
  },
  {
    title: 'a session begins', live: true,
    async reach({ made: { first }, write }) {
      write.stands = true
      return reachedBy(write, first.session.adopt({ accessToken: 'at', subject: 'mira', sid: 's' }))
    },
  },
  {
    title: 'another person takes the place of the first', live: true,
    async reach({ made: { first }, erase }) {
      await first.session.register({ kind: 'opfs', path: 'x' })
      erase.stands = true
      return reachedBy(erase, first.session.adopt({ accessToken: 'at', subject: 'jonas', sid: 's' }))
    },
  },
  {
    title: 'the tokens are refreshed', lifetimeSeconds: 5, live: true,
    async reach({ made: { first, device, server } }) {
      const answer = halt()
      answer.stands = true
      const { onRefresh } = server
      server.onRefresh = (refresh, signal) => answer.pass().then(() => onRefresh(refresh, signal))
      await device.clock.advance(6_000)
      return reachedBy(answer, first.session.fetch(`${api}/x`), first.session.authorize({ method: 'GET', url: `${api}/x` }))
    },
  },
  {
    title: 'what a refresh brought is written', lifetimeSeconds: 5, live: true,
    async reach({ made: { first, device, server }, write }) {
      const { onRefresh } = server
      server.onRefresh = (refresh, signal) => {
        write.stands = true
        return onRefresh(refresh, signal)
      }
      await device.clock.advance(6_000)
      return reachedBy(write, first.session.fetch(`${api}/x`))
    },
  },
  {
    title: 'another tab holds the lock of the refresh', lifetimeSeconds: 5, options: { tabs: 2 }, live: true,
    async reach({ made: { first, second, device, server } }) {
      const answer = halt()
      answer.stands = true
      server.features = { ...server.features, idempotent: false }
      const { onRefresh } = server
      server.onRefresh = (refresh, signal) => answer.pass().then(() => onRefresh(refresh, signal))
      await device.clock.advance(6_000)
      const held = second.session.fetch(`${api}/x`)
      await turns()
      return reachedBy(answer, first.session.fetch(`${api}/x`), held)
    },
  },
  {
    title: 'the server is asked', live: true,
    async reach({ made: { first, server } }) {
      const answer = halt()
      answer.stands = true
      const { onSession } = server
      server.onSession = () => answer.pass().then(onSession)
      return reachedBy(answer, first.session.confirm(), first.session.assertFresh({ withinMs: 0 }))
    },
  },
  {
    title: 'a doubt holds calls back', live: true,
    async reach({ made: { first, server } }) {
      const answer = halt()
      answer.stands = true
      const { onSession } = server
      server.onSession = () => answer.pass().then(onSession)
      first.context.fetch = async () => problem({ type: 'https://id.test/problems/session-revoked' })
      const calls = [first.session.fetch(`${api}/x`), first.session.fetch(`${api}/y`)]
      await turns()
      return reachedBy(answer, ...calls, first.session.fetch(`${api}/z`))
    },
  },
  {
    title: 'a request is under way', live: true,
    async reach({ made: { first } }) {
      const answer = halt()
      answer.stands = true
      first.context.fetch = () => answer.pass().then(() => new Response('late'))
      return reachedBy(answer, first.session.fetch(`${api}/x`))
    },
  },
  {
    title: 'a person is asked for a stronger sign-in', live: true,
    options: { options: { stepUp: () => new Promise(() => {}) } },
    async reach({ made: { first } }) {
      const asked = halt()
      first.context.fetch = async () => {
        asked.reached = true
        return new Response('', { status: 401, headers: { 'www-authenticate': 'Bearer error="insufficient_user_authentication"' } })
      }
      return reachedBy(asked, first.session.fetch(`${api}/x`))
    },
  },
  {
    title: 'an end is written', live: false,
    async reach({ made: { first }, write }) {
      write.stands = true
      return reachedBy(write, first.session.signOut())
    },
  },
  {
    title: 'what the session kept is erased', live: false,
    async reach({ made: { first }, erase }) {
      await first.session.register({ kind: 'opfs', path: 'x' })
      erase.stands = true
      return reachedBy(erase, first.session.signOut())
    },
  },
  {
    title: 'the server is told of the end', live: false,
    async reach({ made: { first, server } }) {
      const answer = halt()
      answer.stands = true
      const { onRevoke } = server
      server.onRevoke = (token) => answer.pass().then(() => onRevoke(token))
      return reachedBy(answer, first.session.signOut())
    },
  },
  {
    title: 'what the server did not take waits for another try', live: false,
    async reach({ made: { first, server } }) {
      const refused = halt()
      server.onRevoke = async () => {
        refused.reached = true
        return { from: 'revocation', status: 503 }
      }
      return reachedBy(refused, first.session.signOut())
    },
  },
  {
    title: 'a suspended account is asked after again and again', live: true,
    async reach({ made: { first, server, device } }) {
      const asked = halt()
      const { onSession } = server
      server.onSession = async () => {
        asked.reached = true
        return { from: 'session', status: 200, body: { active: false, type: 'https://id.test/problems/account-suspended', sid: device.row()?.live?.sid } }
      }
      return { ...(await reachedBy(asked, first.session.confirm(), first.session.fetch(`${api}/x`))), later: () => void (server.onSession = onSession) }
    },
  },
  {
    title: 'the storage fails and goes on failing', live: true,
    async reach({ made: { first, device } }) {
      const failing = halt()
      failing.reached = true
      await device.clock.advance(200)
      device.storageMode = 'throws'
      return { ...(await reachedBy(failing, first.session.fetch(`${api}/x`))), later: () => void (device.storageMode = 'works') }
    },
  },
  {
    title: 'a function of the application forgets', live: false,
    async reach({ made: { first } }) {
      const forgets = halt()
      forgets.stands = true
      first.session.register(() => forgets.pass(), { name: 'slow' })
      return reachedBy(forgets, first.session.signOut())
    },
  },
  {
    title: 'a start erases what an earlier end left', live: false,
    async reach({ made: { first }, erase }) {
      await first.session.register({ kind: 'opfs', path: 'x' })
      erase.stands = true
      first.session.signOut().catch(() => undefined)
      await turns()
      first.session.stop()
      return reachedBy(erase, first.session.start())
    },
  },
  {
    title: 'the storage is mended', live: false,
    async reach({ made: { first, device } }) {
      const mended = halt()
      mended.reached = true
      await device.clock.advance(200)
      device.storageMode = 'throws'
      const calls = [first.session.fetch(`${api}/x`), first.session.signOut(), first.session.adopt({ accessToken: 'at', subject: 'mira' })]
      return reachedBy({ ...mended, letGo: () => void (device.storageMode = 'works') }, ...calls)
    },
  },
  {
    title: 'the page sleeps', live: true,
    async reach({ made: { first } }) {
      const asleep = halt()
      asleep.reached = true
      first.context.freeze()
      return reachedBy(asleep, first.session.fetch(`${api}/x`))
    },
  },
]
