// One device of the hostile world: its tabs, what a person does in them, and what is true of it in storage and at the provider.
import type { Authority, AuthorityEvent } from '@3dimli/example-authority'
import { fillIn, forgetLogins, inPage, readStorage, spendToken, until, type Browser, type Tab } from './driver.ts'
import type { Fault, Proxy, Rule, Standing } from './proxy.ts'

declare global {
  /** Why a sign-in failed before the page was left. */
  var notLeft: string | undefined
}

/** How a call of the page came out: a status, the code of a SessionError, or the name of another error; and how long it took. */
export interface Outcome {
  readonly result: number | string
  readonly retryAfterMs?: number
  readonly ms: number
}

export interface Device {
  readonly origin: string
  readonly sid: string
  readonly tab: Tab
  /** Leaves for the provider and comes back with a session, whose `sid` it gives, or with the code of what went wrong. */
  signIn(): Promise<string>
  /** Another tab of the same device. */
  open(): Promise<Tab>
  /** Applies a fault to this device's requests. */
  suffer(fault: Fault, rule?: Pick<Rule, 'on' | 'times'>): Standing
  /** Resets what this device is being sent. */
  cut(): void
  /** One call of the marketplace's API; `patienceMs` is the caller's own signal. */
  ping(input?: { tab?: Tab; patienceMs?: number; path?: string }): Promise<Outcome>
  confirm(tab?: Tab): Promise<Outcome>
  assertFresh(): Promise<Outcome>
  /** Keeps a download and a draft. */
  keep(): Promise<void>
  /** Reads both back through the SDK. */
  kept(): Promise<{ download: number; draft: unknown }>
  status(tab?: Tab): Promise<string>
  /** Lets the life of the access token be over, as far as this device knows. */
  spend(): Promise<void>
  generation(): Promise<number>
  /** What the provider did with this session's refreshes. */
  refreshes(): string[]
  storage(): ReturnType<typeof readStorage>
  close(): Promise<void>
}

export async function createDevice(input: {
  readonly origin: string
  readonly browser: Browser
  readonly authority: Authority
  readonly proxy: Proxy
  readonly events: readonly AuthorityEvent[]
  readonly wishes: Record<string, string>
  /** Runs sign-ins one after the other: the browser has one set of cookies. */
  readonly inTurn: <T>(work: () => Promise<T>) => Promise<T>
}): Promise<Device> {
  const { origin, browser, authority, proxy, events } = input
  const tabs: Tab[] = []
  const open = async (): Promise<Tab> => {
    const tab = await browser.openTab(`${origin}/?${new URLSearchParams({ pollMs: '1000', ...input.wishes }).toString()}`)
    tabs.push(tab)
    await until(() => inPage(tab, () => globalThis.shop?.started.then(() => true)), { what: 'the page to start its session' })
    return tab
  }
  const tab = await open()
  const signIn = (): Promise<string> => input.inTurn(async () => {
    const sidNow = () => inPage(tab, () => {
      const state = globalThis.shop?.session.state
      return state?.status === 'active' ? state.session.sid : undefined
    })
    const left = await inPage(tab, () => performance.timeOrigin)
    const refused = () => inPage(tab, async (from) => (performance.timeOrigin === from ? undefined : (await globalThis.shop?.started)?.signInError?.code), left)
    const atForm = async () => (await tab.url()).startsWith(authority.issuer) && (await inPage(tab, () => document.querySelector('input[name=email]') !== null))
    // Each device has a login of its own: one that is ended takes none of the others along.
    await forgetLogins(tab)
    await inPage(tab, () => {
      shop.session.signIn().catch((error: { code?: string; name: string }) => (globalThis.notLeft = error.code ?? error.name))
    })
    await until(async () => {
      if (await atForm()) return true
      const failed = await inPage(tab, () => globalThis.notLeft)
      if (failed !== undefined) throw new Error(`the sign-in did not begin: ${failed}`)
      return false
    }, { what: 'the form of the provider', lookMs: 5_000 })
    await fillIn(tab, 'mira@example.test')
    return until(async () => (await sidNow()) ?? (await refused()), { what: 'the way back from the provider' })
  })
  const sid = await signIn()
  if (events.every((event) => event.type !== 'signed-in' || event.sid !== sid)) throw new Error(`the sign-in failed: ${sid}`)

  return {
    origin, sid, tab, open,
    signIn,
    suffer: (fault, rule = {}) => proxy.add({ ...rule, from: origin, fault }),
    cut: () => proxy.cut(origin),
    ping: ({ tab: from = tab, patienceMs, path = '/api/ping' } = {}) =>
      inPage(from, async (url, patience) => {
        const begun = performance.now()
        const call = shop.session.fetch(url, patience === undefined ? {} : { signal: AbortSignal.timeout(patience) })
        const outcome = await call.then(
          (answer) => ({ result: answer.status }),
          (error: { name: string; code?: unknown; details?: { retryAfterMs?: number } }) => ({
            result: error.name === 'SessionError' ? String(error.code) : error.name,
            ...(error.details?.retryAfterMs !== undefined && { retryAfterMs: error.details.retryAfterMs }),
          }),
        )
        return { ...outcome, ms: performance.now() - begun }
      }, `${authority.issuer}${path}`, patienceMs),
    confirm: (from = tab) =>
      inPage(from, async () => {
        const begun = performance.now()
        const result = await shop.session.confirm().then(String, (error: { name: string; code?: unknown }) => String(error.code ?? error.name))
        return { result, ms: performance.now() - begun }
      }),
    assertFresh: () =>
      inPage(tab, async () => {
        const begun = performance.now()
        const result = await shop.session.assertFresh({ withinMs: 1 }).then(() => 'fresh', (error: { name: string; code?: unknown }) => String(error.code ?? error.name))
        return { result, ms: performance.now() - begun }
      }),
    keep: () =>
      inPage(tab, async () => {
        const library = (await (await shop.session.fetch(`${shop.issuer}/api/library`)).json()) as { id: string; file: string }[]
        await shop.downloads.save('kept', `${shop.issuer}${library[0]!.file}`)
        await shop.checkout.write({ street: 'Canary Lane 7' })
      }),
    kept: () =>
      inPage(tab, async () => {
        const file = await shop.downloads.open('kept')
        const download = file ? (await (await file.response()).arrayBuffer()).byteLength : 0
        return { download, draft: await shop.checkout.read() }
      }),
    status: (from = tab) => inPage(from, () => shop.session.state.status),
    spend: () => spendToken(tab),
    generation: () => readGeneration(tab),
    refreshes: () => events.flatMap((event) => (event.type === 'refresh' && event.sid === sid ? [event.outcome] : [])),
    storage: () => readStorage(tab),
    async close() {
      for (const one of tabs) await one.close().catch(() => undefined)
    },
  }
}

/** The generation of whoever is signed in, read without the SDK; -1 when nobody is. */
function readGeneration(tab: Tab): Promise<number> {
  return inPage(tab, async () => {
    const request = indexedDB.open('3dimli.shop')
    await new Promise((resolve) => (request.onsuccess = resolve))
    const row = request.result.transaction('record').objectStore('record').get('session')
    await new Promise((resolve) => (row.onsuccess = resolve))
    request.result.close()
    const { generation, live } = row.result as { generation: number; live?: unknown }
    return live ? generation : -1
  })
}
