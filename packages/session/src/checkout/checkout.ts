/** Keeps a draft while the session lives, submits it once, and finds what was submitted when the answer was lost. */
import { SessionError, isSessionError } from '../errors.ts'
import { feature, type Captured, type Owner } from '../feature.ts'
import type { Session } from '../shape.ts'
import { databases, openDesk, type Submitted } from './desk.ts'

/** A key that was looked at longer ago, since its tab slept, is looked at again before the order is sent. */
const sentWithinMs = 10_000
/** An order that the server does not have this long after it was sent will not arrive any more. */
const arrivesWithinMs = 60_000
const names: ReadonlySet<string> = new Set(['submit', 'find', 'freshWithinMs'])

/** What a request of a checkout is made with. */
export interface OrderCall {
  /** Names this order; to be sent as `Idempotency-Key`, so that sending it twice buys once. */
  readonly idempotencyKey: string
  /**
   * `session.fetch` of the session the call belongs to.
   *
   * In `submit` it looks at the order's key each time before it sends, and rejects with {@link SessionError} `order-pending` when another tab has settled the order meanwhile: nothing more is sent by this call.
   * An order that is sent by other means is bought twice if its tab sleeps for a minute before it sends.
   */
  readonly fetch: (input: RequestInfo | URL, init?: RequestInit) => Promise<Response>
  /** Aborts when the session ends. */
  readonly signal: AbortSignal
  /** Says that the server refused this order for good, so that another one may be sent; to be called before throwing. */
  readonly refused: () => void
}

/** Options of `createCheckout()`. */
export interface CheckoutOptions<Draft, Order> {
  /** Sends the order. Whatever it throws leaves the order recoverable. */
  readonly submit: (draft: Draft, call: OrderCall) => Promise<Order>
  /** Asks the server for the order with this key; `undefined` when it has none. */
  readonly find: (call: OrderCall) => Promise<Order | undefined>
  /** How recent the proof that the session lives must be before an order is sent, ms. @default 30 seconds */
  readonly freshWithinMs?: number
}

/** What became of an order that was sent before. */
export type Recovery<Order> =
  | { readonly status: 'nothing-sent' }
  | { readonly status: 'found'; readonly order: Order; readonly submittedAt: number }
  /** The server does not have it, but it was last sent less than a minute ago and may still arrive; ask again. */
  | { readonly status: 'pending'; readonly submittedAt: number }
  | { readonly status: 'not-received'; readonly submittedAt: number }

/** The checkout of a session. */
export interface Checkout<Draft, Order> {
  read(): Promise<Draft | undefined>
  /** Keeps a draft, encrypted; it must be plain JSON data. */
  write(draft: Draft): Promise<void>
  clear(): Promise<void>
  /**
   * Sends the draft as an order: asks the server first whether the session still lives, and keeps the order's key until an answer was seen.
   *
   * The same draft may be submitted again after a failure and is bought once; another one is refused while the first is not settled.
   *
   * Rejects with {@link SessionError} `order-pending` when another order is not settled, or when this one was settled by another tab before it was sent; with `not-fresh` and those of `session.fetch`; and with whatever `submit` throws.
   */
  submit(draft: Draft): Promise<Order>
  /** Asks the server what became of an order whose answer was not seen; also after the same person signed in again. */
  recover(): Promise<Recovery<Order>>
}

/**
 * Makes the checkout of a session; to be called before `session.start()`, or any time after.
 *
 * @example
 * ```ts
 * import type { Session } from '@3dimli/session'
 * import { createCheckout } from '@3dimli/session/checkout'
 * declare const session: Session
 *
 * const checkout = createCheckout<{ items: string[] }, { id: string }>(session, {
 *   submit: async (draft, { fetch, idempotencyKey }) => {
 *     const answer = await fetch('/api/orders', { method: 'POST', body: JSON.stringify(draft), headers: { 'idempotency-key': idempotencyKey } })
 *     if (!answer.ok) throw new Error('The order was not taken.')
 *     return answer.json()
 *   },
 *   find: async ({ fetch, idempotencyKey }) => (await (await fetch(`/api/orders?idempotency_key=${idempotencyKey}`)).json())[0],
 * })
 * await checkout.write({ items: ['chair'] })
 * ```
 */
export function createCheckout<Draft, Order>(session: Session, options: CheckoutOptions<Draft, Order>): Checkout<Draft, Order> {
  for (const name of ['submit', 'find'] as const) {
    if (typeof options?.[name] !== 'function') throw new TypeError(`"${name}" must be a function`)
  }
  for (const name of Object.keys(options)) if (!names.has(name)) throw new TypeError(`"${name}" is not an option of createCheckout()`)
  const freshWithinMs = options.freshWithinMs ?? 30_000
  if (typeof freshWithinMs !== 'number' || !(freshWithinMs >= 0)) throw new TypeError('"freshWithinMs" must be a number of milliseconds')
  const access = session[feature]
  const desk = openDesk(access.name)
  const target = { kind: 'indexeddb', database: databases(access.name).drafts, prefix: '{content}:' } as const
  session.register(target).catch(() => undefined)

  const capture = (): Promise<Captured> => access.capture(undefined, 'checkout')
  /** What this page submitted last without seeing an answer; in memory only, since a draft must not outlive its session. */
  let last: { readonly content: string; readonly idempotencyKey: string } | undefined
  access.onForget('checkout', () => {
    last = undefined
  })
  const settle = async (owner: Owner, idempotencyKey: string, submittedAt?: number): Promise<Submitted | undefined> => {
    const standing = await desk.settle(owner, idempotencyKey, submittedAt)
    if (last?.idempotencyKey === idempotencyKey && standing?.idempotencyKey !== idempotencyKey) last = undefined
    return standing
  }
  /** Another tab may have taken the order for lost while this one slept, and bought. */
  const renew = async (owner: Owner, idempotencyKey: string): Promise<() => boolean> => {
    const submittedAt = access.now()
    const standing = await desk.renew(owner, idempotencyKey, submittedAt)
    if (standing?.idempotencyKey !== idempotencyKey) throw new SessionError('order-pending', { submittedAt: standing?.submittedAt ?? submittedAt })
    return () => access.now() - submittedAt < sentWithinMs
  }
  const uuid = (): string => crypto.randomUUID()

  return {
    async read() {
      const captured = await capture()
      const draft = await desk.readDraft(await access.content(captured))
      await access.pass(captured)
      return draft as Draft | undefined
    },

    async write(draft) {
      const captured = await capture()
      await access.protect([target])
      const content = await access.content(captured)
      await desk.writeDraft(content, draft, access.random(16))
      // A write that was overtaken by an end lies under a name nobody reads; take it away at once all the same.
      await access.pass(captured).catch(async (error: unknown) => {
        // Behind a fence it is still the session's own: time erases nothing.
        if (!isSessionError(error, 'fenced')) await desk.clearDraft(content.id)
        throw error
      })
    },

    async clear() {
      const captured = await capture()
      await desk.clearDraft((await access.pass(captured)).contentId)
    },

    async submit(draft) {
      const captured = await capture()
      await session.assertFresh({ withinMs: freshWithinMs })
      const owner = await access.pass(captured)
      const content = JSON.stringify(draft)
      const idempotencyKey = last?.content === content ? last.idempotencyKey : uuid()
      const standing = await desk.submit(owner, idempotencyKey, access.now())
      if (standing.idempotencyKey !== idempotencyKey) throw new SessionError('order-pending', { submittedAt: standing.submittedAt })
      // An end that came meanwhile has forgotten the last draft; this one is not to be remembered after it.
      captured.signal.throwIfAborted()
      last = { content, idempotencyKey }
      let refused = false
      try {
        const order = await options.submit(draft, {
          idempotencyKey, signal: captured.signal, fetch: (input, init) => access.fetch(input, init, { ...captured, sending: () => renew(owner, idempotencyKey) }),
          refused: () => {
            refused = true
          },
        })
        await settle(owner, idempotencyKey)
        await desk.clearDraft(owner.contentId)
        return order
      } catch (error) {
        if (refused) await settle(owner, idempotencyKey)
        throw error
      }
    },

    async recover() {
      const captured = await capture()
      const owner = await access.pass(captured)
      const submitted = await desk.submitted(owner)
      if (!submitted) return { status: 'nothing-sent' }
      const { idempotencyKey, submittedAt } = submitted
      // What the server does not have is judged by when it was asked, not by when it answered.
      const ageMs = access.now() - submittedAt
      const order = await options.find({ idempotencyKey, signal: captured.signal, fetch: (input, init) => access.fetch(input, init, captured), refused: () => {} })
      if (order === undefined) {
        if (ageMs < arrivesWithinMs) return { status: 'pending', submittedAt }
        const standing = await settle(owner, idempotencyKey, submittedAt)
        return standing?.idempotencyKey === idempotencyKey ? { status: 'pending', submittedAt: standing.submittedAt } : { status: 'not-received', submittedAt }
      }
      await settle(owner, idempotencyKey)
      await desk.clearDraft(owner.contentId)
      return { status: 'found', order, submittedAt }
    },
  }
}
