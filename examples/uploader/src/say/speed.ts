/** How fast something grows, over its last seconds. */

const windowMs = 5_000

/** Makes the measure: told a sum and the time, it says how much was added per second; 0 until it can tell. */
export function createSpeed(): (sum: number, atMs: number) => number {
  let seen: { readonly sum: number; readonly atMs: number }[] = []
  return (sum, atMs) => {
    // What falls back was lost on the way and is sent again.
    if (sum < (seen.at(-1)?.sum ?? 0)) seen = []
    seen = [...seen.filter((one) => atMs - one.atMs <= windowMs), { sum, atMs }]
    const first = seen[0]!
    const ms = atMs - first.atMs
    return ms < 500 ? 0 : ((sum - first.sum) / ms) * 1000
  }
}
