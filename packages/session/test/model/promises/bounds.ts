/** No call hangs, whatever the others do. */
import type { Court, Promises } from '../oracle.ts'

/** Longer than a fence, a lock, an attempt and its successor together, ms. */
const bound = 120_000

export function bounds({ world, ledger, broken }: Court): Promises {
  return {
    check() {
      const now = world.schedule.now()
      const { store } = world.device
      const unreadable = store.mode !== 'works' || store.blockedBy !== undefined || store.aside !== undefined
      for (const tab of world.tabs) {
        if (!tab || tab.context.dead || tab.context.frozen) continue
        // A start cannot know who is signed in before the record was read.
        if (unreadable || (ledger.row()?.v ?? 0) > tab.version) for (const call of tab.calls) if (call.what === 'start') call.since = now
        for (const call of tab.calls) if (!call.settled && now - call.since > bound) broken('P3', `${call.what} (call ${call.id}) of tab ${tab.id} hangs${call.stopped ? ' since stop()' : ''}`)
      }
    },
  }
}
