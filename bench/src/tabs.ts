// What the figure of tabs does: ends, sign-outs and refreshes in many tabs of one browser, and when each of them knew.
import { setTimeout as pause } from 'node:timers/promises'
import { until, type Tab } from '../../test/driver/index.ts'
import { allAre, createWorld, type World } from '../../test/world/world.ts'
import { inPairs, type Paired } from './pairs.ts'
import { restoredPages } from './restored.ts'
import { begin, opened } from './scene.ts'

const peerTabs = 10
export const peerPatienceMs = 20_000

/** What each peer says of itself, long after the server has revoked its session. */
export const peers: Readonly<Record<string, string>> = {
  'oidc-client-ts': 'globalThis.isSignedIn = async () => (await manager.getUser())?.expired === false',
  '@supabase/auth-js': 'globalThis.isSignedIn = async () => (await client.getSession()).data.session !== null',
}

declare global {
  var isSignedIn: () => Promise<boolean>
  /** When this tab was first not active any more, and when it heard the bare message; epoch ms with fractions. */
  var noted: Record<'left' | 'heard', PromiseWithResolvers<number>> | undefined
}

/** Has every tab note the moments that are compared, anew. */
async function note(tabs: readonly Tab[]): Promise<void> {
  await Promise.all(tabs.map((tab) => tab.evaluate(() => {
    const now = (): number => performance.timeOrigin + performance.now()
    const watched = globalThis.noted !== undefined
    globalThis.noted = { left: Promise.withResolvers(), heard: Promise.withResolvers() }
    if (watched) return
    shop.session.subscribe(({ status }) => {
      if (status !== 'active') globalThis.noted!.left.resolve(now())
    })
    new BroadcastChannel('bare').onmessage = () => globalThis.noted!.heard.resolve(now())
  })))
}

/** The last of the tabs' moments; nobody is asked again and again meanwhile. */
const lastOf = async (tabs: readonly Tab[], what: 'left' | 'heard'): Promise<number> =>
  Math.max(...await Promise.all(tabs.map((tab) => tab.evaluate((which) => globalThis.noted![which].promise, what))))

/** Begins a session that every tab knows of, and has them note anew. */
async function signedIn(world: World, tabs: readonly Tab[]): Promise<string> {
  const sid = await begin(world, tabs)
  await note(tabs)
  return sid
}

/** From the server's commit to the last tab's fence, ms; a first round warms up and does not count. */
export async function revoked(count: number, times: number): Promise<number[]> {
  const world = await createWorld({ accessTokenSeconds: 3600 })
  try {
    const tabs = await opened(world, count)
    const found: number[] = []
    for (let round = 0; round <= times; round += 1) {
      const sid = await signedIn(world, tabs)
      const last = lastOf(tabs, 'left')
      const { committedAt } = await world.authority.end(sid)
      found.push(await last - committedAt)
      await allAre(tabs, 'signed-out', 60_000)
    }
    return found.slice(1)
  } finally {
    await world.close()
  }
}

/** From `signOut()` to the last of the other nine, beside a bare message to nine, ms. */
export async function signedOut(pairs: number): Promise<Paired> {
  const world = await createWorld({ accessTokenSeconds: 3600 })
  try {
    const tabs = await opened(world, 10)
    const [first, ...others] = tabs
    const ours = async (): Promise<number> => {
      await signedIn(world, tabs)
      const last = lastOf(others, 'left')
      const begun = await first!.evaluate(() => {
        const now = performance.timeOrigin + performance.now()
        void shop.session.signOut()
        return now
      })
      const took = await last - begun
      await allAre(tabs, 'signed-out', 60_000)
      return took
    }
    const theirs = async (): Promise<number> => {
      await note(tabs)
      const last = lastOf(others, 'heard')
      const begun = await first!.evaluate(() => {
        const now = performance.timeOrigin + performance.now()
        new BroadcastChannel('bare').postMessage('out')
        return now
      })
      return await last - begun
    }
    await note(tabs)
    return await inPairs(pairs, ours, theirs)
  } finally {
    await world.close()
  }
}

/** Has all tabs ask at once, again and again, with tokens that live for a few seconds. */
export async function refreshes(count: number, generations: number): Promise<{ generations: number; sent: number }> {
  const world = await createWorld({ accessTokenSeconds: 4 })
  try {
    const tabs = await opened(world, count)
    await signedIn(world, tabs)
    const generation = () => tabs[0]!.evaluate(() => new Promise<number>((resolve, reject) => {
      const request = indexedDB.open('3dimli.shop')
      request.onerror = () => reject(request.error)
      request.onsuccess = () => {
        const reading = request.result.transaction(request.result.objectStoreNames[0]!).objectStore(request.result.objectStoreNames[0]!).get('session')
        reading.onsuccess = () => {
          request.result.close()
          resolve((reading.result as { generation: number }).generation)
        }
      }
    }))
    const [from, before] = [await generation(), world.of('refresh').length]
    await until(async () => {
      await Promise.all(tabs.map((tab) => tab.evaluate(async () => void await shop.session.fetch(`${shop.issuer}/api/ping`))))
      return await generation() >= from + generations
    }, { what: `${generations} generations`, timeoutMs: 120_000, lookMs: 20_000 })
    return { generations: await generation() - from, sent: world.of('refresh').length - before }
  } finally {
    await world.close()
  }
}

/** Opens tabs of a peer, revokes its session at the server, and asks the tabs much later. */
export async function unnoticed(peer: string): Promise<{ readonly peer: string; readonly tabs: number; readonly signedIn: number }> {
  const pages = await restoredPages([peer], {}, peers)
  try {
    const tabs: Tab[] = []
    while (tabs.length < peerTabs) {
      tabs.push(await pages.open(peer))
      await tabs.at(-1)!.evaluate(async () => void await globalThis.over.promise)
    }
    await pages.authority.end(pages.held.sid)
    await pause(peerPatienceMs)
    const answers = await Promise.all(tabs.map((tab) => tab.evaluate(() => globalThis.isSignedIn())))
    return { peer, tabs: tabs.length, signedIn: answers.filter(Boolean).length }
  } finally {
    await pages.close()
  }
}
