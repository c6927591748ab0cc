/** The clock of a page or a process: what waits for a turn only, and what waits longer than an engine can count. */
import { afterEach, expect, it, vi } from 'vitest'
import { systemClock } from './clock.ts'

afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

const { timer } = systemClock()
const order: string[] = []
const note = (what: string) => () => void order.push(what)

it.each<readonly [string, () => void]>([['', () => undefined], [', also where there is no MessageChannel', () => void vi.stubGlobal('MessageChannel', undefined)]])('a timer of none runs after what was promised and before one of some time%s', async (_what, prepare) => {
  prepare()
  if (globalThis.MessageChannel === undefined) Reflect.deleteProperty(globalThis, 'MessageChannel')
  order.length = 0
  await new Promise<void>((resolve) => {
    timer(50, () => (order.push('some time'), resolve()))
    timer(0, note('none'))
    Promise.resolve().then(note('promised')).catch(() => undefined)
    order.push('now')
  })
  expect(order).toEqual(['now', 'promised', 'none', 'some time'])
})

it('a timer of none that was cancelled never runs', async () => {
  order.length = 0
  timer(0, note('cancelled'))()
  await new Promise<void>((resolve) => timer(0, () => timer(0, resolve)))
  expect(order).toEqual([])
})

it('a timer beyond what an engine can count runs when it is due, and not at once', async () => {
  vi.useFakeTimers()
  order.length = 0
  timer(2 ** 31 + 5, note('due'))
  await vi.advanceTimersByTimeAsync(2 ** 31)
  expect(order).toEqual([])
  await vi.advanceTimersByTimeAsync(5)
  expect(order).toEqual(['due'])
})
