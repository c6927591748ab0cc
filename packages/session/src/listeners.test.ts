/** Listeners of the application: whatever they do, the session goes on and the others are told. */
import { afterEach, describe, expect, it, vi } from 'vitest'
import { createListeners } from './listeners.ts'
import { eventually } from '../test/eventually.ts'
import { api, outcome, scene, signedIn, signIn, turns } from '../test/scene.ts'

afterEach(() => vi.unstubAllGlobals())

describe('a set of listeners', () => {
  it('E10 one that throws stops no other, and is reported where the platform can', () => {
    const reported = vi.fn()
    vi.stubGlobal('reportError', reported)
    const { add, tell } = createListeners<[number]>()
    const heard: number[] = []
    const fault = new Error('of the application')
    add(() => {
      throw fault
    })
    add((value) => heard.push(value))
    tell(7)
    expect([heard, reported.mock.calls]).toEqual([[7], [[fault]]])
  })

  it('E10 one that throws where nobody can be told is no error of ours', () => {
    vi.stubGlobal('reportError', undefined)
    const { add, tell } = createListeners<[]>()
    add(() => {
      throw new Error('of the application')
    })
    expect(tell).not.toThrow()
  })

  it('one function added twice is two listeners, each with its own remover', () => {
    const { add, tell } = createListeners<[]>()
    const listener = vi.fn()
    const remove = add(listener)
    add(listener)
    remove()
    remove()
    tell()
    expect(listener).toHaveBeenCalledTimes(1)
  })

  it('what is added or removed while they are told changes nothing about this round', () => {
    const { add, tell } = createListeners<[]>()
    const late = vi.fn()
    add(() => add(late))
    tell()
    expect(late).toHaveBeenCalledTimes(0)
    tell()
    expect(late).toHaveBeenCalledTimes(1)
  })
})

describe('a listener of the session', () => {
  it('E10 that throws at every turn breaks neither sign-in, refresh nor end', async () => {
    const made = scene()
    const { first, device } = made
    const fail = (): never => {
      throw new Error('of the application')
    }
    first.session.subscribe(fail)
    first.session.onEnd(fail)
    first.session.register(fail, { name: 'broken' })
    await first.session.start()
    await signIn(made, first, 'mira', 5)
    await device.clock.advance(6_000)
    expect(await outcome(first.session.fetch(`${api}/x`))).toBe(200)
    const { purge } = await first.session.signOut()
    expect([purge?.failedFunctions, first.ends, first.session.state.status]).toEqual([['broken'], ['signed-out'], 'signed-out'])
  })

  it('A6 that calls the session back never waits for itself', async () => {
    const { first } = await signedIn()
    const seen: unknown[] = []
    first.session.subscribe(() => {
      outcome(first.session.fetch(`${api}/x`)).then((result) => seen.push(result)).catch(() => undefined)
      first.session.confirm().catch(() => undefined)
    })
    first.session.onEnd(() => void first.session.signOut().catch(() => undefined))
    first.context.freeze()
    first.context.thaw()
    await turns()
    expect(seen).toContain(200)
    await first.session.signOut()
    await turns()
    expect([first.session.state.status, first.ends]).toEqual(['signed-out', ['signed-out']])
  })

  it('E6 hears of transitions, not of every look', async () => {
    const { first, device } = await signedIn()
    first.states.length = 0
    for (let look = 0; look < 100; look += 1) first.context.look()
    await device.clock.advance(200)
    await first.session.fetch(`${api}/x`)
    expect(first.states).toEqual([])
  })

  it('that was removed hears nothing', async () => {
    const { first } = await signedIn()
    const listener = vi.fn()
    first.session.subscribe(listener)()
    first.session.onEnd(listener)()
    first.session.register(listener)()
    await first.session.signOut()
    expect(listener).not.toHaveBeenCalled()
  })

  it('of an end is told once in each tab, after its own purge', async () => {
    const { tabs, device } = await signedIn({ tabs: 3 })
    const told: string[] = []
    for (const { session } of tabs) session.onEnd(() => told.push(`${session.state.status} ${device.row()?.journals.length}`))
    await tabs[1]!.session.signOut()
    await eventually(() => expect(told).toHaveLength(3))
    await turns()
    expect(told).toEqual(['signed-out 0', 'signed-out 0', 'signed-out 0'])
  })
})
