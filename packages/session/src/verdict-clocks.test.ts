/** Two clocks of one provider: the token endpoint says when a session began, its session service when it ended. */
import { describe, expect, it } from 'vitest'
import { api, outcome, problem, revoked, sessionAnswer, signedIn, turns, type Scene } from '../test/scene.ts'

type Signed = Awaited<ReturnType<typeof signedIn>>

/** The end of this session, as many seconds before the sign-in as the clocks are apart. */
const endOf = ({ device, sid }: Signed, secondsBefore: number, more: Record<string, unknown> = {}) =>
  revoked(sid, { event_timestamp: Math.floor(device.clock.now() / 1000) - secondsBefore, ...more })

const refuse = ({ server }: Scene, end: Record<string, unknown>): void => {
  server.onRefresh = async () => ({ answer: { from: 'token', status: 400, body: { ...end, error: 'invalid_grant', error_uri: end['type'] } } })
}

/** Has each of those who may tell of an end do so. */
const tell: Readonly<Record<string, (made: Signed, end: Record<string, unknown>) => Promise<unknown>>> = {
  'the session endpoint': ({ first }) => first.session.confirm(),
  'an API': ({ first }, end) => {
    first.context.fetch = async () => problem(end)
    return outcome(first.session.fetch(`${api}/x`))
  },
  'the feed': async ({ server }, end) => server.feeds.forEach((feed) => feed.event({ from: 'feed', status: 200, body: end }, undefined)),
  'the token endpoint': async (made, end) => {
    refuse(made, end)
    await made.device.clock.advance(6_000)
    return outcome(made.first.session.fetch(`${api}/x`))
  },
}

/** A session that is watched, and whose token is soon spent. */
async function watchedSession(): Promise<Signed> {
  const made = await signedIn({ lifetimeSeconds: 5 })
  made.server.features = { ...made.server.features, feed: true }
  made.first.session.stop()
  await made.first.session.start()
  await turns()
  return made
}

describe('a session that was revoked a second after its sign-in, while the clock of the token endpoint was three seconds ahead', () => {
  it.each(Object.keys(tell))('P7 P2 F1 ends, as the server said it, when %s tells of it', async (who) => {
    const made = await watchedSession()
    const end = endOf(made, 2, { disposition: 'lock' })
    made.server.onSession = sessionAnswer(end)
    await tell[who]?.(made, end)
    await turns()
    expect([made.first.ends, made.device.row()?.end]).toEqual([['revoked'], expect.objectContaining({ disposition: 'lock', by: 'admin' })])
  })

  it('P7 F1 ends also where there is no session endpoint to ask', async () => {
    const made = await signedIn({ lifetimeSeconds: 5 })
    made.server.features = { ...made.server.features, session: false }
    await tell['the token endpoint']?.(made, endOf(made, 2))
    await turns()
    expect(made.first.ends).toEqual(['revoked'])
  })
})

describe('an end of an earlier session with the same name', () => {
  it.each(['an API', 'the feed'])('P4 P6 is not believed from %s, however short a time ago it was: the server is asked', async (who) => {
    const made = await watchedSession()
    await tell[who]?.(made, endOf(made, 2))
    await turns()
    expect([made.first.ends, made.first.session.state.status]).toEqual([[], 'active'])
  })

  it.each(Object.keys(tell))('P4 P6 that is more than half a minute older than the sign-in is not believed from %s', async (who) => {
    const made = await watchedSession()
    const end = endOf(made, 31)
    made.server.onSession = sessionAnswer(end)
    await tell[who]?.(made, end)
    await turns()
    expect(made.first.ends).toEqual([])
  })
})
