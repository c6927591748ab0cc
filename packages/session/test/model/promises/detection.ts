/** P7: while the server can be reached, no tab takes longer to know of an end than `session.detection` told its application. */
import { beginning } from '../device.ts'
import type { Court, Promises } from '../oracle.ts'
import type { Tab } from '../tab.ts'

/** After something was broken: the longest pause that may still stand, ms. */
const harmMs = 120_000
/** After a tab came, went or slept: until another watches in its place, ms. */
const moveMs = 20_000
/** What messages, storage and network take here, ms. */
const slackMs = 3_000

export function detection({ world, ledger, broken }: Court): Promises {
  let harm = ''
  let harmlessSince = 0
  let places = ''
  let movedAt = 0
  let pending: string | undefined
  /** The longest that each tab told since the end that is still to be noticed. */
  const told = new Map<Tab, number>()

  /** Everything that may keep a device from learning; nothing of it when all works. */
  const harmNow = (): string => {
    const { device: { store, disk, channels }, network } = world
    const works = !network.offline && [...network.faults.values()].every(({ length }) => length === 0) && store.mode === 'works' && store.blockedBy === undefined
      && store.aside === undefined && disk.mode === 'works' && channels.faults.length === 0
    return works ? `none since ${network.harmed} ${channels.harmed}` : `at ${world.schedule.now()}`
  }
  const placesNow = (): string => world.tabs.map((tab) => tab && `${tab.id} ${tab.started} ${tab.context.frozen} ${tab.context.visible}`).join()

  return {
    check() {
      const now = world.schedule.now()
      const [before, moved] = [harm, places]
      harm = harmNow()
      places = placesNow()
      if (harm !== before && before !== '') harmlessSince = now + harmMs
      if (places !== moved) movedAt = now + moveMs
      const live = ledger.row()?.live
      const login = live && world.server.loginOf(live.tokens.accessToken)
      const over = login?.standing === 'revoked' || login?.standing === 'expired'
      if (login?.sid !== pending) told.clear()
      pending = over ? login.sid : undefined
      // A clock that was moved makes tokens of any age.
      if (!over || world.device.wallOffset !== 0) return
      for (const tab of world.tabs) {
        if (!tab?.started || tab.version < (ledger.row()?.v ?? 0) || tab.context.dead || tab.context.frozen || !tab.context.visible || tab.session.state.status !== 'active') continue
        const withinMs = Math.max(told.get(tab) ?? 0, tab.session.detection.withinMs)
        told.set(tab, withinMs)
        const since = Math.max(login.changedAt - beginning, harmlessSince, movedAt)
        if (now - since > withinMs + slackMs) broken('P7', `tab ${tab.id} did not know of the end of ${login.sid} after ${now - since} ms, where ${withinMs} ms were told`)
      }
    },
  }
}
