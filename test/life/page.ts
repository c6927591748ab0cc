// A page that makes sessions as often as it is told to, each with every feature, and counts what they leave open.
import './instruments.ts'
import { createSession } from '@3dimli/session'
import { oauth } from '@3dimli/session/authorities/oauth'
import { browser } from '@3dimli/session/browser'
import { createCheckout } from '@3dimli/session/checkout'
import { createDownloads } from '@3dimli/session/downloads'
import { createHttp } from '@3dimli/session/http'
import '../traces/page.ts'

const { issuer, started, session: first } = traced
await started

/** A session with everything an application hangs on to it. */
function make() {
  const session = createSession({
    authority: oauth({ issuer, clientId: 'storefront', redirectUri: `${location.origin}/`, scope: 'openid offline_access' }),
    platform: browser({ name: 'traces' }), origins: [issuer],
  })
  const downloads = createDownloads(session)
  const checkout = createCheckout(session, { submit: async () => ({}), find: async () => undefined })
  createHttp(session)
  session.subscribe(() => undefined)
  session.onEnd(() => undefined)
  return { session, downloads, checkout }
}

const life = {
  make,
  /** As make(), and starts it. */
  async begin() {
    const made = make()
    await made.session.start()
    return made
  },
  /** Whether a call was answered, or the code it was refused with. */
  outcome: (call: Promise<unknown>): Promise<string> => call.then(() => 'answered', (error: { code: string }) => error.code),
  /** Makes a kind of request to stores stand still, which ends in no answer ever. */
  stall(kind: 'get' | 'put' | 'count', database?: string) {
    const { prototype } = IDBObjectStore
    const own = prototype[kind] as (...given: unknown[]) => IDBRequest
    let reached = false
    function stalled(this: IDBObjectStore, ...given: unknown[]): IDBRequest {
      if (database !== undefined && this.transaction.db.name !== database) return own.apply(this, given)
      reached = true
      return {} as IDBRequest
    }
    Object.assign(prototype, { [kind]: stalled })
    return { reached: () => life.when(() => reached), letGo: () => void Object.assign(prototype, { [kind]: own }) }
  },
  kept: [] as unknown[],
  /** Creates, starts, uses and stops; says how many of the sessions found somebody signed in. */
  async cycles(count: number, keep = false): Promise<number> {
    let active = 0
    for (let index = 0; index < count; index += 1) {
      const { session } = make()
      await session.start()
      session.cover(document.body)
      if (session.state.status === 'active') active += 1
      if (index % 10 === 0) await session.fetch(`${issuer}/api/ping`).catch(() => undefined)
      if (keep) life.kept.push(session)
      else session.stop()
    }
    return active
  },
  /** Waits until a condition holds; what runs in a page cannot name the driver's own. */
  async when(condition: () => unknown): Promise<void> {
    for (const from = performance.now(); !(await condition()); await new Promise((resolve) => setTimeout(resolve, 5))) {
      if (performance.now() - from > 60_000) throw new Error(`waited 60 s for ${String(condition)}`)
    }
  },
  /** Stops and starts one session. */
  async restarts(count: number): Promise<void> {
    for (let index = 0; index < count; index += 1) {
      first.stop()
      await first.start()
    }
  },
}
export type Life = typeof life
declare global {
  var life: Life
}
globalThis.life = life
