/** A device whose connection is gone, and what can still be used on it. */
import { feature, type LeaseKind } from '../src/feature.ts'
import { sessionAnswer, signedIn, turns, watched, type Scene, type SceneOptions, type Tab } from './scene.ts'

export const kinds: readonly LeaseKind[] = ['default', 'downloads', 'checkout']
export const lease = { default: '20s', downloads: '40s', checkout: '10s' } as const
export const hour = 3_600_000

/** The scene of most tests of leases. */
export interface Offline extends Scene {
  readonly sid: string
  /** How often the server was asked. */
  readonly asked: { count: number }
  /** Brings the connection back. */
  online(): void
}

/** A device without a connection, right after the sign-in; its token works for as long as it likes. */
export async function offline({ options = {}, ...given }: SceneOptions & { readonly lifetimeSeconds?: number } = {}): Promise<Offline> {
  const made = await signedIn({ lifetimeSeconds: 10_000_000, options: { lease, pollMs: 100 * hour, ...options }, ...given })
  const asked = { count: 0 }
  const { server, sid } = made
  server.onSession = async () => {
    asked.count += 1
    return { from: 'session', failed: 'network' }
  }
  const online = (): void => {
    server.onSession = async () => {
      asked.count += 1
      return sessionAnswer({ active: true, sid })()
    }
  }
  return Object.assign(made, { asked, online })
}

/** Does what a feature does before it opens something of this kind. */
export async function use({ session }: Tab, kind: LeaseKind): Promise<string> {
  const access = session[feature]
  await access.content(await access.capture(undefined, kind))
  return 'used'
}

/** Whether a kind can be used this very moment. */
export async function usable(tab: Tab, kind: LeaseKind): Promise<boolean> {
  const call = watched(use(tab, kind))
  await turns()
  return call.result === 'used'
}

export const allUsable = async (tab: Tab): Promise<readonly LeaseKind[]> => {
  const found = await Promise.all(kinds.map(async (kind) => ({ kind, is: await usable(tab, kind) })))
  return found.filter(({ is }) => is).map(({ kind }) => kind)
}

/** Moves the clock to this long after the last proof. */
export async function until({ device }: Scene, ms: number): Promise<void> {
  await device.clock.advance((device.row()?.provenAt ?? 0) + ms - device.clock.now())
}
