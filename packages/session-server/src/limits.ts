/** How many of something each owner may hold at a time, in this process. */

/** Places that are taken and given back. */
export interface Places {
  /** Takes one place in the name of each owner, or none at all; call what is returned once to give them back. */
  take(...owners: readonly (string | undefined)[]): (() => void) | undefined
}

/** Makes places; the nth of `most` is for the nth owner of each taking. */
export function createPlaces(...most: readonly number[]): Places {
  const taken = most.map(() => new Map<string, number>())
  const add = (which: number, owner: string, by: number) => {
    const count = (taken[which]!.get(owner) ?? 0) + by
    if (count === 0) taken[which]!.delete(owner)
    else taken[which]!.set(owner, count)
  }
  return {
    take(...owners) {
      const named = owners.flatMap((owner, which) => (owner === undefined ? [] : [[which, owner] as const]))
      if (named.some(([which, owner]) => (taken[which]!.get(owner) ?? 0) >= most[which]!)) return undefined
      for (const [which, owner] of named) add(which, owner, 1)
      return () => {
        for (const [which, owner] of named) add(which, owner, -1)
      }
    },
  }
}
