// Two ways of doing the same, measured in turns: what a noisy machine does to one it does to the other, so that each pair has a ratio to be believed.

/** What came of some pairs. */
export interface Paired {
  readonly pairs: number
  /** Medians, in whatever was measured. */
  readonly ours: number
  readonly theirs: number
  /** The median of the pairs' ratios ours / theirs, and its 95 % interval. */
  readonly ratio: number
  readonly low: number
  readonly high: number
}

/** Measures both ways `pairs` times, each first every other time. A pair before the first one warms both up and does not count. */
export async function inPairs(pairs: number, ours: () => Promise<number>, theirs: () => Promise<number>): Promise<Paired> {
  const measured = await inTurns(pairs, { ours, theirs })
  return paired(measured.ours, measured.theirs)
}

/** Measures all ways `rounds` times, forwards and backwards by turns. A round before the first one warms up and does not count. */
export async function inTurns<Way extends string, Measured>(rounds: number, ways: Readonly<Record<Way, () => Promise<Measured>>>): Promise<Record<Way, Measured[]>> {
  const forwards = Object.keys(ways) as Way[]
  const backwards = [...forwards].reverse()
  for (const way of forwards) await ways[way]()
  const measured = Object.fromEntries(forwards.map((way) => [way, [] as Measured[]])) as Record<Way, Measured[]>
  for (let round = 0; round < rounds; round += 1) {
    for (const way of round % 2 === 0 ? forwards : backwards) measured[way].push(await ways[way]())
  }
  return measured
}

/** Rounds of an earlier run, and those of a later one. */
export function added<Found extends Readonly<Record<string, readonly unknown[]>>>(before: Found, found: Found): Found {
  return Object.fromEntries(Object.entries(before).map(([way, rounds]) => [way, [...rounds, ...(found[way] ?? [])]])) as unknown as Found
}

/** What comes of two ways that were measured in turns. */
export function paired(ours: readonly number[], theirs: readonly number[]): Paired {
  const { median: ratio, low, high } = medianOf(ours.map((one, pair) => one / (theirs[pair] ?? NaN)))
  return { pairs: ours.length, ours: median(ours), theirs: median(theirs), ratio, low, high }
}

/** The other way round: where more is better, as of throughputs that were measured as times. */
export function inverse({ ratio, low, high, ...rest }: Paired): Paired {
  return { ...rest, ratio: 1 / ratio, low: 1 / high, high: 1 / low }
}

/** What an interval says of a bound that ours should stay below, or above. */
export function verdict({ low, high }: Pick<Paired, 'low' | 'high'>, target: { readonly atMost: number } | { readonly atLeast: number }): 'met' | 'missed' | 'undecided' {
  const [is, isNot] = 'atMost' in target ? [high <= target.atMost, low > target.atMost] : [low >= target.atLeast, high < target.atLeast]
  return is ? 'met' : isNot ? 'missed' : 'undecided'
}

/** The middle of some numbers, and the interval in which the median of all such numbers lies with 95 %. */
export function medianOf(numbers: readonly number[]): { readonly median: number; readonly low: number; readonly high: number } {
  const sorted = [...numbers].sort((a, b) => a - b)
  const [low, high] = interval(sorted.length)
  return { median: median(sorted), low: sorted[low] ?? NaN, high: sorted[high] ?? NaN }
}

/** The middle of some numbers. */
export function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b)
  const half = Math.floor(sorted.length / 2)
  return sorted.length % 2 === 1 ? (sorted[half] ?? NaN) : ((sorted[half - 1] ?? NaN) + (sorted[half] ?? NaN)) / 2
}

/** The places, in a sorted list of `count`, between which the median lies with 95 %: a coin that falls to one side no oftener than that (sign test). */
function interval(count: number): readonly [number, number] {
  let tail = 2 ** -count
  let chance = tail
  let place = 0
  while (tail <= 0.025) {
    chance = (chance * (count - place)) / (place + 1)
    tail += chance
    place += 1
  }
  const low = Math.max(place - 1, 0)
  return [low, count - 1 - low]
}
