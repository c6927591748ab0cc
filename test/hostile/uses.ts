// What needs no network, used on and on by a page, and how long that went well: what leases are measured by.
import { expect } from 'vitest'
import { inPage, until, type Tab } from './driver.ts'

export const kinds = ['default', 'downloads', 'checkout'] as const

declare global {
  /** For each kind, when its last use began that succeeded, and how it was refused then. */
  var uses: Record<(typeof kinds)[number], { at: number; refused?: string }>
}

/** Uses each kind on and on, without a network, until it is refused. */
export const useOn = (tab: Tab) => inPage(tab, () => {
  const acts = {
    default: () => shop.session.authorize({ method: 'GET', url: `${shop.issuer}/api/ping` }),
    downloads: async () => (await (await shop.downloads.open('kept'))!.stream()).pipeTo(new WritableStream()),
    checkout: () => shop.checkout.read(),
  }
  globalThis.uses = { default: { at: 0 }, downloads: { at: 0 }, checkout: { at: 0 } }
  const useAgain = async (kind: keyof typeof acts): Promise<void> => {
    const at = Date.now()
    try {
      await acts[kind]()
      globalThis.uses[kind].at = at
      setTimeout(() => void useAgain(kind), 200)
    } catch (error) {
      const { code, details } = error as { code?: string; details?: { reason?: string } }
      globalThis.uses[kind].refused = code === undefined ? String(error) : `${code} ${details?.reason}`
    }
  }
  for (const kind of ['default', 'downloads', 'checkout'] as const) void useAgain(kind)
})
/** When each kind was last used, once all are refused because their lease is over. */
export const lastUses = async (tab: Tab) => {
  const uses = await until(async () => {
    const now = await inPage(tab, () => globalThis.uses)
    return kinds.every((kind) => now[kind].refused) && now
  }, { what: 'every kind to be refused' })
  for (const kind of kinds) expect(uses[kind]).toMatchObject({ refused: 'fenced lease' })
  return uses
}
