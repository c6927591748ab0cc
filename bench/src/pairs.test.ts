// The arithmetic of pairs.
import { describe, expect, it } from 'vitest'
import { added, inPairs, inTurns, inverse, median, medianOf, paired, verdict } from './pairs.ts'

describe('pairs', () => {
  it('take turns, warm up once, and give the median of the ratios with the interval of the sign test', async () => {
    const order: string[] = []
    let turn = 0
    const found = await inPairs(30, async () => (order.push('ours'), 2 * (turn += 1)), async () => (order.push('theirs'), turn))
    expect(order.slice(0, 8)).toEqual(['ours', 'theirs', 'ours', 'theirs', 'theirs', 'ours', 'ours', 'theirs'])
    expect(found.pairs).toBe(30)
    // Of 30 ratios the 10th and the 21st: 0.957 of all medians lie between them.
    const ratios = Array.from({ length: 30 }, (_, pair) => (pair % 2 === 0 ? 2 : (2 * (pair + 2)) / (pair + 1))).sort((a, b) => a - b)
    expect([found.ratio, found.low, found.high]).toEqual([median(ratios), ratios[9], ratios[20]])
  })

  it('of more than two ways go forwards and backwards by turns, after a round that does not count', async () => {
    const order: string[] = []
    const way = (name: string) => async () => order.push(name)
    const found = await inTurns(2, { one: way('one'), two: way('two'), three: way('three') })
    expect(order).toEqual(['one', 'two', 'three', 'one', 'two', 'three', 'three', 'two', 'one'])
    expect(found).toEqual({ one: [4, 9], two: [5, 8], three: [6, 7] })
  })

  it('of a later run stand behind those of the earlier one', () => {
    expect(added({ one: [1, 2], two: [3] }, { one: [4], two: [5, 6] })).toEqual({ one: [1, 2, 4], two: [3, 5, 6] })
  })

  it('turn round where more is better', () => {
    const times = paired([2, 2, 4], [1, 2, 1])
    expect(inverse(times)).toEqual({ pairs: 3, ours: 2, theirs: 1, ratio: 1 / 2, low: 1 / 4, high: 1 })
  })

  it('are met, missed, or not decided', () => {
    expect([verdict({ low: 0.9, high: 1.1 }, { atMost: 1.1 }), verdict({ low: 1.2, high: 1.3 }, { atMost: 1.1 }), verdict({ low: 1, high: 1.2 }, { atMost: 1.1 })]).toEqual(['met', 'missed', 'undecided'])
    expect([verdict({ low: 0.96, high: 1 }, { atLeast: 0.95 }), verdict({ low: 0.8, high: 0.9 }, { atLeast: 0.95 }), verdict({ low: 0.9, high: 1 }, { atLeast: 0.95 })]).toEqual(['met', 'missed', 'undecided'])
  })

  it('have a median, and an interval for it', () => {
    expect([median([3, 1, 2]), median([4, 1, 2, 3])]).toEqual([2, 2.5])
    expect(medianOf(Array.from({ length: 30 }, (_, index) => 30 - index))).toEqual({ median: 15.5, low: 10, high: 21 })
  })
})
