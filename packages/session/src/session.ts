/** The session object an application holds: creating it does nothing, `start()` does. */
import { readAdopted } from './adopt.ts'
import { asCalled, onceRunning } from './call.ts'
import { quietLeft } from './changes.ts'
import { detectionOf } from './detection.ts'
import type { Ended } from './ending.ts'
import type { PurgeReport, SessionEnd, Target } from './end.ts'
import { SessionError, isSessionError } from './errors.ts'
import { feature, type Captured, type FeatureAccess } from './feature.ts'
import { createForgetting } from './forget.ts'
import { leaseBounds } from './lease.ts'
import { createListeners } from './listeners.ts'
import { readNarrow } from './narrow.ts'
import { readOptions, type SessionOptions } from './options.ts'
import { createRuntime, type Runtime } from './runtime.ts'
import type { Session, SignedOut, Started } from './shape.ts'
import type { SessionState } from './state.ts'
import { readTarget } from './target.ts'
import { unlessAborted } from './time.ts'
import { silentMs } from './stream.ts'

/**
 * Makes a session; nothing happens before `start()`.
 *
 * Throws a `TypeError` that names a wrong option.
 *
 * @example
 * ```ts
 * import { createSession } from '@3dimli/session'
 * import { oauth } from '@3dimli/session/authorities/oauth'
 * import { browser } from '@3dimli/session/browser'
 *
 * const session = createSession({
 *   authority: oauth({ issuer: 'https://id.example.com', clientId: 'storefront', redirectUri: 'https://shop.example.com/', scope: 'openid offline_access' }),
 *   platform: browser({ name: 'storefront' }),
 *   origins: ['https://api.example.com'],
 * })
 * session.onEnd((end) => console.log(end.cause))
 * await session.start()
 * ```
 */
export function createSession(given: SessionOptions): Session {
  const options = readOptions(given)
  const listeners = createListeners<[SessionState]>()
  const endListeners = createListeners<[SessionEnd, PurgeReport]>()
  const forgetting = createForgetting()
  const targets: Target[] = []
  let runtime: Runtime | undefined
  let started: Promise<Started> | undefined
  let awaited = Promise.withResolvers<Runtime>()
  let stopped = false
  let stopping = new AbortController()

  /** Calls before `start()` wait for it; after `stop()` nothing says that there will be another. */
  const running = (): Promise<Runtime> => {
    if (runtime) return Promise.resolve(runtime)
    return stopped ? Promise.reject(new SessionError('fenced', { reason: 'restoring' })) : awaited.promise
  }

  const open = async (): Promise<Started> => {
    const own = createRuntime({
      options, forgetting, targets: () => targets,
      changed: (state) => listeners.tell(state),
      ended: ({ end, report }: Ended) => endListeners.tell(end, report),
    })
    runtime = own
    awaited.resolve(own)
    await own.restore()
    if (runtime !== own) return {}
    try {
      const answer = await own.connection.complete(AbortSignal.timeout(30_000))
      if (!answer || runtime !== own) return {}
      await own.begin(answer.grant)
      return answer.returnTo === undefined ? {} : { returnTo: answer.returnTo }
    } catch (error) {
      return { signInError: isSessionError(error) ? error : new SessionError('sign-in-failed', { error: 'unknown' }) }
    }
  }

  const signedOut = async (own: Runtime, { report, written }: Ended): Promise<SignedOut> => ({ purge: report, remote: written ? await own.outbox.flush() : 'queued' })

  const access: FeatureAccess = {
    name: options.platform.name,
    now: () => runtime?.time.now() ?? Date.now(),
    random: (length) => globalThis.crypto.getRandomValues(new Uint8Array(length)),
    capture: async (signal, kind) => (await running()).gate.capture(signal, kind),
    async pass(captured, signal) {
      const row = await (await running()).gate.pass(captured, signal)
      return { issuer: row.live.issuer, subject: row.live.subject, contentId: row.live.content.id }
    },
    async content(captured, signal) {
      const own = await running()
      await own.gate.pass(captured, signal)
      await own.settled()
      const content = await own.record.content(captured.epochId)
      await own.gate.opened(captured, signal)
      if (content) return content
      throw new SessionError('storage', { operation: 'read' })
    },
    async protect(more) {
      await (await running()).life.protect(more)
    },
    onForget: forgetting.add,
    // A request is a request, whatever it is made for.
    async fetch(input, init, { epochId, signal, sending }: Captured) {
      const call = asCalled(input, init)
      return (await running()).requests.fetch(...call, { epochId, signal, ...(sending && { sending }) })
    },
    trusted: (url) => runtime?.requests.trusted(url) ?? false,
    resolve: (url) => new URL(url, runtime?.ports.address.current()?.href),
    fetchOpenly: async (request, signal) => (await running()).ports.fetch(request, signal),
  }

  const register = ((subject: Target | (() => unknown), details?: { readonly name?: string }) => {
    if (typeof subject === 'function') return forgetting.add(details?.name ?? (subject.name || 'function'), subject)
    const target = readTarget(subject)
    if (!targets.some((known) => JSON.stringify(known) === JSON.stringify(target))) targets.push(target)
    return runtime ? runtime.life.protect([target]) : Promise.resolve()
  }) as Session['register']

  return {
    [feature]: access,
    get state() {
      return runtime?.life.state() ?? { status: 'restoring' }
    },
    get detection() {
      const row = runtime?.record.view()
      return detectionOf({
        tokens: row?.live?.tokens, feed: runtime !== undefined && runtime.watch.feed() !== 'closed', asks: runtime?.watch.asks() ?? false, listMs: runtime?.watch.listMs(),
        silentMs, pollMs: options.pollMs, quietMs: runtime ? quietLeft(row, runtime.time.now()) : 0, lease: leaseBounds(options.lease, row, runtime?.time),
      })
    },
    start() {
      stopped = false
      started ??= open().catch((error: unknown) => {
        started = undefined
        throw error
      })
      return started
    },
    stop() {
      if (runtime) {
        stopped = true
        awaited = Promise.withResolvers()
      }
      runtime?.stop()
      runtime = started = undefined
      stopping.abort(new SessionError('fenced', { reason: 'restoring' }))
      stopping = new AbortController()
    },
    subscribe: listeners.add,
    onEnd: endListeners.add,
    register,

    async signIn(signInOptions = {}) {
      const given = signInOptions.signal
      if (given !== undefined && !(given instanceof AbortSignal)) throw new TypeError('"signal" must be an AbortSignal')
      const own = await unlessAborted(running(), given)
      const signal = AbortSignal.any([stopping.signal, ...(given ? [given] : [])])
      const leave = own.ports.stay?.()
      try {
        // An older token revoked after the new sign-in could take its grant with it.
        await own.outbox.flush()
        const row = own.record.view()
        await own.connection.signIn({ ...signInOptions, signal }, row?.end !== undefined || row?.live !== undefined, async (grant) => {
          signal.throwIfAborted()
          await own.begin(grant)
        })
      } finally {
        leave?.()
      }
    },

    async adopt(tokens) {
      const own = await running()
      await own.begin(await readAdopted(tokens, options.authority.issuer, own.time.now(), own.ports.keys))
    },

    async signOut() {
      const own = await running()
      await own.gate.capture().catch((error: unknown) => {
        if (isSessionError(error, 'fenced')) throw error
      })
      const { phase, session: info, end } = own.life.machine()
      // An end that is not written yet is the one to be written, whoever began it.
      if (info && end && phase === 'ending') return signedOut(own, await own.end(info, end.cause, end))
      if (!info || phase !== 'active') {
        // Nobody can be read there, but a record that is damaged may still hold tokens: it is written anew.
        await own.record.change((row) => ({ row, result: undefined }), 'strict').catch(() => undefined)
        return { remote: await own.outbox.flush() }
      }
      return signedOut(own, await own.end(info, 'signed-out', { by: 'user', disposition: 'wipe' }))
    },

    ...onceRunning(running, (own) => own.requests),

    narrow(narrowOptions) {
      const narrow = readNarrow(narrowOptions)
      return onceRunning(running, (own) => own.narrow(narrow))
    },

    async confirm() {
      const own = await running()
      const captured = await own.gate.capture()
      return own.revocation.confirm(captured.epochId)
    },

    async assertFresh({ withinMs }) {
      if (typeof withinMs !== 'number' || !(withinMs >= 0)) throw new TypeError('"withinMs" must be a number of milliseconds')
      const own = await running()
      const captured = await own.gate.capture()
      const row = await own.gate.pass(captured)
      if (row.provenAt !== undefined && own.time.now() - row.provenAt <= withinMs) return
      // A question that is long on its way says how things stood when it was asked.
      const confirmation = await own.revocation.confirm(captured.epochId, true)
      await own.gate.pass(captured)
      if (confirmation !== 'alive') throw new SessionError('not-fresh', {})
    },

    cover(element) {
      if (!runtime) throw new TypeError('cover() works after start()')
      return runtime.ports.cover.add(element)
    },

    diagnostics() {
      const row = runtime?.record.view()
      return {
        store: runtime?.ports.store.kind ?? 'closed',
        persistent: runtime?.ports.store.persistent() ?? false,
        degraded: runtime?.ports.degraded() ?? [],
        feed: runtime?.watch.feed() ?? 'closed',
        ignored: runtime?.ignored() ?? { malformed: 0, foreign: 0 },
        waitingToRevoke: row?.outbox.length ?? 0,
        locked: row?.vault.length ?? 0,
        openJournals: row?.journals.length ?? 0,
        ...(row?.report && { lastPurge: row.report }),
        trace: runtime?.trace.entries() ?? [],
      }
    },
  }
}
