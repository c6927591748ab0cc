/** Locks that never come, exclude nobody or are taken away: they spare work, and nothing depends on them. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Lock } from './ports.ts'
import { api, outcome, signedIn, turns, watched } from '../test/scene.ts'

const unhandled: unknown[] = []
const note = (reason: unknown): void => void unhandled.push(reason)
beforeAll(() => void process.on('unhandledRejection', note))
afterAll(() => void process.off('unhandledRejection', note))

/** A scene whose locks somebody holds for ever, from the sign-in on. */
async function taken(lifetimeSeconds: number) {
  let isTaken = false
  const made = await signedIn({
    lifetimeSeconds,
    ports: (ports) => ({
      ...ports,
      lock: {
        hold: (name, signal, work) =>
          isTaken ? new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error))) : ports.lock.hold(name, signal, work),
      },
    }),
  })
  isTaken = true
  return made
}

describe('locks that another tab holds for ever', () => {
  it('A6 hold up nobody whose token works', async () => {
    const { first, device } = await taken(300)
    await device.clock.advance(200)
    const call = watched(first.session.fetch(`${api}/x`))
    await turns()
    expect([call.result, first.session.state.status]).toEqual([200, 'active'])
  })

  it('A6 hold up a refresh for 2 s, and an end for 5 s', async () => {
    const { first, device } = await taken(5)
    await device.clock.advance(6_000)
    const call = watched(first.session.fetch(`${api}/x`))
    await device.clock.advance(2_100)
    expect(call.result).toBe(200)
    const left = watched(first.session.signOut())
    await turns()
    expect([device.row()?.live, first.session.state.status]).toEqual([undefined, 'purging'])
    await device.clock.advance(5_100)
    expect(left.result).toMatchObject({ remote: 'revoked', purge: { complete: true } })
  })
})

describe('locks that exclude nobody', () => {
  const open: Lock = { hold: (_name, _signal, work) => work() }

  it.each([true, false])('P3 A7 two refreshes at once are committed once, and neither token is lost (repeatable: %s)', async (idempotent) => {
    const { tabs, server, device } = await signedIn({ tabs: 2, lifetimeSeconds: 5, ports: (ports) => ({ ...ports, lock: open }) })
    server.features = { ...server.features, idempotent }
    await device.clock.advance(6_000)
    const rotate = server.onRefresh
    const answers = new Map<string, ReturnType<typeof rotate>>()
    const release = Promise.withResolvers<void>()
    server.onRefresh = async (refresh, signal) => {
      const answer = answers.get(refresh.attemptId) ?? rotate(refresh, signal)
      answers.set(refresh.attemptId, answer)
      await release.promise
      return answer
    }
    const calls = tabs.map(({ session }) => watched(session.fetch(`${api}/x`)))
    await turns()
    expect(server.refreshes.length).toBe(idempotent ? 2 : 1)
    release.resolve()
    await device.clock.advance(1_000)
    expect(calls.map(({ result }) => result)).toEqual([200, 200])
    expect([answers.size, device.row()?.generation, tabs.flatMap(({ ends }) => ends), server.revoked]).toEqual([1, 1, [], []])
  })
})

describe('a lock that somebody steals while it is used', () => {
  const stolen: Lock = {
    hold: async (name, _signal, work) => {
      await work()
      throw new DOMException(`The lock ${name} was stolen.`, 'AbortError')
    },
  }

  it('A7 spoils no request, and nobody is told of an abort that nobody asked for', async () => {
    const { first, device } = await signedIn({ lifetimeSeconds: 5, ports: (ports) => ({ ...ports, lock: stolen }) })
    await device.clock.advance(6_000)
    expect(await outcome(first.session.fetch(`${api}/x`))).toBe(200)
    expect((await first.session.signOut()).purge).toMatchObject({ complete: true })
    expect(unhandled).toEqual([])
  })
})

describe('an authority that throws instead of rejecting', () => {
  it('A4 P8 rejects every waiter with an error of ours, and the next refresh works', async () => {
    let broken = false
    const { first, device } = await signedIn({
      lifetimeSeconds: 5,
      authority: (authority) => ({
        ...authority,
        connect: (io) => {
          const connection = authority.connect(io)
          return {
            ...connection,
            refresh: (input) => {
              if (broken) throw new Error(`no route for ${input.tokens.refreshToken}`)
              return connection.refresh(input)
            },
          }
        },
      }),
    })
    await device.clock.advance(6_000)
    broken = true
    const calls = await Promise.all(Array.from({ length: 3 }, () => outcome(first.session.fetch(`${api}/x`))))
    expect(calls).toEqual(['unreachable', 'unreachable', 'unreachable'])
    broken = false
    await device.clock.advance(5_000)
    expect(await outcome(first.session.fetch(`${api}/x`))).toBe(200)
  })
})
