/** P3: one refresh for each generation, whoever asks. */
import type { Court, Promises } from '../oracle.ts'

/** How long the first attempt keeps others from sending, where the server does not repeat itself, ms. */
const deadline = 10_000

export function oneRefresh({ world, broken }: Court): Promises {
  /** By refresh token: the attempts that left, and when. */
  const left = new Map<string, { readonly id: string; readonly at: number; over: boolean }[]>()

  return {
    refreshing(token, id) {
      const before = left.get(token) ?? []
      const now = world.schedule.now()
      const { idempotent } = world.setting.traits
      const { refused } = world.server.loginOf(token) ?? { refused: new Set() }
      const others = new Set(before.map((attempt) => attempt.id).filter((name) => !refused.has(name)))
      if (idempotent && others.size > 0 && !others.has(id)) broken('P3', `${token} was sent under a second name`)
      const open = before.findLast((attempt) => !attempt.over)
      if (!idempotent && open && now - open.at < deadline) broken('P3', `${token} was sent again ${now - open.at} ms after the first time, which was not answered yet`)
      left.set(token, [...before, { id, at: now, over: false }])
    },
    refreshed(token, id) {
      for (const attempt of left.get(token) ?? []) if (attempt.id === id) attempt.over = true
    },
    check() {
      if (!world.setting.traits.idempotent) return
      for (const { sid, thefts } of world.server.logins.values()) if (thefts > 0) broken('P3', `a spent token of ${sid} was presented to a server that repeats its answers`)
    },
  }
}
