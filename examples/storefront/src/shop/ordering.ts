/** The order being filled in: its draft, kept as it is typed, and what became of it once it was sent. */
import { signal, type ReadonlySignal } from '@preact/signals'
import { isSessionError, type Session } from '@3dimli/session'
import type { Checkout, OrderCall } from '@3dimli/session/checkout'
import { HttpError } from '../words/failures.ts'
import type { Stock } from './stock.ts'

/** Where the invoice goes. */
export interface Address {
  readonly name: string
  readonly street: string
  readonly postcode: string
  readonly city: string
  readonly country: string
}

/** What is kept while it is typed. */
export interface Draft {
  readonly address: Address
  readonly items: readonly string[]
}

/** An order the marketplace has taken. */
export interface Order {
  readonly id: string
  readonly items: readonly { readonly id: string; readonly title: string; readonly price: number }[]
  readonly total: number
  readonly currency: string
}

/** Where the order stands. */
export type Progress =
  | { readonly step: 'filling-in' }
  | { readonly step: 'sending' }
  /** It was sent and no answer came. */
  | { readonly step: 'unsure' }
  | { readonly step: 'asking' }
  | { readonly step: 'received'; readonly order: Order; readonly recovered: boolean }
  | { readonly step: 'not-received' }

/** The order of this page. */
export interface Ordering {
  readonly address: ReadonlySignal<Address>
  /** `written` once everything typed so far is on this device. */
  readonly keeping: ReadonlySignal<'nothing' | 'writing' | 'written' | 'failed'>
  readonly progress: ReadonlySignal<Progress>
  /** Brings back the draft, and asks about an order whose answer never came. */
  open(): Promise<void>
  type(field: keyof Address, value: string): void
  send(): Promise<void>
  recover(): Promise<void>
  again(): void
}

/** What there is to know of an order whose answer was not seen. */
const steps = { 'nothing-sent': 'filling-in', pending: 'unsure', 'not-received': 'not-received' } as const
const againMs = 10_000

const empty: Address = { name: '', street: '', postcode: '', city: '', country: '' }

/** Makes the ordering. */
export function createOrdering(session: Session, checkout: Checkout<Draft, Order>, stock: Stock): Ordering {
  const address = signal(empty)
  const keeping = signal<'nothing' | 'writing' | 'written' | 'failed'>('nothing')
  const progress = signal<Progress>({ step: 'filling-in' })
  /** What was typed here, which is newer than any draft that is read. */
  let typed: Partial<Address> = {}
  let reading: Promise<void> | undefined
  let writing: Promise<void> | undefined
  let dirty = false
  let again: ReturnType<typeof setTimeout> | undefined

  session.register(() => {
    address.value = empty
    keeping.value = 'nothing'
    progress.value = { step: 'filling-in' }
    typed = {}
    dirty = false
    reading = undefined
    clearTimeout(again)
  }, { name: 'order being filled in' })

  const draft = (): Draft => ({ address: address.value, items: stock.cart.data.value?.items.map(({ id }) => id) ?? [] })

  /** Brings back the draft. */
  const bringBack = async (): Promise<void> => {
    const kept = await checkout.read()
    if (!kept) return
    address.value = { ...kept.address, ...typed }
    // What was read is older than what is being written, or could not be.
    if (!writing && keeping.value !== 'failed') keeping.value = 'written'
  }

  /** One write at a time, and none over a draft that was not read; what is typed meanwhile is written after it. */
  const write = async (): Promise<void> => {
    await (reading ??= bringBack()).catch(() => undefined)
    while (dirty) {
      dirty = false
      keeping.value = 'writing'
      try {
        await checkout.write(draft())
        if (!dirty) keeping.value = 'written'
      } catch {
        // Not when all was forgotten meanwhile.
        if (Object.keys(typed).length > 0) keeping.value = 'failed'
      }
    }
  }

  const received = async (order: Order, recovered: boolean): Promise<void> => {
    progress.value = { step: 'received', order, recovered }
    address.value = empty
    typed = {}
    keeping.value = 'nothing'
    await Promise.all([stock.cart.load(), stock.library.load()])
  }

  const recover = async (): Promise<void> => {
    const before = progress.value
    const asking: Progress = { step: 'asking' }
    progress.value = asking
    try {
      const recovery = await checkout.recover()
      if (recovery.status === 'found') await received(recovery.order, true)
      else if (progress.value === asking) progress.value = { step: steps[recovery.status] }
    } catch (error) {
      if (progress.value === asking) progress.value = before.step === 'filling-in' ? before : { step: 'unsure' }
      throw error
    } finally {
      clearTimeout(again)
      if (progress.value.step === 'unsure') again = setTimeout(() => void recover().catch(() => undefined), againMs)
    }
  }

  return {
    address, keeping, progress, recover,
    async open() {
      if (progress.value.step !== 'filling-in') return
      await (reading = bringBack())
      await recover()
    },
    type(field, value) {
      typed = { ...typed, [field]: value }
      address.value = { ...address.value, ...typed }
      dirty = true
      writing ??= write().finally(() => (writing = undefined))
    },
    async send() {
      progress.value = { step: 'sending' }
      await writing
      try {
        await received(await checkout.submit(draft()), false)
      } catch (error) {
        // A refusal is an answer, and without proof of the session nothing was sent; any other silence leaves open whether the order arrived.
        const refused = error instanceof HttpError && error.status < 500
        if (refused) await checkout.recover().catch(() => undefined)
        const open = !refused && !isSessionError(error, 'not-fresh')
        if (open) again = setTimeout(() => void recover().catch(() => undefined), againMs)
        progress.value = { step: open ? 'unsure' : 'filling-in' }
        if (!open) throw error
      }
    },
    again: () => (progress.value = { step: 'filling-in' }),
  }
}

/** Sends an order. Its key makes sending it twice buy once. */
export function placeOrder(api: string) {
  return async (draft: Draft, { fetch, idempotencyKey }: OrderCall): Promise<Order> => {
    const response = await fetch(`${api}/api/orders`, {
      method: 'POST',
      body: JSON.stringify(draft),
      headers: { 'content-type': 'application/json', 'idempotency-key': idempotencyKey },
    })
    if (!response.ok) throw new HttpError(response.status)
    return (await response.json()) as Order
  }
}

/** Finds an order by its key. */
export function findOrder(api: string) {
  return async ({ fetch, idempotencyKey }: OrderCall): Promise<Order | undefined> => {
    const response = await fetch(`${api}/api/orders?idempotency_key=${encodeURIComponent(idempotencyKey)}`)
    if (!response.ok) throw new HttpError(response.status)
    return ((await response.json()) as Order[])[0]
  }
}
