/** When a process may have slept: told by its clocks, and by the application. */
import { describe, expect, it } from 'vitest'
import { manualClock } from '@3dimli/session/testing'
import { processWake } from './wake.ts'

function setting() {
  const clock = manualClock()
  const wake = processWake(clock)
  const told: string[] = []
  const leave = wake.listen({ sleep: () => told.push('sleep'), wake: () => told.push('wake'), hidden: () => told.push('hidden'), shown: () => told.push('shown'), look: () => told.push('look') })
  return { clock, wake, told, leave }
}

describe('C2 J11 a process', () => {
  it('that runs is told nothing, and is always in sight', async () => {
    const { clock, wake, told } = setting()
    await clock.advance(60_000)
    expect([told, wake.visible()]).toEqual([[], true])
  })

  it('whose wall clock ran ahead while it stood still wakes, once', async () => {
    const { clock, told } = setting()
    await clock.advance(5_000)
    clock.stepWall(60_000)
    await clock.advance(10_000)
    expect(told).toEqual(['wake'])
    clock.stepWall(-60_000)
    await clock.advance(2_000)
    expect(told).toEqual(['wake', 'wake'])
    clock.stepWall(2_000)
    await clock.advance(10_000)
    expect(told).toHaveLength(2)
  })

  it('whose timers come late wakes, on systems whose monotonic clock runs on in a sleep', async () => {
    let ahead = 0
    const clock = manualClock()
    const told: string[] = []
    const nothing = (): void => {}
    processWake({ ...clock, now: () => clock.now() + ahead, monotonic: () => clock.monotonic() + ahead })
      .listen({ sleep: nothing, wake: () => told.push('wake'), hidden: nothing, shown: nothing, look: nothing })
    await clock.advance(3_000)
    ahead = 3_600_000
    await clock.advance(2_000)
    expect(told).toEqual(['wake'])
  })

  it('that is told twice of one sleep sleeps once and wakes once', async () => {
    const { clock, wake, told } = setting()
    wake.slept()
    wake.slept()
    clock.stepWall(3_600_000)
    wake.woke()
    wake.woke()
    await clock.advance(10_000)
    expect(told).toEqual(['sleep', 'wake'])
  })

  it('that is told of a sleep which never comes, or of none that ends, wakes by itself', async () => {
    const { clock, wake, told } = setting()
    wake.slept()
    await clock.advance(9_000)
    expect(told).toEqual(['sleep'])
    await clock.advance(4_000)
    expect(told).toEqual(['sleep', 'wake'])
  })

  it('J12 times nothing when nobody listens', async () => {
    const { clock, wake, told, leave } = setting()
    leave()
    expect(clock.pending()).toBe(0)
    wake.woke()
    expect(told).toEqual([])
  })
})
