/** The page's life in a single page: each event is told once, at once, and a slept machine counts as a sleep. */
import { expect, it, vi } from 'vitest'
import { manualClock } from '../testing/index.ts'
import { pageWake } from './wake.ts'

function listening() {
  const clock = manualClock()
  const told: string[] = []
  const stop = pageWake(clock).listen({ sleep: () => told.push('sleep'), wake: () => told.push('wake'), hidden: () => told.push('hidden'), shown: () => told.push('shown'), look: () => told.push('look') })
  return { clock, told, stop }
}

const transition = (type: string, persisted: boolean) => Object.assign(new Event(type), { persisted })

it('E3 going into the back/forward cache is a sleep and coming out a wake; a reload is neither', () => {
  const { told, stop } = listening()
  globalThis.dispatchEvent(transition('pagehide', false))
  globalThis.dispatchEvent(transition('pageshow', false))
  expect(told).toEqual([])
  globalThis.dispatchEvent(transition('pagehide', true))
  globalThis.dispatchEvent(transition('pageshow', true))
  expect(told).toEqual(['sleep', 'wake'])
  stop()
})

it('freeze and resume are told', () => {
  const { told, stop } = listening()
  document.dispatchEvent(new Event('freeze'))
  document.dispatchEvent(new Event('resume'))
  expect(told).toEqual(['sleep', 'wake'])
  stop()
})

it('C2 coming online is a look, and a wake when the machine slept meanwhile', () => {
  const { clock, told, stop } = listening()
  globalThis.dispatchEvent(new Event('online'))
  // The monotonic clock stood still, the wall clock went on: that was a sleep.
  clock.stepWall(3_600_000)
  globalThis.dispatchEvent(new Event('online'))
  globalThis.dispatchEvent(new Event('online'))
  expect(told).toEqual(['look', 'wake', 'look'])
  stop()
})

it('P1 E3 being seen again is told as such, and as a wake when the machine slept meanwhile', () => {
  const { clock, told, stop } = listening()
  document.dispatchEvent(new Event('visibilitychange'))
  clock.stepWall(3_600_000)
  document.dispatchEvent(new Event('visibilitychange'))
  expect(told).toEqual(['shown', 'wake'])
  stop()
})

it('P1 E3 going out of sight is told', () => {
  const { told, stop } = listening()
  const state = vi.spyOn(document, 'visibilityState', 'get').mockReturnValue('hidden')
  document.dispatchEvent(new Event('visibilitychange'))
  state.mockRestore()
  expect(told).toEqual(['hidden'])
  stop()
})

it('E5 after it was stopped it hears nothing, and there never was an unload listener', () => {
  const added = [globalThis, document].map((target) => vi.spyOn(target, 'addEventListener'))
  const { told, stop } = listening()
  stop()
  const types = added.flatMap(({ mock }) => mock.calls.map(([type]) => type))
  added.forEach((spy) => spy.mockRestore())
  expect(types).toContain('pagehide')
  expect(types.filter((type) => type.endsWith('unload'))).toEqual([])
  for (const type of ['online', 'focus', 'unload', 'beforeunload']) globalThis.dispatchEvent(new Event(type))
  document.dispatchEvent(new Event('freeze'))
  expect(told).toEqual([])
})
