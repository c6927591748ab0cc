/** P7: without a proof that the session lives, no kind is used for longer than its lease. */
import { readLease } from '../../../src/lease.ts'
import type { Court, Promises } from '../oracle.ts'
import type { Act } from '../tab.ts'

const kinds = { request: 'default', headers: 'default', key: 'downloads', open: 'downloads', draft: 'checkout' } as const satisfies Record<Act['what'], string>
/** What a context may rely on was read no longer ago, ms. */
const graceMs = 100
/** A clock that is set back by no more than this is not noticed where a proof was just had, ms. */
const toleranceMs = 60_000

export function lease({ world, ledger, broken }: Court): Promises {
  const lengths = readLease(world.setting.options.lease)
  /** When the record last got a proof, whatever the clock of the device said. */
  let provenAt = 0

  return {
    wrote(before, after) {
      if (before?.provenAt !== after.provenAt || before?.epoch.id !== after.epoch.id) provenAt = world.schedule.now()
    },
    acted(tab, { what, call }) {
      const kind = kinds[what]
      const startedAt = tab.calls.findLast(({ what: each }) => each === 'start')?.at ?? 0
      const moved = ledger.wallMovedAt >= provenAt
      // Nobody can count the time in which no context ran, or none was used, when the clock is set back meanwhile.
      if (moved && startedAt >= provenAt) return
      const age = world.schedule.now() - provenAt
      if (age > lengths[kind] + (moved ? toleranceMs : graceMs)) broken('P7', `${what} of call ${call.id} in tab ${tab.id} ${age} ms after the last proof, where the lease of ${kind} is ${lengths[kind]} ms`)
    },
  }
}
